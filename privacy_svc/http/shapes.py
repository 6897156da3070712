"""What is shaped like somebody's address or telephone number, in a value that should name nobody."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_SHAPES = re.compile(r"[^\s@<>\"'=&?]@[^\s@<>\"'&?]+\.\w|\+\d[\d\s()./-]{6,}\d")
"""One letter before the @ is enough to know, and more would be looked for from each letter of a long text anew."""


def addresses(value: Any) -> Iterator[str]:
    """JSON pointers to texts that hold one. A name that holds one is told as the place of its object."""
    if isinstance(value, str):
        if _SHAPES.search(value):
            yield ""
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if _SHAPES.search(name):
                yield ""
            else:
                yield from (f"/{name.replace('~', '~0').replace('/', '~1')}{place}" for place in addresses(inner))
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from (f"/{n}{place}" for place in addresses(inner))
