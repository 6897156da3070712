"""Charts as SVG, drawn by the server: they need no script, print well, and have their figures in a table as well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10

WIDTH, HEIGHT, LEFT, BOTTOM = 640, 200, 36, 24
NAMES, FIGURES, ROW = 210, 60, 26
"""Of bars: room for their names and figures, and from one to the next."""


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


def lines(
    series: Mapping[str, Sequence[int | float | None]], labels: Sequence[str], top: float | None = None
) -> Chart | None:
    """One line for each name, over the same labels; what is None is left out. `top` is the highest value shown; without
    one a round number above all. None where nothing is above nought."""
    most = max((v for values in series.values() for v in values if v is not None), default=0)
    if top is None:
        if most <= 0:
            return None
        top = _round_above(most)
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


@dataclass(frozen=True, slots=True)
class Bar:
    """`width` and `y` as SVG wants them."""

    name: str
    value: int
    y: float
    width: float


@dataclass(frozen=True, slots=True)
class Bars:
    bars: tuple[Bar, ...]
    height: int
    width: int = WIDTH
    left: int = NAMES


def bars(values: Mapping[str, int]) -> Bars | None:
    """One below the other, as their names are long. None where all are nought."""
    most = max(values.values(), default=0)
    if most <= 0:
        return None
    room = WIDTH - NAMES - FIGURES
    drawn = tuple(Bar(name, v, 8 + n * ROW, room * v / most) for n, (name, v) in enumerate(values.items()))
    return Bars(drawn, 16 + ROW * len(drawn))


def _round_above(value: float) -> float:
    """1, 2 or 5 with noughts, which halves well."""
    ten: float = 10.0 ** floor(log10(value))
    return next(step * ten for step in (1, 2, 5, 10) if step * ten >= value)


def _height(value: float, top: float) -> float:
    return 8 + (HEIGHT - BOTTOM - 8) * (1 - value / top)
