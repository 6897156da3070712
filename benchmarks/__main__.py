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
    if word[0].isdigit() and wanted:
        wanted[-1][1].append(word)
    elif word in ALL:
        wanted.append((word, []))
    else:
        sys.exit(f"{__doc__}\n\nThere are: {', '.join(ALL)}")
for name, numbers in wanted:
    import_module(f"benchmarks.{name}").run(*numbers)
