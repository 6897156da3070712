"""Shared transactions: callers who wait at the same time share one, so that each pays a part of its statements and of
its flush.

Callers are on an event loop and cost no thread while they wait. One thread does the work, a batch at a time; who comes
meanwhile is in the next.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from privacy_svc.errors import DatabaseBusy, Deadlocked, PrivacyError

MOST = 256
"""Callers in one transaction."""
GATHER_SECONDS = 0.001
"""How long others are waited for where several came the last time."""
T = TypeVar("T")
R = TypeVar("R")
Change = Callable[[Session], R]


class _Ticket(Generic[T, R]):
    __slots__ = ("error", "future", "item", "result")

    def __init__(self, item: T, future: "asyncio.Future[R]") -> None:
        self.item, self.future = item, future
        self.result: R | None = None
        self.error: Exception | None = None

    def tell(self) -> None:
        """On the loop of who waits, if they still do."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)  # type: ignore[arg-type]  # `_try` has set one of the two


class Together(Generic[T, R]):
    """`work` is given the items of all who wait, in one `transaction`, and answers each in order; an answer that is an
    exception is raised to its own caller alone. Everybody's answer comes after the transaction's end."""

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[Session]],
        work: Callable[[Session, Sequence[T]], Sequence[R | Exception]],
        most: int = MOST,
    ) -> None:
        self._transaction, self._work, self._most = transaction, work, most
        self._lock = threading.Lock()
        self._waiting: deque[_Ticket[T, R]] = deque()
        self._busy, self._last = False, 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="together")

    async def do(self, item: T) -> R:
        """Raises what `work` raises or answers for this item."""
        ticket = _Ticket[T, R](item, asyncio.get_running_loop().create_future())
        with self._lock:
            self._waiting.append(ticket)
            idle, self._busy = not self._busy, True
        if idle:
            self._thread.submit(self._work_off)
        return await ticket.future

    def _work_off(self) -> None:
        """Until nobody waits."""
        while batch := self._next():
            try:
                self._answer(batch)
            except BaseException as error:  # noqa: BLE001 - also a panic of a library: who waits is told, who comes is served
                for ticket in batch:
                    ticket.error = ticket.error or RuntimeError(
                        f"A shared transaction ended by {type(error).__name__}."
                    )
            _tell(batch)

    def _next(self) -> list[_Ticket[T, R]]:
        if self._last > 1:  # those come again as soon as they are answered
            time.sleep(GATHER_SECONDS)
        with self._lock:
            self._busy, self._last = bool(self._waiting), min(self._most, len(self._waiting))
            return [self._waiting.popleft() for _ in range(self._last)]

    def _answer(self, batch: Sequence[_Ticket[T, R]]) -> None:
        """Where the whole fails, each is tried alone, so that one fails nobody else; not where the database is away,
        which would be waited for once each. Of two shared transactions that wait for each other's rows one fails."""
        error = self._try(batch)
        if error is None:
            return
        away = isinstance(error, DatabaseBusy) and not isinstance(error, Deadlocked)
        alone = len(batch) == 1 or away
        for ticket in batch:
            ticket.error = error if alone else self._try([ticket]) or ticket.error

    def _try(self, batch: Sequence[_Ticket[T, R]]) -> Exception | None:
        try:
            with self._transaction() as session:
                found = list(zip(batch, self._work(session, [ticket.item for ticket in batch]), strict=True))
        except Exception as error:  # noqa: BLE001 - raised to whom it concerns
            return error
        for ticket, answer in found:
            if isinstance(answer, Exception):
                ticket.error = answer
            else:
                ticket.result = answer
        return None


def each(session: Session, changes: Sequence[Change[R]]) -> list[R | PrivacyError]:
    """Changes that have nothing to do with each other, as `work`: one that is refused leaves nothing behind, and the
    others stand. A change may be carried out again, alone."""
    return [_change(session, change) for change in changes]


def _change(session: Session, change: Change[R]) -> R | PrivacyError:
    try:
        with session.begin_nested():
            return change(session)
    except DatabaseBusy:
        raise
    except PrivacyError as error:
        return error


def _tell(batch: Sequence[_Ticket[T, R]]) -> None:
    """One call to each loop, however many wait there."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Ticket[T, R]]] = {}
    for ticket in batch:
        by_loop.setdefault(ticket.future.get_loop(), []).append(ticket)
    for loop, mine in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits there any more
            loop.call_soon_threadsafe(_tell_all, mine)


def _tell_all(tickets: Sequence[_Ticket[T, R]]) -> None:
    for ticket in tickets:
        ticket.tell()
