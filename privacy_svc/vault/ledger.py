"""The fence ledger: what a restored backup must not undo, written down outside the database.

An entry is made in the transaction of what it records; exporting gives it its number and appends it to a file, one
JSON object a line, each with the SHA-256 of the line before. At the start file and database are compared: a database
that lacks an entry of the file is older than it, and nothing is served until the entries are replayed.
"""

import enum
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from privacy_svc.db import Database, now
from privacy_svc.errors import Misconfigured, Unavailable
from privacy_svc.vault.errors import Restored
from privacy_svc.vault.model import LedgerEntry

FILE = "fences.jsonl"


class Kind(enum.StrEnum):
    FENCE = "fence"
    READMISSION = "readmission"
    EPOCH_RETIRED = "epoch_retired"
    EPOCH_DESTROYED = "epoch_destroyed"
    KEYS_ROTATED = "keys_rotated"
    SUPPRESSED = "suppressed"
    EVIDENCE_KEPT = "evidence_kept"
    EVIDENCE_ENDED = "evidence_ended"


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as the file holds it."""

    number: int
    id: str
    kind: Kind
    at: datetime
    body: Mapping[str, Any]
    previous: str

    def encode(self) -> bytes:
        shown = {"number": self.number, "id": self.id, "kind": self.kind, "at": self.at.isoformat()}
        return json.dumps({**shown, "body": self.body, "previous": self.previous}).encode() + b"\n"

    def encode_body(self) -> str:
        return json.dumps(self.body)

    @classmethod
    def decode(cls, raw: bytes, place: str) -> "Line":
        try:
            found = json.loads(raw)
            at = datetime.fromisoformat(found["at"])
            return cls(found["number"], found["id"], Kind(found["kind"]), at, found["body"], found["previous"])
        except (ValueError, KeyError, TypeError):
            raise Misconfigured(
                f"{place} is not an entry of a fence ledger: restore the file from its latest copy."
            ) from None


def note(session: Session, kind: Kind, body: Mapping[str, Any], at: datetime | None = None) -> None:
    """An entry, in the caller's transaction."""
    session.add(LedgerEntry(kind=kind, body=json.dumps(body), at=at or now()))


