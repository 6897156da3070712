"""Run all benchmarks, or those named: `python -m benchmarks sealing deciding`."""

import sys
from importlib import import_module

ALL = (
    "sealing",
    "bulk_sealing",
    "reading",
    "auditing",
    "deciding",
    "serving",
    "audiences",
    "importing",
    "accessing",
    "erasing",
    "desk",
    "pii",
)

for name in sys.argv[1:] or ALL:
    import_module(f"benchmarks.{name}").run()
