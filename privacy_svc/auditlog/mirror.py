"""The leaves outside the database, beside the exported checkpoints: leaves hold no personal data, and a database
restored from a backup learns its later entries from here again, so that it continues its log instead of forking it.

Bundles of 256 leaves, each `u16 length | leaf` as in C2SP tlog-tiles; files are only ever appended to, and only
where they end in what the database holds.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from privacy_svc.auditlog.errors import LogInconsistent
from privacy_svc.auditlog.keyfiles import look, sync_folder

BUNDLE = 256
CUT = "entries-cut"
LONGEST = 0xFFFF
"""Bytes of a leaf."""
Leaves = Callable[[int, int], Sequence[bytes]]
"""Of the database, by `first` and `until`."""


class Mirror:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._newest = 0
        self._held: tuple[tuple[int, ...], list[bytes]] = ((), [])
        """What was read last, and of which state of which bundle's file."""

    def extend(self, first: int, size: int, leaves: Leaves) -> None:
        """Write down what is missing up to `size` of a log that begins at `first`. Durable when it returns.

        Raises LogInconsistent where its last bundle is another than the database's, or that lacks an entry.
        """
        with self._locked():
            newest, held = self._last()
            here = max(newest * BUNDLE + len(held), first)
            begin, ours = self._to_compare(first, here, held)
            until = min(size, (here // BUNDLE + 1) * BUNDLE)
            found = _all(leaves, begin, max(here, until))
            if found[: here - begin] != ours:
                raise _others(begin)
            while here < size:
                self._append(here, found[here - begin :])
                here = begin = until
                until = min(size, here + BUNDLE)
                found = _all(leaves, here, until) if here < size else []

    def count(self) -> int:
        """The index after the last whole leaf."""
        newest, held = self._last()
        return newest * BUNDLE + len(held)

    def _last(self) -> tuple[int, list[bytes]]:
        """The number of the last bundle, and its whole leaves."""
        if self._newest and not self._has(self._newest):
            self._newest = 0
        if not self._newest:
            self._newest = max((int(p.name) for p in self.folder.glob("[0-9]*")), default=0)
        while self._has(self._newest + 1):
            self._newest += 1
        return self._newest, self.bundle(self._newest)

    @contextmanager
    def anew(self) -> Iterator[None]:
        """Nobody writes meanwhile, and what others wrote before is seen."""
        with self._locked():
            self._newest = 0
            yield

    def first(self) -> int:
        """The index of the first leaf that was not pruned; 0 where there is none."""
        return min((int(p.name) for p in self.folder.glob("[0-9]*")), default=0) * BUNDLE

    def read(self, begin: int) -> Iterator[bytes]:
        """Leaves by index from `begin` on. Raises LogInconsistent where one is missing before the last."""
        number, skip = divmod(begin, BUNDLE)
        while self._has(number):
            leaves = self.bundle(number)
            if len(leaves) < BUNDLE and self._has(number + 1):
                raise not_there(number * BUNDLE + len(leaves))
            yield from leaves[skip:]
            number, skip = number + 1, 0

    def bundle(self, number: int) -> list[bytes]:
        """The whole leaves of one bundle; none where its file is not there."""
        path = self._path(number)
        try:
            seen, held = (number, *look(path)), self._held
            if held[0] != seen:
                held = self._held = seen, list(_whole(path.read_bytes()))
        except FileNotFoundError:
            return []
        return held[1]

    def prune(self, until: int) -> None:
        """Leaves below `until` go, in whole files."""
        with self._locked():
            for path in self.folder.glob("[0-9]*"):
                if (int(path.name) + 1) * BUNDLE <= until:
                    path.unlink()
            sync_folder(self.folder)

    def cut(self, size: int) -> None:
        """Leaves from `size` on go from here, into a file beside for a person to look at."""
        with self._locked():
            beside = os.open(self.folder.parent / CUT, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(beside, "ab") as file:
                file.writelines(len(leaf).to_bytes(2) + leaf for leaf in self.read(size))
                file.flush()
                os.fsync(file.fileno())
            for path in sorted(self.folder.glob("[0-9]*"), reverse=True):
                keep = size - int(path.name) * BUNDLE
                if keep <= 0:
                    path.unlink()
                    continue
                with path.open("r+b") as file:
                    file.truncate(sum(2 + len(leaf) for leaf in islice(_whole(file.read()), keep)))
                    os.fsync(file.fileno())
                break
            sync_folder(self.folder)

    def _to_compare(self, first: int, here: int, held: Sequence[bytes]) -> tuple[int, Sequence[bytes]]:
        """The leaves of the last bundle, and where it begins. `held`: of the newest one, which may be empty."""
        number = max(here - 1, 0) // BUNDLE
        begin = number * BUNDLE
        if begin < first:
            return here, []
        ours = held if number == self._newest else self.bundle(number)
        return begin, ours[: here - begin]

    def _append(self, index: int, leaves: Sequence[bytes]) -> None:
        """Behind the leaves that its bundle holds: there may be some of these among them, which another machine wrote
        and this one did not see."""
        for place, leaf in enumerate(leaves, index):
            if not 0 < len(leaf) <= LONGEST:
                raise LogInconsistent(f"The leaf of entry {place} has {len(leaf)} bytes: no bundle takes it.")
        number, offset = divmod(index, BUNDLE)
        descriptor = os.open(self._path(number), os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            held = list(_whole(file.read()))
            there = len(held) - offset
            if there < 0 or held[offset : offset + len(leaves)] != list(leaves[:there]):
                raise _others(index)
            file.seek(sum(2 + len(leaf) for leaf in held))
            file.truncate()  # a leaf that a crash cut off
            file.writelines(len(leaf).to_bytes(2) + leaf for leaf in leaves[there:])
            file.flush()
            os.fsync(file.fileno())
        if not held:
            sync_folder(self.folder)

    def _has(self, number: int) -> bool:
        try:
            look(self._path(number))
        except FileNotFoundError:
            return False
        return True

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:012}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _all(leaves: Leaves, first: int, until: int) -> list[bytes]:
    """Raises LogInconsistent where one is missing: all that follow would be shifted."""
    found = list(leaves(first, until))
    if len(found) != until - first:
        raise LogInconsistent(f"Of the entries {first} to {until - 1} only {len(found)} are there.")
    return found


def _whole(raw: bytes) -> Iterator[bytes]:
    """Leaves up to one that a crash cut off; zeros, which a power cut leaves behind, are none."""
    at = 0
    while length := int.from_bytes(raw[at : at + 2]):
        end = at + 2 + length
        if end > len(raw):
            return
        yield raw[at + 2 : end]
        at = end


def _others(begin: int) -> LogInconsistent:
    return LogInconsistent(f"The mirror of the log holds other entries than the database, from {begin} on.")


def not_there(first: int) -> LogInconsistent:
    return LogInconsistent(f"The mirror of the log lacks entry {first}: bring back the newest copy of its folder.")
