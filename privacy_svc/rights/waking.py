"""Waking workers: whoever commits an order rings, and the workers on this machine look at once.

A ring is a datagram without a word in it, to a socket of each worker's in the home folder. It may get lost, and workers
on other machines hear none: they poll.
"""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import structlog

_log = structlog.get_logger(__name__)
_END = b"end"


def ring(home: Path) -> None:
    """Never fails and never waits."""
    for ear in (home / "workers").glob("*.sock"):
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
            bell.setblocking(False)
            bell.sendto(b"", str(ear))  # nobody may listen any more, or has been rung often enough


class Ear:
    """Hears for the worker that holds this slot of the home folder; whoever held it before is gone."""

    def __init__(self, path: Path, heard: Callable[[], None]) -> None:
        self._path, self._heard = path, heard
        self._socket: socket.socket | None = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            path.unlink(missing_ok=True)
            self._socket.bind(str(path))
            path.chmod(0o600)
        except OSError:  # a path may have some 100 bytes
            _log.info("requests.no_bell")
            self._socket.close()
            self._socket = None
            return
        self._thread = threading.Thread(target=self._listen, name="bell", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        assert self._socket is not None
        while self._socket.recv(len(_END)) != _END:
            self._heard()

    def close(self) -> None:
        if self._socket is None:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
            bell.sendto(_END, str(self._path))
        self._thread.join()
        self._socket.close()
        self._path.unlink(missing_ok=True)
