"""One call, with the address judged at the moment of connecting."""

import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpcore

from privacy_svc.errors import Unavailable
from privacy_svc.outbound.addresses import Address, Networks, may_call, resolve
from privacy_svc.outbound.urls import host_of, url_fault

SECONDS = 10.0
"""For the whole call, however slowly the other side speaks."""
MOST_BYTES = 65_536


class Unreachable(Unavailable):
    """`reason` is one of our own words; nothing that the other side said is in the message."""

    slug, title = "unreachable", "Another party's address cannot be called"
    remedy = "Mend the address, or allow it with the setting `outbound_allow` where it lies in your own network."

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` by their names in small letters. Neither they nor the body appear in `repr`."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Outbound:
    """`allowed`: networks that may be called although they are private."""

    def __init__(self, allowed: Networks = ()) -> None:
        self.allowed = allowed

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        seconds: float = SECONDS,
        most_bytes: int = MOST_BYTES,
    ) -> Answer:
        """The answer, whatever its status; a redirect is an answer like any other. Raises Unreachable."""
        if fault := url_fault(url):
            raise Unreachable("bad_url", f"The address {fault}.")
        backend = _Backend(self.allowed, time.monotonic() + seconds)
        sent = {"User-Agent": "privacy-svc", "Accept": "application/json", **(headers or {})}
        try:
            with (
                httpcore.ConnectionPool(ssl_context=ssl.create_default_context(), network_backend=backend) as pool,
                pool.stream(method, url, headers=list(sent.items()), content=body) as response,
            ):
                return Answer(response.status, _headers(response.headers), _read(response.iter_stream(), most_bytes))
        except (httpcore.TimeoutException, TimeoutError):
            raise Unreachable("timeout", f"{host_of(url)} did not answer in time.") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, UnicodeError) as error:
            raise Unreachable("no_connection", f"{host_of(url)}: {type(error).__name__}.") from None


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}


def _read(parts: Iterable[bytes], most_bytes: int) -> bytes:
    found = bytearray()
    for part in parts:
        found += part
        if len(found) > most_bytes:
            raise Unreachable("too_large", f"The answer has more than {most_bytes:,} bytes.")
    return bytes(found)


class _Backend(httpcore.NetworkBackend):
    """Resolves once, judges every address, connects to one that was judged: no second look-up can say another."""

    def __init__(self, allowed: Networks, deadline: float) -> None:
        self._allowed, self._deadline, self._system = allowed, deadline, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the call's own deadline holds
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        failed: Exception | None = None
        for address in self._judged(host.strip("[]"), port):
            try:
                left = _left(self._deadline)
                stream = self._system.connect_tcp(str(address), port, left, local_address, socket_options)
                return _Stream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed or httpcore.ConnectError("no address")

    def _judged(self, host: str, port: int) -> list[Address]:
        """One bad address among good ones is enough: which one a caller gets is for the name's owner to choose."""
        found = resolve(host, port)
        if not all(may_call(address, self._allowed) for address in found):
            raise Unreachable("private_address", f"{host} is an address in a network that may not be called.")
        return found


class _Stream(httpcore.NetworkStream):
    """A connection whose every wait ends with the call's time."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - see connect_tcp
        return self._inner.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - see connect_tcp
        self._inner.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - see connect_tcp
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left(self._deadline)), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.TimeoutException("the call's time is over")
    return left
