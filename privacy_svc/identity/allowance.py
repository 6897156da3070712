"""How many calls a token may make in a minute, over all processes.

A process takes some hundredth of them at once from the shared count, so that one call in so many writes. What it took
and did not spend by the end of the minute is lost: the limit errs to the strict side, by a hundredth for each process.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from privacy_svc.db import EARLIEST, Database, now
from privacy_svc.identity.errors import TooManyTries
from privacy_svc.identity.limits import Limit, Reached, take

PERIOD = timedelta(minutes=1)
SHARE = 100


@dataclass(slots=True)
class _Allowance:
    """Of one token in this process. `left` may be spent until `until`; `reached` until it is over."""

    left: int = 0
    until: datetime = EARLIEST
    reached: Reached | None = None
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


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
        mine = self._mine.setdefault(client_id, _Allowance())
        async with mine.asking:
            if mine.left <= 0 or mine.until <= now():
                await self._fill(mine, client_id)
            mine.left -= 1

    async def _fill(self, mine: _Allowance, client_id: str) -> None:
        if mine.reached is None or mine.reached.until <= now():
            at = now()
            mine.reached = await asyncio.to_thread(self._take, client_id)
            mine.left, mine.until = self._block, at + PERIOD
        if mine.reached is not None:
            mine.left = 0
            raise TooManyTries(mine.reached.seconds)

    def _take(self, client_id: str) -> Reached | None:
        with self._database.write() as session:
            return take(session, self._limit, client_id.encode(), self._block)
