"""Run all benchmarks, or those named: `python -m benchmarks sealing deciding`. A number is for the one before it."""

import sys
from importlib import import_module

ALL = (
    "sealing",
    "bulk_sealing",
    "reading",
    "auditing",
    "deciding",
    "serving",
    "loading",
    "audiences",
    "importing",
    "accessing",
    "erasing",
    "desk",
    "pii",
)

wanted: list[tuple[str, list[str]]] = []
for word in sys.argv[1:] or ALL:
    if word[0].isdigit():
        wanted[-1][1].append(word)
    else:
        wanted.append((word, []))
for name, numbers in wanted:
    import_module(f"benchmarks.{name}").run(*numbers)
