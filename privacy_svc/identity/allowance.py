"""How many calls a token may make in a minute, over all processes.

A process takes some hundredth of them at once from the shared count, so that one call in so many writes. What it took
and did not spend by the end of the minute is lost: the limit errs to the strict side, by a hundredth for each process.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from privacy_svc.db import EARLIEST, Database, now
from privacy_svc.identity.errors import TooManyTries
from privacy_svc.identity.limits import Limit, Reached, take

PERIOD = timedelta(minutes=1)
SHARE = 100


@dataclass(slots=True)
class _Allowance:
    """Of one token in this process. `left` may be spent until `until`; nothing while the limit is `reached`."""

    left: int = 0
    until: datetime = EARLIEST
    reached: Reached | None = None
    counting: Lock = field(default_factory=Lock)
    """Held for a moment."""
    filling: Lock = field(default_factory=Lock)
    """Held while the database is asked, by a thread that may wait."""

    def spend(self) -> bool:
        """Whether one could be. Raises TooManyTries."""
        at = now()
        with self.counting:
            if self.reached is not None and self.reached.until > at:
                raise TooManyTries(self.reached.seconds)
            if self.left <= 0 or self.until <= at:
                return False
            self.left -= 1
            return True

    def fill(self, reached: Reached | None, block: int, at: datetime) -> None:
        with self.counting:
            self.reached, self.left, self.until = reached, 0 if reached else block, at + PERIOD


class Allowances:
    """`most`: calls a minute; 0: any number."""

    def __init__(self, database: Database, most: int) -> None:
        self._database, self._limit = database, Limit("token", most, PERIOD)
        self._block = max(1, most // SHARE)
        self._mine: dict[str, _Allowance] = {}

    async def spend(self, client_id: str) -> None:
        """One call. Raises TooManyTries."""
        if not self._limit.most:
            return
        mine = self._mine.get(client_id) or self._mine.setdefault(client_id, _Allowance())
        if not mine.spend():
            await asyncio.to_thread(self._fill_and_spend, mine, client_id)

    def _fill_and_spend(self, mine: _Allowance, client_id: str) -> None:
        with mine.filling:
            while not mine.spend():  # else somebody filled it meanwhile
                at = now()
                with self._database.write() as session:
                    reached = take(session, self._limit, client_id.encode(), self._block)
                mine.fill(reached, self._block, at)
