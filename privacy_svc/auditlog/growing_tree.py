"""A tree recomputed from its leaves, with its tiles: what the stored one has to equal. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from privacy_svc.auditlog.merkle import EMPTY_ROOT, Hash, Node, node_hash

WIDTH = 256
HEIGHT = 8


@dataclass
class GrowingTree:
    """`peaks`: level and hash of the complete subtrees so far, largest first. `tiles` as in C2SP tlog-tiles."""

    size: int = 0
    peaks: list[tuple[int, Hash]] = field(default_factory=list)
    tiles: dict[tuple[int, int], bytearray] = field(default_factory=dict)

    @classmethod
    def after(cls, size: int, node: Node) -> "GrowingTree":
        """A tree whose first leaves were pruned, a multiple of 256: grown on from its complete subtrees."""
        tree = cls(size=size)
        start = 0
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                tree.peaks.append((level, node(level, start >> level)))
                start += 1 << level
        for level in range(1, size.bit_length() // HEIGHT + 1):
            number, width = divmod(size >> HEIGHT * level, WIDTH)
            hashes = [node(HEIGHT * level, number * WIDTH + i) for i in range(width)]
            if hashes:
                tree.tiles[level, number] = bytearray(b"".join(hashes))
        return tree

    def extend(self, leaves: Iterable[Hash]) -> None:
        """Level by level, not leaf by leaf: verification spends its time here."""
        peaks, level, begin, row = dict(self.peaks), 0, self.size, list(leaves)
        self.size += len(row)
        while row:
            if level % HEIGHT == 0:
                self._put(level // HEIGHT, begin, row)
            if level in peaks:
                row.insert(0, peaks.pop(level))
            if len(row) % 2:
                peaks[level] = row.pop()
            row = [sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=True)]
            level, begin = level + 1, begin >> 1
        self.peaks = sorted(peaks.items(), reverse=True)

    def take_full(self) -> dict[tuple[int, int], bytearray]:
        """The tiles that grow no more; they are not kept any longer."""
        full = {place: tile for place, tile in self.tiles.items() if len(tile) == WIDTH * len(EMPTY_ROOT)}
        for place in full:
            del self.tiles[place]
        return full

    def _put(self, level: int, index: int, hashes: Sequence[Hash]) -> None:
        while hashes:
            number, offset = divmod(index, WIDTH)
            room = WIDTH - offset
            self.tiles.setdefault((level, number), bytearray()).extend(b"".join(hashes[:room]))
            index, hashes = index + room, hashes[room:]

    def root(self) -> Hash:
        if not self.peaks:
            return EMPTY_ROOT
        value = self.peaks[-1][1]
        for _, left in reversed(self.peaks[:-1]):
            value = node_hash(left, value)
        return value
