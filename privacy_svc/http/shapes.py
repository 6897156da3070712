"""What is shaped like somebody's address or telephone number, in a value that should name nobody."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_SHAPES = re.compile(r"[^\s@<>\"'=&?]+@[^\s@<>\"'&?]+\.\w+|\+\d[\d\s()./-]{6,}\d")


def addresses(value: Any, pointer: str = "") -> Iterator[str]:
    """JSON pointers to texts that hold one. A name that holds one is told as the place of its object."""
    if isinstance(value, str):
        if _SHAPES.search(value):
            yield pointer
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if _SHAPES.search(name):
                yield pointer
            else:
                yield from addresses(inner, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from addresses(inner, f"{pointer}/{n}")
