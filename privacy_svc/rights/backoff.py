"""When to try again what another party did not take: sooner at first, for about ten days. Pure."""

import random
from datetime import timedelta

LEASE = timedelta(minutes=5)
"""Longer than any sending takes: so long nobody else turns to what a worker has taken."""
FIRST, LONGEST = timedelta(seconds=30), timedelta(hours=12)
"""Before the second try, doubled for each that follows; and at most."""
TRIES = 30
"""About ten days of them, then a person has to see to it."""
PAUSES = (1, 2, 5, 10, 30, 60, 300)
"""Seconds before a request is turned to again for which a store or the key provider is away; then every PAUSE."""
PAUSE = 900
LASTING = 5
"""A problem that outlasts so many tries is told: the first ones are over in a minute."""
MOST = 300
"""About three days of them, then a person has to see to it."""
HICCUPS = 3
"""Tries of what ended for a reason nobody foresaw: a bug comes again, a file or a connection that broke does not."""
_dice = random.SystemRandom()


def wait_after(tries: int) -> timedelta:
    """Before the next try; spread, so that what failed together does not come back together."""
    doubled: timedelta = FIRST * 2 ** min(tries - 1, 30)
    return min(doubled, LONGEST) * _dice.uniform(0.8, 1.2)


def pause_after(tries: int) -> timedelta:
    return timedelta(seconds=PAUSES[tries - 1] if tries <= len(PAUSES) else PAUSE)