class Ledger:
    """The file. Several processes may export to it; a host of its own has a file of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._path = folder, folder / FILE

    def create(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.touch(mode=0o600)

    def lines(self) -> Iterator[Line]:
        """All entries in order. Raises Misconfigured where the chain is broken, with the line's number."""
        previous = ""
        with self._opened("rb") as file:
            for count, raw in enumerate(file, 1):
                if not raw.endswith(b"\n"):
                    return  # a crash cut it off; `export` takes it away
                line = Line.decode(raw, f"{self._path}:{count}")
                if (line.number, line.previous) != (count, previous):
                    raise Misconfigured(
                        f"{self._path}:{count} does not follow the line before it: the ledger was changed."
                    )
                previous = _digest(raw)
                yield line

    def stretch(self, begin: int, most: int) -> tuple[list[bytes], int]:
        """At most so many lines from this byte of the file on, and where the next stretch begins: 0 after the last, and
        where the file was cut off meanwhile. The chain is not looked at."""
        with self._opened("rb") as file:
            file.seek(max(0, begin - 1))
            if begin and file.read(1) != b"\n":
                begin = file.seek(0)
            found = [line for line in islice(file, most) if line.endswith(b"\n")]
        return found, begin + sum(map(len, found)) if len(found) == most else 0

    def export(self, database: Database) -> int:
        """Write down what is new, on disk when this returns; how many entries. Raises Restored."""
        with self._locked() as file, database.write() as session:
            self._take_back(session, file)
            number, last = self._tail(file)
            self._adopt(session, file, number)
            new = self._waiting(session, number)
            for entry in new:
                number += 1
                entry.number = number
                last = self._append(file, entry, last)
            file.flush()
            os.fsync(file.fileno())
        return len(new)

    @staticmethod
    def _waiting(session: Session, after: int) -> list[LedgerEntry]:
        """Entries another host numbered first, then the new ones."""
        numbered = select(LedgerEntry).where(LedgerEntry.number > after).order_by(LedgerEntry.number)
        new = select(LedgerEntry).where(LedgerEntry.number.is_(None)).order_by(LedgerEntry.at, LedgerEntry.id)
        return [*session.scalars(numbered), *session.scalars(new.with_for_update(skip_locked=True))]

    @staticmethod
    def _append(file: BinaryIO, entry: LedgerEntry, previous: str) -> str:
        assert entry.number is not None
        line = Line(entry.number, entry.id, Kind(entry.kind), entry.at, json.loads(entry.body), previous)
        raw = line.encode()
        file.write(raw)
        return _digest(raw)

    @staticmethod
    def _take_back(session: Session, file: BinaryIO) -> None:
        """Lines whose transaction a crash took back, and whose numbers another host has given to other entries
        since, are no lines: the file is cut off before the first of them."""
        last = _last_line(file, "the fence ledger")
        if last is None or not _renumbered(session, last):
            return
        file.seek(0)
        at = 0
        for raw in file:
            if _renumbered(session, Line.decode(raw, "the fence ledger")):
                break
            at += len(raw)
        file.truncate(at)

    def _adopt(self, session: Session, file: BinaryIO, number: int) -> None:
        """Lines that were written before a crash took their transaction back get their numbers again."""
        ours = session.scalar(select(func.max(LedgerEntry.number))) or 0
        if ours >= number:
            return
        file.seek(0)
        for line in (Line.decode(raw, str(self._path)) for raw in file):
            if line.number > ours:
                entry = session.get(LedgerEntry, line.id)
                if entry is None:
                    raise _restored(number - ours)
                entry.number = line.number
        session.flush()

    def check(self, session: Session, settled: timedelta = timedelta()) -> None:
        """Raises Restored when the database lacks the ledger's last entry, Misconfigured when the ledger is gone.
        `settled`: an entry younger than that may be newer than what this session sees, and counts as known."""
        with self._opened("rb") as file:
            line = _last_line(file, str(self._path))
        ours = session.scalar(select(func.max(LedgerEntry.number))) or 0
        unknown = line is not None and session.get(LedgerEntry, line.id) is None
        if line is not None and unknown and line.at <= now() - settled:
            raise _restored(line.number - ours)
        if line is None and ours:
            raise Misconfigured(
                f"The fence ledger {self._path} is empty, and the database knows {ours} entries of it: bring back its "
                "latest copy; a further host's ledger begins as a copy of another's."
            )

    def missing(self, session: Session) -> list[Line]:
        """The entries the database lacks, in order; the whole chain is checked."""
        lacking: dict[str, Line] = {}
        for line in self.lines():
            if session.get(LedgerEntry, line.id) is None:
                lacking.setdefault(line.id, line)
        return list(lacking.values())

    def shorter_by(self, session: Session) -> int:
        """How many entries the database has numbered that the file does not have."""
        ours = session.scalar(select(func.max(LedgerEntry.number))) or 0
        return max(0, ours - sum(1 for _ in self.lines()))

    def number(self, session: Session) -> None:
        """Entries that a backup holds from before they were written down get the number they have in the file."""
        waiting = {e.id: e for e in session.scalars(select(LedgerEntry).where(LedgerEntry.number.is_(None)))}
        for line in self.lines() if waiting else ():
            if line.id in waiting:
                waiting[line.id].number = line.number
        session.flush()

    @staticmethod
    def _tail(file: BinaryIO) -> tuple[int, str]:
        line = _last_line(file, "the fence ledger")
        file.seek(0, os.SEEK_END)
        return (line.number, _digest(line.encode())) if line else (0, "")

    @contextmanager
    def _opened(self, mode: str) -> Iterator[BinaryIO]:
        try:
            file = self._path.open(mode)
        except FileNotFoundError:
            raise Misconfigured(
                f"The fence ledger {self._path} is missing: bring back its latest copy. Where there is none, nobody "
                "knows what was erased after a backup; `privacy-svc restore replay --new-ledger` starts another."
            ) from None
        with file:
            yield file  # type: ignore[misc]

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        try:
            with self._opened("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield file
        except OSError as error:
            raise Unavailable(f"The fence ledger {self._path} cannot be written: {error.strerror}.") from None


def _last_line(file: BinaryIO, place: str) -> Line | None:
    """Read from the end; a last line that a crash cut off is taken away by whoever may write."""
    size, reach = file.seek(0, os.SEEK_END), 8192
    while True:
        file.seek(max(0, size - reach))
        tail = file.read()
        whole, newline, cut = tail.rpartition(b"\n")
        before, begins, line = whole.rpartition(b"\n")
        if begins or reach >= size:
            break
        reach *= 8
    if cut and file.writable():
        file.truncate(size - len(cut))
    return Line.decode(line if begins else before + line, place) if newline else None


def _renumbered(session: Session, line: Line) -> bool:
    entry = session.get(LedgerEntry, line.id)
    return entry is not None and entry.number not in {None, line.number}


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _restored(count: int) -> Restored:
    return Restored(
        f"The privacy database is older than its fence ledger: {count} entries are missing, erasures among them may be "
        "undone. Run `privacy-svc restore replay`."
    )
