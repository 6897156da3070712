"""A mail server for tests: speaks as much SMTP (RFC 5321) as our sending needs, over a real socket."""

import email
import email.policy
import socket
import threading
import time
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any, Self


class SmtpServer(threading.Thread):
    """Takes messages until it is closed. `refuse`: answers RCPT with 550, or that to one address. `on_message` is
    called before the answer. Before each of its own it takes `pause` seconds."""

    def __init__(
        self,
        *,
        refuse: bool | str = False,
        on_message: Callable[[], None] = lambda: None,
        port: int = 0,
        pause: float = 0,
    ) -> None:
        super().__init__(daemon=True)
        self._listening = socket.create_server(("127.0.0.1", port))
        self.port = self._listening.getsockname()[1]
        self.refuse, self._on_message, self._pause = refuse, on_message, pause
        self.received = list[bytes]()
        self.commands = list[bytes]()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def messages(self) -> list[EmailMessage]:
        return [email.message_from_bytes(m, policy=email.policy.default) for m in self.received]  # type: ignore[misc]

    def to(self, address: str) -> list[EmailMessage]:
        return [m for m in self.messages if m["To"] == address]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.join(5)

    def run(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                self._serve(stream)

    def _serve(self, stream: Any) -> None:
        self._say(stream, b"220 hello")
        while line := stream.readline():
            self.commands.append(line.strip())
            word = line[:4].upper()
            if word == b"DATA":
                self._say(stream, b"354 go on")
                self.received.append(b"".join(p.removeprefix(b".") for p in iter(stream.readline, b".\r\n")))
                self._on_message()
            answer = b"550 no such user" if word == b"RCPT" and self._refuses(line) else b"250 ok"
            self._say(stream, b"221 bye" if word == b"QUIT" else answer)

    def _refuses(self, line: bytes) -> bool:
        return self.refuse is True or (isinstance(self.refuse, str) and self.refuse.encode() in line)

    def _say(self, stream: Any, line: bytes) -> None:
        time.sleep(self._pause)
        stream.write(line + b"\r\n")
        stream.flush()
