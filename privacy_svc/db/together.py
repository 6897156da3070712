"""Shared commits: callers who wait at the same time share one transaction, so that each pays a part of its flush.

There is no thread of its own. Whoever comes while nobody works does the work for all who wait; who comes meanwhile
waits, and the first of those is next.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from privacy_svc.db.engine import Database
from privacy_svc.errors import DatabaseBusy

MOST = 256
"""Callers in one transaction."""
GATHER_SECONDS = 0.002
"""How long at most those are waited for who were there the last time: they come again as soon as they are answered."""
T = TypeVar("T")
R = TypeVar("R")


class _Ticket(Generic[T, R]):
    __slots__ = ("error", "item", "leads", "result", "turn")

    def __init__(self, item: T) -> None:
        self.item = item
        self.result: R | None = None
        self.error: Exception | None = None
        self.leads = False
        self.turn = threading.Event()


class Together(Generic[T, R]):
    """`work` is given the items of all who wait, in one write transaction, and answers each in order; an answer that
    is an exception is raised to its own caller alone. Everybody's answer comes after the commit."""

    def __init__(self, database: Database, work: Callable[[Session, Sequence[T]], Sequence[R | Exception]]) -> None:
        self._database, self._work = database, work
        self._lock = threading.Lock()
        self._waiting: deque[_Ticket[T, R]] = deque()
        self._busy = False
        self._came = threading.Condition(self._lock)
        self._expected = 1

    def do(self, item: T) -> R:
        """Raises what `work` raises or answers for this item."""
        ticket = _Ticket[T, R](item)
        with self._lock:
            self._waiting.append(ticket)
            self._came.notify()
            ticket.leads, self._busy = not self._busy, True
        if not ticket.leads:
            ticket.turn.wait()
        if ticket.leads:
            self._lead()
        if ticket.error is not None:
            raise ticket.error
        return ticket.result  # type: ignore[return-value]  # `_try` has set one of the two

    def _lead(self) -> None:
        """Work for all who wait, the caller among them, and pass on the lead. Nobody is left waiting."""
        with self._lock:
            self._came.wait_for(lambda: len(self._waiting) >= self._expected, GATHER_SECONDS * (self._expected > 1))
            self._expected = min(MOST, len(self._waiting))
            batch = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
        try:
            self._answer(batch)
        finally:
            with self._lock:
                self._busy = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].leads = True
                    self._waiting[0].turn.set()
            for ticket in batch:
                ticket.turn.set()

    def _answer(self, batch: Sequence[_Ticket[T, R]]) -> None:
        """Where the whole fails, each is tried alone, so that one fails nobody else; not where the database is away,
        which would be waited for once each."""
        error = self._try(batch)
        if error is None:
            return
        alone = len(batch) == 1 or isinstance(error, DatabaseBusy)
        for ticket in batch:
            ticket.error = error if alone else self._try([ticket]) or ticket.error

    def _try(self, batch: Sequence[_Ticket[T, R]]) -> Exception | None:
        try:
            with self._database.write() as session:
                found = self._work(session, [ticket.item for ticket in batch])
        except Exception as error:  # noqa: BLE001 - raised in the thread of whom it concerns
            return error
        for ticket, answer in zip(batch, found, strict=True):
            if isinstance(answer, Exception):
                ticket.error = answer
            else:
                ticket.result = answer
        return None
