"""Mail out."""

from pathlib import Path

import pytest

from privacy_svc.errors import Misconfigured
from privacy_svc.mail import Letter, Mailer, MailUnavailable, sending
from privacy_svc.settings import Settings
from tests.smtp import SmtpServer

LETTER = Letter("Hello", "First line\n.a line with a dot, and ümlauts\n")


def test_by_smtp(tmp_path: Path) -> None:
    """A configured server gets the message with both addresses."""
    with SmtpServer() as server:
        mailer = Mailer(Settings(home=tmp_path, smtp_url=server.url, mail_from="us@acme.example"))
        mailer.send("ana@mail.example", LETTER)
    [message] = server.received
    assert b"To: ana@mail.example" in message
    assert b"From: us@acme.example" in message
    assert b"ana" not in b"".join(server.commands).replace(b"RCPT TO:<ana@mail.example>", b"").replace(
        b"rcpt TO:<ana@mail.example>", b""
    )


def test_errors_do_not_repeat_the_address(tmp_path: Path) -> None:
    """A server that refuses, is away or would get the password in clear is an error without personal data."""
    with SmtpServer(refuse=True) as server:
        mailer = Mailer(Settings(home=tmp_path, smtp_url=server.url))
        with pytest.raises(MailUnavailable) as refused:
            mailer.send("ana@mail.example", LETTER)
    assert "ana" not in str(refused.value)
    assert refused.value.__cause__ is None
    with pytest.raises(MailUnavailable):
        mailer.send("ana@mail.example", LETTER)
    with SmtpServer() as open_server:
        mailer = Mailer(Settings(home=tmp_path, smtp_url=open_server.url.replace("//", "//u:secret@")))
        with pytest.raises(MailUnavailable, match="TLS"):
            mailer.send("a@b.example", LETTER)
    assert not [c for c in open_server.commands if b"secret" in c or c.upper().startswith(b"AUTH")]


def test_outbox_is_the_operators(tmp_path: Path) -> None:
    """Without a server mails are files that nobody else can read."""
    Mailer(Settings(home=tmp_path)).send("ana@mail.example", LETTER)
    [path] = (tmp_path / "outbox").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_header_injection(tmp_path: Path) -> None:
    """An address with a line break is no address."""
    with pytest.raises(MailUnavailable):
        Mailer(Settings(home=tmp_path)).send("ana@mail.example\nBcc: all@mail.example", LETTER)


@pytest.mark.parametrize("url", ["http://mail", "smtp:///", "mail.example:25"])
def test_wrong_urls(tmp_path: Path, url: str) -> None:
    """What cannot be an SMTP URL is refused at the start, without repeating it."""
    with pytest.raises(Misconfigured) as error:
        Mailer(Settings(home=tmp_path, smtp_url=url))
    assert url not in str(error.value)


def test_list_unsubscribe_is_readable_on_the_wire(tmp_path: Path) -> None:
    """A long List-Unsubscribe goes out as it is, on one line (RFC 8058); other headers and the text as ever."""
    url = f"<https://privacy.acme.example/unsubscribe/{'0aZ-_' * 60}>"
    subject = "Bitte bestätigen Sie: " + "Überraschung für Freunde " * 8 + "!"
    letter = Letter(subject, "ü" * 300 + "\n", {"List-Unsubscribe": url, "List-Unsubscribe-Post": "One-Click"})
    with SmtpServer() as server:
        Mailer(Settings(home=tmp_path, smtp_url=server.url, mail_from="us@acme.example")).send("a@b.example", letter)
    Mailer(Settings(home=tmp_path)).send("a@b.example", letter)
    [path] = (tmp_path / "outbox").iterdir()
    for raw in (server.received[0], path.read_bytes()):
        assert f"\r\nList-Unsubscribe: {url}\r\n".encode() in raw
        assert [n for n in raw.split(b"\r\n") if len(n) > 78 and not n.startswith(b"List-Unsubscribe: ")] == []
    [message] = server.messages
    assert message["Subject"] == subject
    assert message.get_content().strip() == "ü" * 300


def test_a_letter_has_so_many_seconds_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many answers the server takes its time for, each within them."""
    monkeypatch.setattr(sending, "SECONDS", 1)
    with SmtpServer(pause=0.3) as server, pytest.raises(MailUnavailable):
        Mailer(Settings(home=tmp_path, smtp_url=server.url)).send("ana@mail.example", LETTER)
    assert server.received == []
