"""How far long work is, for whoever waits for it."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Takes how much is done, and of how much."""


def unseen(_done: int, _of: int) -> None:
    """Where nobody waits."""
