"""Charts as SVG, drawn by the server: they need no script, print well, and have their figures in a table as well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, LEFT, BOTTOM = 640, 200, 36, 24


@dataclass(frozen=True, slots=True)
class Line:
    """`points` as SVG wants them; `last` the last value, `at` where it is."""

    name: str
    number: int
    points: str
    last: int | float | None
    values: tuple[int | float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """`ticks`: heights with their words. `labels` under the first and the last point, and all for the table."""

    lines: tuple[Line, ...]
    ticks: tuple[tuple[float, str], ...]
    labels: tuple[str, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


def lines(series: Mapping[str, Sequence[int | float | None]], labels: Sequence[str], top: float) -> Chart:
    """One line for each name, over the same labels; what is None is left out. `top` is the highest value shown."""
    count = max(len(labels) - 1, 1)

    def place(index: int, value: float) -> str:
        x = LEFT + (WIDTH - LEFT - 8) * index / count
        y = _height(value, top)
        return f"{x:.1f},{y:.1f}"

    drawn = [
        Line(
            name,
            number,
            " ".join(place(i, v) for i, v in enumerate(values) if v is not None),
            next((v for v in reversed(values) if v is not None), None),
            tuple(values),
        )
        for number, (name, values) in enumerate(series.items())
    ]
    ticks = tuple((_height(v, top), f"{v:g}") for v in (0, top / 2, top))
    return Chart(tuple(drawn), ticks, tuple(labels))


def _height(value: float, top: float) -> float:
    return 8 + (HEIGHT - BOTTOM - 8) * (1 - value / top)
