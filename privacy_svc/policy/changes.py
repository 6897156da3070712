"""The words in which a difference between two policies is told."""

import enum
from dataclasses import dataclass


class Direction(enum.StrEnum):
    LOOSENED = "loosened"
    TIGHTENED = "tightened"
    REASON = "reason"
    """Denied as before, for another first reason."""


@dataclass(frozen=True, slots=True)
class Change:
    """`before` and `after`: permit, the mask, the reason of the denial, or what a rule beside decisions says. `count`:
    states, or people; 0 for such a rule."""

    purpose: str
    modules: tuple[str, ...]
    direction: Direction
    before: str
    after: str
    fields: tuple[str, ...]
    count: int
    example: str = ""
