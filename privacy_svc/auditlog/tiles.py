"""Tiles (C2SP tlog-tiles): 256 hashes each, of every eighth level of the tree."""

import re
from functools import lru_cache

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from privacy_svc.auditlog.errors import LogInconsistent
from privacy_svc.auditlog.growing_tree import HEIGHT, WIDTH
from privacy_svc.auditlog.merkle import Hash, node_hash
from privacy_svc.auditlog.model import Tile
from privacy_svc.errors import NotFound

SIZE = 32
_HASHES = select(Tile.hashes).where(Tile.level == bindparam("level"), Tile.number == bindparam("number"))
_SAVE = {
    name: new.on_conflict_do_update(index_elements=["level", "number"], set_={"hashes": new.excluded.hashes})
    for name, new in (("postgresql", postgresql.insert(Tile)), ("sqlite", sqlite.insert(Tile)))
}
_PATH = re.compile(r"(?P<number>(?:x[0-9]{3}/){0,4}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?")
"""At most 10**15 tiles, so that no index leaves the database's 64 bits."""


class Tiles:
    """The tree's nodes, read from tiles once each; `append` writes. Lives as long as one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._held: dict[tuple[int, int], bytearray] = {}
        self._nodes: dict[tuple[int, int], Hash] = {}

    def node(self, level: int, index: int) -> Hash:
        """As `merkle.Node`: the hash of a complete subtree."""
        if (level, index) not in self._nodes:
            self._nodes[level, index] = self._folded(level, index)
        return self._nodes[level, index]

    def _folded(self, level: int, index: int) -> Hash:
        tile_level, inside = divmod(level, HEIGHT)
        number, offset = divmod(index << inside, WIDTH)
        hashes = self._tile(tile_level, number)
        return _fold(hashes[offset * SIZE : (offset + (1 << inside)) * SIZE], 1 << inside)

    def append(self, level: int, index: int, value: Hash) -> None:
        """Put the next hash; a full tile goes up as one hash of the level above."""
        self._nodes.clear()
        number, offset = divmod(index, WIDTH)
        tile = self._tile(level, number) if offset else self._held.setdefault((level, number), bytearray())
        if len(tile) < offset * SIZE:
            raise LogInconsistent(f"Tile {level}/{number} of the log is shorter than the tree says.")
        del tile[offset * SIZE :]
        tile += value
        if offset == WIDTH - 1:
            self.append(level + 1, number, _fold(tile, WIDTH))

    def whole(self, level: int, number: int) -> list[Hash]:
        """The hashes of a full tile. Raises LogInconsistent."""
        tile = self._tile(level, number)
        if len(tile) != WIDTH * SIZE:
            raise LogInconsistent(f"Tile {level}/{number} of the log is shorter than the tree says.")
        return [bytes(tile[i : i + SIZE]) for i in range(0, len(tile), SIZE)]

    def check_up(self, level: int, number: int) -> None:
        """That a full tile is what the levels above it say, as far as they are full. Raises LogInconsistent."""
        parent, offset = divmod(number, WIDTH)
        above = self._tile(level + 1, parent)
        if bytes(above[offset * SIZE : (offset + 1) * SIZE]) != _fold(self._tile(level, number), WIDTH):
            raise LogInconsistent(f"Tile {level}/{number} of the log does not fit the one above it.")
        if offset == WIDTH - 1:
            self.check_up(level + 1, parent)

    def save(self) -> None:
        rows = [{"level": level, "number": n, "hashes": bytes(h)} for (level, n), h in self._held.items()]
        connection = self._session.connection()
        connection.execute(_SAVE[connection.dialect.name], rows)

    def _tile(self, level: int, number: int) -> bytearray:
        place = (level, number)
        if place not in self._held:
            found = self._session.connection().scalar(_HASHES, {"level": level, "number": number})
            if found is None:
                raise LogInconsistent(f"The log has no tile {level}/{number}.")
            self._held[place] = bytearray(found)
        return self._held[place]


def _fold(hashes: bytes | bytearray, count: int) -> Hash:
    """The root of a power of two of hashes."""
    if len(hashes) != count * SIZE:
        raise LogInconsistent("A tile of the log is shorter than the tree says.")
    return _root(bytes(hashes))


@lru_cache(maxsize=512)
def _root(hashes: bytes) -> Hash:
    """Kept: the next batch or proof asks for nearly all of the same."""
    row = [hashes[i : i + SIZE] for i in range(0, len(hashes), SIZE)]
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]


def tile_path(number: int, width: int = WIDTH) -> str:
    """`x001/x234/067`, and `.p/<width>` for a partial tile."""
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.append(f"x{number % 1000:03}")
    return "/".join(reversed(groups)) + ("" if width == WIDTH else f".p/{width}")


def parse_path(path: str) -> tuple[int, int]:
    """(tile number, width) of a path in its one spelling; width 256 for a full tile. Raises NotFound."""
    found = _PATH.fullmatch(path)
    if found:
        number, width = int(found["number"].replace("x", "").replace("/", "")), int(found["width"] or WIDTH)
        if width <= WIDTH and tile_path(number, width) == path:
            return number, width
    raise NotFound("This is no tile's path.")
