"""Mail out."""

import socket
import threading
from pathlib import Path

import pytest

from privacy_svc.errors import Misconfigured
from privacy_svc.mail import Letter, Mailer, MailUnavailable
from privacy_svc.settings import Settings

LETTER = Letter("Hello", "First line\n.a line with a dot, and ümlauts\n")


class SmtpServer(threading.Thread):
    """Speaks just enough SMTP (RFC 5321) to take one message; `refuse` answers RCPT with 550."""

    def __init__(self, *, refuse: bool = False) -> None:
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.refuse, self.message, self.commands = refuse, b"", list[bytes]()

    def run(self) -> None:
        connection, _ = self.socket.accept()
        with connection, connection.makefile("rwb") as stream:
            self._say(stream, b"220 hello")
            while line := stream.readline():
                self.commands.append(line.strip())
                word = line[:4].upper()
                if word == b"DATA":
                    self._say(stream, b"354 go on")
                    while (part := stream.readline()) != b".\r\n":
                        self.message += part.removeprefix(b".")
                answer = b"550 no such user" if word == b"RCPT" and self.refuse else b"250 ok"
                self._say(stream, b"221 bye" if word == b"QUIT" else answer)
        self.socket.close()

    @staticmethod
    def _say(stream: object, line: bytes) -> None:
        stream.write(line + b"\r\n")  # type: ignore[attr-defined]
        stream.flush()  # type: ignore[attr-defined]


def test_by_smtp(tmp_path: Path) -> None:
    """A configured server gets the message with both addresses."""
    server = SmtpServer()
    server.start()
    mailer = Mailer(Settings(home=tmp_path, smtp_url=f"smtp://127.0.0.1:{server.port}", mail_from="us@acme.example"))
    mailer.send("ana@mail.example", LETTER)
    server.join(5)
    assert b"To: ana@mail.example" in server.message
    assert b"From: us@acme.example" in server.message
    assert b"ana" not in b"".join(server.commands).replace(b"RCPT TO:<ana@mail.example>", b"").replace(
        b"rcpt TO:<ana@mail.example>", b""
    )


def test_errors_do_not_repeat_the_address(tmp_path: Path) -> None:
    """A server that refuses, is away or would get the password in clear is an error without personal data."""
    server = SmtpServer(refuse=True)
    server.start()
    mailer = Mailer(Settings(home=tmp_path, smtp_url=f"smtp://127.0.0.1:{server.port}"))
    with pytest.raises(MailUnavailable) as refused:
        mailer.send("ana@mail.example", LETTER)
    assert "ana" not in str(refused.value)
    assert refused.value.__cause__ is None
    server.join(5)
    with pytest.raises(MailUnavailable):
        mailer.send("ana@mail.example", LETTER)
    open_server = SmtpServer()
    open_server.start()
    with pytest.raises(MailUnavailable, match="TLS"):
        Mailer(Settings(home=tmp_path, smtp_url=f"smtp://u:secret@127.0.0.1:{open_server.port}")).send(
            "a@b.example", LETTER
        )
    open_server.join(5)
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
