"""Interleaved rounds of CPU time, medians, and a table that prints a missed target as missed."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

ROUNDS = 15
ROUND_SECONDS = 0.02


@dataclass(frozen=True)
class Figure:
    """`per_second` of one operation, and its ratio to the limit measured beside it."""

    name: str
    per_second: float
    ratio: float
    target: float | None

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        return "met" if self.ratio >= self.target else "MISSED"


def rates(operations: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Median operations a second of CPU time; every round runs all of them, so that noise meets them alike."""
    counts = {name: _calibrate(run) for name, run in operations.items()}
    seconds: dict[str, list[float]] = {name: [] for name in operations}
    for _ in range(ROUNDS):
        for name, run in operations.items():
            begun = time.thread_time()
            for _ in range(counts[name]):
                run()
            seconds[name].append((time.thread_time() - begun) / counts[name])
    return {name: 1 / statistics.median(taken) for name, taken in seconds.items()}


def _calibrate(run: Callable[[], object]) -> int:
    count = 1
    while True:
        begun = time.thread_time()
        for _ in range(count):
            run()
        taken = time.thread_time() - begun
        if taken > ROUND_SECONDS / 4:
            return max(1, int(count * ROUND_SECONDS / taken))
        count *= 4


def show(title: str, limit: str, found: Mapping[str, float], targets: Mapping[str, float]) -> None:
    print(f"\n{title} (limit: {limit}, {found[limit]:,.0f}/s)")
    for name, rate in found.items():
        if name != limit:
            figure = Figure(name, rate, rate / found[limit], targets.get(name))
            target = f"target {figure.target:.2f}  {figure.verdict}" if figure.target is not None else ""
            print(f"  {figure.name:34} {figure.per_second:14,.0f}/s  {figure.ratio:7.3f} of the limit  {target}")
