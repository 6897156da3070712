"""Ending what is over of many people, one by one: what one of them is refused keeps nobody else waiting.

Without anybody who looks, at most so much of the dates' own time goes in a run, one run a day: a clock that is ahead
costs a month, not all. A month of which nothing could be ended is passed over in that run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from privacy_svc.db import now
from privacy_svc.errors import PrivacyError, Unavailable

DAILY = timedelta(days=1)
AUTOMATIC = timedelta(days=31)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Each:
    """How much of each person, and of how many nothing."""

    done: Sequence[int | None]
    refused: int


def end_each(
    found: Sequence[tuple[str, datetime]],
    end: Callable[[str, datetime | None], int | None],
    refuse: Callable[[str, PrivacyError], None] = lambda _person, _error: None,
    *,
    automatic: bool,
    last: datetime | None,
) -> Each:
    """`found`: people with their dates, the oldest first; `last`: when something ended last. `end` is called with the
    person and the date before which it ends what is over, `refuse` with who could not be done. Raises Unavailable."""
    if automatic and last is not None and now() - last < DAILY:
        return Each((), 0)
    left, done, refused = list(found), list[int | None](), 0
    while left and not (automatic and done):
        before = left[0][1] + AUTOMATIC if automatic else None
        taken = [person for person, until in left if before is None or until < before]
        left = left[len(taken) :]
        for person in taken:
            try:
                done.append(end(person, before))
            except Unavailable:
                raise
            except PrivacyError as error:
                _log.warning("ending.refused", problem=error.slug)
                refuse(person, error)
                refused += 1
    return Each(done, refused)
