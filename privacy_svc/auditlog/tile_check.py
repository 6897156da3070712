"""Stored tiles against those recomputed from the entries, for `verify`: a few at a time, whatever the log's size."""

from collections.abc import Iterator, Mapping

from sqlalchemy import ColumnElement, and_, bindparam, false, not_, or_, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.entry_check import Finding
from privacy_svc.auditlog.growing_tree import HEIGHT, WIDTH
from privacy_svc.auditlog.merkle import Hash
from privacy_svc.auditlog.model import Tile
from privacy_svc.auditlog.tiles import SIZE
from privacy_svc.db import among

Place = tuple[int, int]
"""Level and number."""
MOST = 1000
"""Entries for which it is looked up where they stood before."""
_STORED = select(Tile.number, Tile.hashes).where(Tile.level == bindparam("level"), among(Tile.number, "numbers"))


class TileCheck:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._findings: list[Finding] = []
        self._wrong: list[tuple[int, Hash]] = []
        """Indices whose stored hash is not the entry's, and the entry's."""
        self._last: tuple[int, bytes] = (-1, b"")

    def leaf(self, index: int) -> Hash | None:
        """As stored: where an entry is missing, what follows can be checked all the same."""
        number, offset = divmod(index, WIDTH)
        if self._last[0] != number:
            self._last = number, self._stored(0, [number]).get(number, b"")
        return self._last[1][offset * SIZE : (offset + 1) * SIZE] if len(self._last[1]) >= (offset + 1) * SIZE else None

    def compare(self, grown: Mapping[Place, bytes | bytearray]) -> None:
        """Recomputed ones: full, or the last of their level."""
        for level in {level for level, _ in grown}:
            numbers = sorted(number for of, number in grown if of == level)
            stored = self._stored(level, numbers)
            for number in numbers:
                self._compare(level, number, stored.get(number, b""), bytes(grown[level, number]))

    def findings(self, first: int, size: int) -> Iterator[Finding]:
        """Of all that were compared, and of stored ones that a tree of `size` entries, pruned up to `first`, lacks."""
        yield from self._findings
        expected = or_(false(), *(_between(level, first, size) for level in range(64) if size >> HEIGHT * level))
        for level, number in self._session.execute(select(Tile.level, Tile.number).where(not_(expected))):
            yield _unfit(level, number)
        origins = self._origins() if self._wrong else {}
        for index, hashed in self._wrong:
            yield _moved(index, origins.get(hashed))

    def _stored(self, level: int, numbers: list[int]) -> dict[int, bytes]:
        rows = self._session.connection().execute(_STORED, {"level": level, "numbers": numbers})
        return {row.number: row.hashes for row in rows}

    def _compare(self, level: int, number: int, stored: bytes, right: bytes) -> None:
        if stored == right:
            return
        if level or len(stored) != len(right):
            self._findings.append(_unfit(level, number))
            return
        for at in range(0, len(right), SIZE):
            if stored[at : at + SIZE] != right[at : at + SIZE]:
                self._wrong.append((number * WIDTH + at // SIZE, right[at : at + SIZE]))

    def _origins(self) -> dict[Hash, int]:
        """Where the first of the wrong ones are stored: moved there from here."""
        wanted, found = {hashed for _, hashed in self._wrong[:MOST]}, dict[Hash, int]()
        tiles = select(Tile.number, Tile.hashes).where(Tile.level == 0).order_by(Tile.number)
        for number, hashes in self._session.execute(tiles.execution_options(yield_per=WIDTH)):
            for at in range(0, len(hashes), SIZE):
                if hashes[at : at + SIZE] in wanted:
                    found[hashes[at : at + SIZE]] = number * WIDTH + at // SIZE
        return found


def _between(level: int, first: int, size: int) -> ColumnElement[bool]:
    nodes = size >> HEIGHT * level
    return and_(Tile.level == level, Tile.number.between(first >> HEIGHT * (level + 1), (nodes - 1) // WIDTH))


def _unfit(level: int, number: int) -> Finding:
    return Finding("altered", f"tile {level}/{number} does not fit the entries")


def _moved(index: int, origin: int | None) -> Finding:
    if origin is None:
        return Finding("altered", "the entry is not the one that was logged", index)
    return Finding("reordered", f"the entry stood at index {origin}", index)
