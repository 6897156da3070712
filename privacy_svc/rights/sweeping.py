"""The pass over everybody's texts that many erasures wait for, in a thread of the worker.

One at a time, whatever the number of workers: a lock that dies with its process or its connection says whose turn it
is. A pass answers for all erasures that were certified before it began; a store that is away puts it off. Between two
passes it rests, so that it never takes more than a part of the machine.
"""

import fcntl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import select, text

from privacy_svc.db import Database
from privacy_svc.errors import DatabaseBusy, PrivacyError, Unavailable
from privacy_svc.rights import leftovers, steps
from privacy_svc.rights.erasing import known_to
from privacy_svc.rights.errors import DataLeft
from privacy_svc.rights.fulfilment import Fulfilment, problem_of
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import find
from privacy_svc.rights.states import Right, State
from privacy_svc.rights.steps import EVERYWHERE, is_done, tell_progress
from privacy_svc.store import Searched, Sweep

POLL = 0.1
REST = 3.0
"""So many times as long as a pass took it rests afterwards."""
LONGEST_REST = 600.0
_LOCK = 0x7072697673776570
"""PostgreSQL's advisory lock."""
_RUNNING = select(DataRequest.id, DataRequest.progress).where(
    DataRequest.state == State.IN_PROGRESS.value,
    DataRequest.right == Right.ERASURE.value,
    DataRequest.dispatched == DataRequest.attempt,
)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting:
    attempt: int
    searched: Searched


class Sweeper:
    def __init__(self, database: Database, work: Fulfilment, home: Path) -> None:
        self._database, self._work, self._home = database, work, home

    def run(self, ended: threading.Event) -> None:
        """Until `ended`, whatever happens meanwhile."""
        rest = POLL
        while not ended.wait(rest):
            begun = time.monotonic()
            swept = 0
            try:
                swept = self.sweep(ended)
            except DatabaseBusy:
                _log.warning("sweep.database_busy")
            except PrivacyError as error:
                _log.warning("sweep.waits", problem=error.slug)
            except Exception as error:  # noqa: BLE001 - the loop must outlive what it meets
                _log.error("sweep.failed", kind=type(error).__name__)
            rest = min(max(POLL, REST * (time.monotonic() - begun)), LONGEST_REST) if swept else POLL

    def sweep(self, ended: threading.Event | None = None) -> int:
        """One pass for all that wait for it; how many. Raises StoreUnavailable, KeyUnavailable."""
        if not self._ids():
            return 0
        with _alone(self._database, self._home) as mine:
            return self._pass(ended) if mine else 0

    def _pass(self, ended: threading.Event | None) -> int:
        parts = self._work.parts
        parts.vault.replace_all_due(self._database)
        waiting = self._waiting()
        people = {request_id: one.searched for request_id, one in waiting.items()}
        sweep = Sweep(self._database, parts.stores, parts.vault, parts.policy, people)
        try:
            whole = sweep.run(lambda: ended is None or not ended.is_set())
        finally:
            self._note(waiting, sweep)
        if not whole:
            return 0
        for request_id, one in waiting.items():
            try:
                self._end(request_id, one.attempt, sweep)
            except PrivacyError as error:  # it stays where it is, for the next pass
                _log.warning("sweep.not_ended", request=request_id, problem=error.slug)
        _log.info("sweep.done", erasures=len(waiting), texts=sweep.texts, closed=sweep.closed)
        return len(waiting)

    def _note(self, waiting: Iterable[str], sweep: Sweep) -> None:
        """Also of a pass that did not come to its end, or that ends no erasure."""
        for request_id in waiting:
            if treated := sweep.treated(request_id):
                with self._database.write() as session:
                    request = find(session, request_id, lock=True)
                    leftovers.note_taken_out(request, EVERYWHERE.name, treated)

    def _ids(self) -> list[str]:
        """Erasures that got as far as the gate."""
        with self._database.read() as session:
            found = session.connection().execute(_RUNNING).all()
        return [i for i, told in found if at_the_gate((told or {}).get("steps", ()))]

    def _waiting(self) -> Mapping[str, _Waiting]:
        found: dict[str, _Waiting] = {}
        for request_id in self._ids():
            try:
                found[request_id] = self._one(request_id)
            except Unavailable:
                raise
            except PrivacyError as error:  # what is wrong with one keeps nobody else waiting
                _log.error("sweep.unreadable", request=request_id, problem=error.slug)
                self._work.fail(request_id, problem_of(EVERYWHERE.name, error))
        return found

    def _one(self, request_id: str) -> _Waiting:
        with self._database.read() as session:
            request = find(session, request_id)
            assert request.subject_id is not None
            known = known_to(session, self._work.parts, request)
            return _Waiting(request.attempt, Searched(request.subject_id, known, leftovers.decided(request)))

    def _end(self, request_id: str, attempt: int, sweep: Sweep) -> None:
        """Opens the gate and goes on. Where something is away then, or this process ends, the order to go on is given
        to the engine."""
        try:
            if not self._open(request_id, attempt, sweep):
                return
        except DataLeft as error:
            self._work.fail(request_id, problem_of(EVERYWHERE.name, error))
            return
        if self._work.run(request_id) is not None:
            with self._database.write() as session:
                find(session, request_id, lock=True).attempt += 1

    def _open(self, request_id: str, attempt: int, sweep: Sweep) -> bool:
        """Not where somebody began anew meanwhile. Raises DataLeft."""
        with self._database.write() as session:
            request = find(session, request_id, lock=True)
            due = request.state == State.IN_PROGRESS and request.attempt == attempt
            if not due or is_done(request, EVERYWHERE):
                return False
            said = leftovers.judge(request, EVERYWHERE.name, sweep.left(request_id))
            read = {"texts": sweep.texts, "closed": sweep.closed, "not_searched": sweep.not_searched}
            tell_progress(request, everywhere=said | read)
            steps.mark_done(request, EVERYWHERE)
            return True


def at_the_gate(done: Sequence[str]) -> bool:
    return "certify" in done and EVERYWHERE.name not in done


@contextmanager
def _alone(database: Database, home: Path) -> Iterator[bool]:
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect() as connection:
            had = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:n)"), {"n": _LOCK}))
            try:
                yield had
            finally:
                if had:
                    connection.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": _LOCK})
        return
    folder = home / "workers"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "sweep.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
