"""Mail out: by SMTP where it is configured, else as files in <home>/outbox that only the operator can read."""

import asyncio
import os
import smtplib
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from typing import Any
from urllib.parse import unquote, urlsplit

from privacy_svc.db import new_id
from privacy_svc.errors import Misconfigured, Unavailable
from privacy_svc.mail.letter import Letter
from privacy_svc.settings import Settings

OUTBOX = "outbox"
SECONDS = 15
"""Of one letter, whatever the server takes for each of its answers: somebody may wait for it."""
AT_ONCE = 4
"""Letters that go out after the answer. Where the mail server is slow the others wait for them, and no page does."""
LINE = 998
"""Most octets of a line (RFC 5322 §2.1.1)."""


class MailUnavailable(Unavailable):
    slug, title = "mail-unavailable", "The mail server does not take the message"


class MailRefused(MailUnavailable):
    """This letter is not taken, for its address or for what it says; others may be."""


class _InTime(smtplib.SMTP):
    """smtplib's own time-out is of each step."""

    def __init__(self, host: str, port: int, **more: Any) -> None:
        self._until = time.monotonic() + SECONDS
        super().__init__(host, port, timeout=SECONDS, **more)

    def getreply(self) -> tuple[int, bytes]:
        left = self._until - time.monotonic()
        if left <= 0 or self.sock is None:
            self.close()
            raise TimeoutError
        self.sock.settimeout(left)
        return super().getreply()


class _InTimeByTls(_InTime, smtplib.SMTP_SSL):
    pass


class _Whole(UnstructuredHeader, BaseHeader):
    """On one line: a URI that is folded or written as encoded words is none (RFC 2369 §2, RFC 8058 §3.1)."""

    def fold(self, *, policy: Policy) -> str:
        return super().fold(policy=policy.clone(max_line_length=LINE))


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _Whole)
_POLICY = SMTP.clone(header_factory=_HEADERS)


class Mailer:
    def __init__(self, settings: Settings) -> None:
        self._url = urlsplit(settings.smtp_url) if settings.smtp_url else None
        if self._url and (self._url.scheme not in {"smtp", "smtps"} or not self._url.hostname):
            raise Misconfigured(
                "smtp_url looks like smtp://user:password@host:port, or smtps:// for TLS from the start."
            )
        self._sender = settings.mail_from
        self._outbox = settings.home / OUTBOX
        self._threads = ThreadPoolExecutor(AT_ONCE, "mail")

    def __repr__(self) -> str:
        return f"Mailer({'smtp' if self._url else 'outbox'})"

    def send(self, address: str, letter: Letter) -> None:
        """Raises MailUnavailable, MailRefused; nothing of the address or text is in them."""
        message = EmailMessage(policy=_POLICY)
        try:
            message["From"], message["To"], message["Subject"] = self._sender, address, letter.subject
        except ValueError:
            raise MailRefused("The address on file is not one that mail can be sent to.") from None
        message["Auto-Submitted"] = "auto-generated"
        for name, value in letter.headers.items():
            message[name] = value
        message.set_content(letter.text)
        if self._url:
            self._by_smtp(message)
        else:
            self._to_outbox(message)

    async def later(self, task: Callable[..., None], *args: Any) -> None:
        """What sends a letter after the answer, in threads that serve nothing else."""
        await asyncio.get_running_loop().run_in_executor(self._threads, task, *args)

    def _by_smtp(self, message: EmailMessage) -> None:
        assert self._url is not None
        assert self._url.hostname is not None
        secure = self._url.scheme == "smtps"
        try:
            with self._connect(self._url.hostname, self._url.port or (465 if secure else 25), secure=secure) as server:
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            # The server's words may repeat the address.
            if _is_about_the_letter(error):
                raise MailRefused("The mail server refuses the message.") from None
            raise MailUnavailable("The mail server does not answer or refuses the message.") from None

    def _connect(self, host: str, port: int, *, secure: bool) -> smtplib.SMTP:
        assert self._url is not None
        context = ssl.create_default_context()
        if secure:
            server: smtplib.SMTP = _InTimeByTls(host, port, context=context)
        else:
            server = _InTime(host, port)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
            elif self._url.username:
                server.close()
                raise MailUnavailable("The mail server offers no TLS; the password is not sent in clear.")
        if self._url.username:
            server.login(unquote(self._url.username), unquote(self._url.password or ""))
        return server

    def _to_outbox(self, message: EmailMessage) -> None:
        self._outbox.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._outbox / f"{new_id()}.eml"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(message.as_bytes())


def _is_about_the_letter(error: Exception) -> bool:
    """421 is the server's own: it closes (RFC 5321 §3.8)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code != 421 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code != 421
