"""Tiles (C2SP tlog-tiles): 256 hashes each, of every eighth level of the tree."""

import re

from sqlalchemy.orm import Session

from privacy_svc.auditlog.merkle import Hash, node_hash
from privacy_svc.auditlog.model import Tile
from privacy_svc.errors import NotFound

WIDTH = 256
HEIGHT = 8
SIZE = 32
_PATH = re.compile(r"(?P<number>(?:x\d{3}/)*\d{3})(?:\.p/(?P<width>[1-9]\d{0,2}))?")


class Tiles:
    """The tree's nodes, read from tiles once each; `append` writes. Lives as long as one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._held: dict[tuple[int, int], bytearray] = {}

    def node(self, level: int, index: int) -> Hash:
        """As `merkle.Node`: the hash of a complete subtree."""
        tile_level, inside = divmod(level, HEIGHT)
        number, offset = divmod(index << inside, WIDTH)
        hashes = self._tile(tile_level, number)
        return _fold(hashes[offset * SIZE : (offset + (1 << inside)) * SIZE], 1 << inside)

    def append(self, level: int, index: int, value: Hash) -> None:
        """Put the next hash; a full tile goes up as one hash of the level above."""
        number, offset = divmod(index, WIDTH)
        tile = self._tile(level, number) if offset else self._held.setdefault((level, number), bytearray())
        del tile[offset * SIZE :]
        tile += value
        if offset == WIDTH - 1:
            self.append(level + 1, number, _fold(tile, WIDTH))

    def save(self) -> None:
        for (level, number), hashes in self._held.items():
            self._session.merge(Tile(level=level, number=number, hashes=bytes(hashes)))

    def _tile(self, level: int, number: int) -> bytearray:
        place = (level, number)
        if place not in self._held:
            found = self._session.get(Tile, place)
            if found is None:
                raise NotFound(f"The log has no tile {level}/{number}.")
            self._held[place] = bytearray(found.hashes)
        return self._held[place]


def _fold(hashes: bytes | bytearray, count: int) -> Hash:
    """The root of a power of two of hashes."""
    if len(hashes) != count * SIZE:
        raise NotFound("A tile of the log is shorter than the tree says.")
    row = [bytes(hashes[i : i + SIZE]) for i in range(0, len(hashes), SIZE)]
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]


def parse_path(path: str) -> tuple[int, int]:
    """(tile number, width) of `x001/234.p/5`; width 256 for a full tile. Raises NotFound."""
    found = _PATH.fullmatch(path)
    width = int(found["width"]) if found and found["width"] else WIDTH
    if found is None or width > WIDTH or (found["width"] and width == WIDTH):
        raise NotFound("This is no tile's path.")
    return int(found["number"].replace("x", "").replace("/", "")), width
