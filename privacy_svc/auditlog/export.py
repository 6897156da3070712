"""Checkpoints outside the database: an append-only file, so that who rewrites the database contradicts it.

Whole signed notes, each followed by an empty line. One that a crash cut off is passed over.
"""

import os
import re
from pathlib import Path

from privacy_svc.auditlog.signing import sync_folder

_NOTE = re.compile(r"^([^\n]+\n\d+\n[A-Za-z0-9+/=]+\n\n(?:— [^\n]+\n)+)(?=\n)", re.MULTILINE)
_TAIL = 8192
"""Bytes from the end that hold at least one whole note with its signatures."""


def append(file: Path, note: str) -> None:
    """Durable when it returns. Two processes may write the same note; that does no harm."""
    new = not file.exists()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "ab", buffering=0) as stream:
        stream.write((("" if _ends_whole(file) else "\n") + note + "\n").encode())
        os.fsync(stream.fileno())
    if new:
        sync_folder(file.parent)


def _ends_whole(file: Path) -> bool:
    return _tail(file, 2) in {b"", b"\n\n"}


def _tail(file: Path, count: int) -> bytes:
    with file.open("rb") as stream:
        stream.seek(max(0, os.fstat(stream.fileno()).st_size - count))
        return stream.read()


def notes(file: Path) -> list[str]:
    """Every whole signed checkpoint of the file."""
    return _NOTE.findall(file.read_text(encoding="utf-8", errors="replace")) if file.exists() else []


def newest(file: Path) -> str | None:
    """The whole checkpoint of the largest size, without reading all of the file."""
    found = _NOTE.findall(_tail(file, _TAIL).decode(errors="replace")) if file.exists() else []
    return max(found, key=_size, default=None)


def newest_size(file: Path) -> int:
    note = newest(file)
    return _size(note) if note else 0


def _size(note: str) -> int:
    return int(note.split("\n", 2)[1][:19])
