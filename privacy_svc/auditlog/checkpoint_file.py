"""Checkpoints outside the database: an append-only file, so that who rewrites the database contradicts it.

Whole signed notes, each followed by an empty line, and what witnesses said of them later: `cosigned SIZE`, their
signature lines, an empty line. What a crash cut off is passed over.
"""

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from heapq import merge
from io import BytesIO
from pathlib import Path

from privacy_svc.auditlog.keyfiles import look, sync_folder, write_whole

_NOTE = re.compile(r"^([^\n]+\n\d+\n[A-Za-z0-9+/=]+\n\n(?:— [^\n]+\n)+)(?=\n)", re.MULTILINE)
_COSIGNED = re.compile(r"^cosigned (\d{1,19})\n((?:— [^\n]+\n)+)(?=\n)", re.MULTILINE)
NEXT = "checkpoint-next"
"""The checkpoint whose leaves are mirrored just now."""
_PIECE = 1 << 20
"""Bytes read at once."""
_LONGEST = 1 << 18
"""Letters of a note, or of what a witness said, at most: what lies further back is of none that is still to end."""
_TAIL = 8192
"""Bytes from the end to begin with; four times as many, as long as there is no whole note among them."""


def append(file: Path, note: str, *, newest_only: bool = False) -> None:
    """A note, durable when it returns. Two processes may write the same; that does no harm. They take turns, as on a
    shared file system nothing else keeps what they append apart. `newest_only`: not where one as large is there, which
    a process that was slow would else put behind it, at the end where the newest is looked for."""
    new = not file.exists()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "ab", buffering=0) as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        if newest_only and newest_size(file) >= size_of(note):
            return
        write_whole(stream, (_after(_tail(file, 2)) + note + "\n").encode())
        os.fsync(stream.fileno())
    if new:
        sync_folder(file.parent)


def announce(file: Path, note: str) -> None:
    """Before its leaves are mirrored: leaves that a crash left beyond the exported checkpoints are known by it as this
    log's. Durable when it returns. One of another size that it takes the place of is exported, or never will be."""
    descriptor = os.open(file.parent / NEXT, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b", buffering=0) as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        if stream.read() == note.encode():
            return
        stream.seek(0)
        stream.truncate()
        write_whole(stream, note.encode())
        os.fsync(stream.fileno())


def announced(file: Path) -> str | None:
    try:
        return (file.parent / NEXT).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Nobody appends meanwhile, and what others appended before is seen. Nothing where there is no file."""
    try:
        descriptor = os.open(file, os.O_RDWR)
    except FileNotFoundError:
        yield
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _after(end: bytes) -> str:
    """What has to stand behind this end of the file. A note that was cut between two of its signature lines would be
    taken for a whole one, had it the empty line behind it that begins the next."""
    if end in {b"", b"\n\n"}:
        return ""
    return "-\n\n" if end.endswith(b"\n") else "\n"


def _tail(file: Path, count: int) -> bytes:
    with file.open("rb") as stream:
        stream.seek(max(0, os.fstat(stream.fileno()).st_size - count))
        return stream.read()


def append_cosignatures(file: Path, size: int, lines: str) -> None:
    """What a witness said of the checkpoint of this size; durable when it returns."""
    append(file, f"cosigned {size}\n{lines}")


def notes(file: Path) -> Iterator[str]:
    """Every whole signed checkpoint of the file as it is now, of which no more is held at once than a piece."""
    return (found[1] for found in _whole(file, _length(file), _NOTE))


def in_order(file: Path) -> Iterator[tuple[int, str]]:
    """The same with their sizes, ascending."""
    length = _length(file)
    return _in_order(lambda: ((size_of(found[1]), found[1]) for found in _whole(file, length, _NOTE)))


def cosignatures_in_order(file: Path) -> Iterator[tuple[int, str]]:
    """The same of what witnesses said."""
    length = _length(file)
    return _in_order(lambda: ((int(found[1]), found[2]) for found in _whole(file, length, _COSIGNED)))


def _in_order(read: Callable[[], Iterator[tuple[int, str]]]) -> Iterator[tuple[int, str]]:
    """Processes may have written two the other way round: those are looked for first, and are few."""
    late = sorted((size, text) for size, text, is_late in _told(read()) if is_late)
    yield from merge(((size, text) for size, text, is_late in _told(read()) if not is_late), late)


def _told(found: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str, bool]]:
    """Size, text, and whether it stands behind one that is larger."""
    largest = 0
    for size, text in found:
        yield size, text, size < largest
        largest = max(size, largest)


def cosignatures(file: Path) -> Iterator[tuple[int, str]]:
    """The sizes of checkpoints, with the lines of their witnesses, of the file as it is now."""
    return ((int(found[1]), found[2]) for found in _whole(file, _length(file), _COSIGNED))


def _whole(file: Path, length: int, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    text, cut = "", b""
    with file.open("rb") if length else BytesIO() as stream:
        while raw := stream.read(min(_PIECE, length - stream.tell())):
            whole, newline, cut = (cut + raw).rpartition(b"\n")
            text += (whole + newline).decode(errors="replace")
            end = 0
            for found in pattern.finditer(text):
                yield found
                end = found.end()
            text = text[max(end, len(text) - _LONGEST) :]


def has_cosigned(file: Path, size: int, lines: str) -> bool:
    """Whether these lines stand behind the checkpoint of this size. The file is read from its end to there."""
    length, count = _length(file), _TAIL
    while length:
        text = _tail(file, count).decode(errors="replace")
        if (str(size), lines) in _COSIGNED.findall(text):
            return True
        if count >= length or any(size_of(note) <= size for note in _NOTE.findall(text)):
            return False
        count *= 4
    return False


def newest(file: Path) -> str | None:
    """The whole checkpoint of the largest size at the file's end, whatever was written after it."""
    try:
        return _newest(file, look(file))
    except FileNotFoundError:
        return None


@lru_cache(maxsize=8)
def _newest(file: Path, _seen: tuple[int, ...]) -> str | None:
    length, count = _length(file), _TAIL
    while length:
        tail = _tail(file, count)
        if count < length:
            tail = tail[tail.find(b"\n") + 1 :]  # what is left of a line is no line
        found = _NOTE.findall(tail.decode(errors="replace"))
        if found or count >= length:
            return max(found, key=size_of, default=None)
        count *= 4
    return None


def newest_size(file: Path) -> int:
    return size_of(newest(file))


def is_foreign(file: Path, name: str) -> bool:
    """Whether something is there that is not the beginning of this log's first checkpoint, which a crash cut off."""
    begin = b""
    with suppress(FileNotFoundError), file.open("rb") as stream:
        begin = stream.read(len(name.encode()))
    return not name.encode().startswith(begin)


def _length(file: Path) -> int:
    try:
        return look(file)[1]
    except FileNotFoundError:
        return 0


def size_of(note: str | None) -> int:
    return int(note.split("\n", 2)[1][:19]) if note else 0
