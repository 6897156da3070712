"""When to try again what another party did not take: sooner at first, for about ten days. Pure."""

import random
from datetime import timedelta

LEASE = timedelta(minutes=5)
"""Longer than any sending takes: so long nobody else turns to what a worker has taken."""
FIRST, LONGEST = timedelta(seconds=30), timedelta(hours=12)
"""Before the second try, doubled for each that follows; and at most."""
TRIES = 30
"""About ten days of them, then a person has to see to it."""
_dice = random.SystemRandom()


def wait_after(tries: int) -> timedelta:
    """Before the next try; spread, so that what failed together does not come back together."""
    doubled: timedelta = FIRST * 2 ** min(tries - 1, 30)
    return min(doubled, LONGEST) * _dice.uniform(0.8, 1.2)
