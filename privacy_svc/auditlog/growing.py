"""A tree recomputed leaf by leaf, with its tiles: what the stored one has to equal. Pure."""

from dataclasses import dataclass, field

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

    def add(self, leaf: Hash) -> None:
        self._tile(0, self.size, leaf)
        level, value, index = 0, leaf, self.size
        while self.peaks and self.peaks[-1][0] == level:
            value = node_hash(self.peaks.pop()[1], value)
            level, index = level + 1, index >> 1
            if level % HEIGHT == 0:
                self._tile(level // HEIGHT, index, value)
        self.peaks.append((level, value))
        self.size += 1

    def _tile(self, level: int, index: int, value: Hash) -> None:
        self.tiles.setdefault((level, index // WIDTH), bytearray()).extend(value)

    def root(self) -> Hash:
        if not self.peaks:
            return EMPTY_ROOT
        value = self.peaks[-1][1]
        for _, left in reversed(self.peaks[:-1]):
            value = node_hash(left, value)
        return value
