"""Calls to others reach only whom they may, and end."""

import ipaddress
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest

from privacy_svc.errors import Misconfigured
from privacy_svc.outbound import LOOPBACK, Outbound, Unreachable, networks, url_fault
from privacy_svc.outbound.addresses import may_call
from tests.certificates import Authority
from tests.listening import Said, listening

NEAR = Outbound(LOOPBACK)
REFUSED = (
    "127.0.0.1 127.9.9.9 0.0.0.0 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 100.100.100.200 "
    "192.0.0.192 168.63.129.16 224.0.0.1 255.255.255.255 240.0.0.1 ::1 :: fe80::1 fc00::1 fd00:ec2::254 ff02::1 "
    "::ffff:127.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 2002:7f00:1:: 2002:a9fe:a9fe::"
)


@pytest.mark.parametrize("address", REFUSED.split())
def test_no_way_into_our_own_network(address: str) -> None:
    """Private, link-local and metadata addresses are refused, also dressed as IPv6."""
    assert not may_call(ipaddress.ip_address(address), ())


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07::1", "::ffff:8.8.8.8"])
def test_public_addresses_may_be_called(address: str) -> None:
    """Others' servers are where they always are."""
    assert may_call(ipaddress.ip_address(address), ())


def test_what_the_operator_allows() -> None:
    """A network of the setting, and no more than it."""
    allowed = networks("10.1.0.0/16, 127.0.0.1")
    assert may_call(ipaddress.ip_address("10.1.2.3"), allowed)
    assert not may_call(ipaddress.ip_address("10.2.0.1"), allowed)
    with pytest.raises(Misconfigured, match="outbound_allow"):
        networks("10.1.0.1/16")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://localhost/",
        "http://127.0.0.1.example.com/",
        "ftp://example.com/",
        "https://user:secret@example.com/",
        "https:///path",
        "https://example.com/#there",
        "https://example.com:port/",
        "file:///etc/passwd",
        "https://exa\nmple.com/",
    ],
)
def test_urls_that_are_none(url: str) -> None:
    """Only https, and http to a loopback address; refused before any name is resolved."""
    assert url_fault(url)
    with pytest.raises(Unreachable) as refused:
        NEAR.call("GET", url)
    assert refused.value.reason == "bad_url"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "2130706433", "0x7f.1"])
def test_a_name_for_this_machine_is_refused(host: str) -> None:
    """By what it resolves to, before anything is connected."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        with pytest.raises(Unreachable) as refused:
            Outbound().call("GET", f"https://{host}:{server.getsockname()[1]}/")
        assert refused.value.reason == "private_address"
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_name_is_resolved_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The address that was judged is the one that is connected to: a second answer would lead elsewhere."""
    authority, answers = Authority(), ["127.0.0.1", "10.0.0.1"]
    tls = _serving(authority, tmp_path, "rebinding.test", monkeypatch)

    real = socket.getaddrinfo

    def rebinding(host: str, port: int, *more: Any, **names: Any) -> list[Any]:
        if host != "rebinding.test":
            return list(real(host, port, *more, **names))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with listening(Said(204, b""), tls) as server:
        port = int(server.url.rpartition(":")[2])
        assert NEAR.call("GET", f"https://rebinding.test:{port}/").status == 204
    assert answers == ["10.0.0.1"]
    assert server.heard[0].headers["host"] == f"rebinding.test:{port}"


def test_one_private_address_among_public_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuses the name: which of them is tried is for its owner to choose."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, 443)) for a in ("8.8.8.8", "169.254.169.254")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(Unreachable) as refused:
        Outbound().call("GET", "https://both.example/")
    assert refused.value.reason == "private_address"


def test_a_certificate_for_another_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """TLS is checked for the name that was asked for; one of an authority that nobody trusts is refused too."""
    tls = _serving(Authority(), tmp_path, "other.test", monkeypatch)
    with listening(Said(), tls) as server:
        with pytest.raises(Unreachable) as refused:
            NEAR.call("GET", server.url)
        assert refused.value.reason == "no_connection"
    assert not server.heard


def test_a_redirect_is_an_answer() -> None:
    """It is not followed, wherever it leads."""
    with listening(Said(302, b"", {"Location": "http://169.254.169.254/latest/meta-data/"})) as server:
        assert NEAR.call("GET", server.url).status == 302
    assert len(server.heard) == 1


def test_an_answer_without_end() -> None:
    """Is cut off, and nothing of it is in the error."""
    with listening(Said(200, b"secret" * 1000)) as server, pytest.raises(Unreachable) as refused:
        NEAR.call("GET", server.url, most_bytes=1000)
    assert refused.value.reason == "too_large"
    assert "secret" not in str(refused.value)


def test_an_answer_drop_by_drop() -> None:
    """A header a tenth of a second does not keep a worker: the call has its time as a whole."""
    ended = threading.Event()

    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while not ended.wait(0.1):
                try:
                    connection.sendall(b"x-a: b\r\n")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,), daemon=True)
        thread.start()
        with pytest.raises(Unreachable) as refused:
            NEAR.call("GET", f"http://127.0.0.1:{server.getsockname()[1]}/", seconds=0.5)
        ended.set()
        thread.join()
    assert refused.value.reason == "timeout"


def test_what_a_call_sends() -> None:
    """Method, path, headers and body as given; no proxy of the environment is asked."""
    with listening(Said(201, b'{"a": 1}', {"X-There": "yes"})) as server:
        found = NEAR.call("POST", server.url + "/a?b=c", headers={"X-Here": "1"}, body=b"text")
    assert (found.status, found.body, found.headers["x-there"]) == (201, b'{"a": 1}', "yes")
    assert "yes" not in repr(found)
    [heard] = server.heard
    assert (heard.method, heard.path, heard.body, heard.headers["x-here"]) == ("POST", "/a?b=c", b"text", "1")


def _serving(authority: Authority, folder: Path, host: str, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    certificate, key = authority.issue(host).write(folder, "server")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.write(folder / "authority.pem")))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
