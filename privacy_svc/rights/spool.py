"""A file of a package while it is written. What is long is kept deflated, in memory: never in clear on a disk. Pure."""

import hashlib
import zlib
from collections.abc import Iterator

PIECE = 256 * 1024
"""Bytes that are kept as they are."""


class Spool:
    def __init__(self, text: str = "") -> None:
        self.size = 0
        self._digest = hashlib.sha256()
        self._kept: list[bytes] = []
        self._open = bytearray()
        self.write(text)

    def __repr__(self) -> str:
        return f"Spool({self.size} bytes)"

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, text: str) -> None:
        data = text.encode()
        self.size += len(data)
        self._digest.update(data)
        self._open += data
        if len(self._open) > PIECE:
            self._kept.append(zlib.compress(self._open, 1))
            self._open.clear()

    def pieces(self) -> Iterator[bytes]:
        for kept in self._kept:
            yield zlib.decompress(kept)
        yield bytes(self._open)
