"""Requests as durable workflows on DBOS (https://docs.dbos.dev), and the worker that runs them.

The committed request row is the order to run it: web processes write it in the transaction of the approval
and never touch the engine. A worker that has a place free finds new orders and starts one workflow for each attempt,
named `<request>.<attempt>`: the engine runs a name once, so that no crash in between loses or doubles one, and of two
workers that see the same order one runs it. A workflow's inputs, outputs and errors are ids and words of our own:
erasure has no second place to clean.

Who writes an order wakes the workers of the machine (`waking`); others find it within `POLL` seconds.

A step's own note in the request row is what makes it safe to run twice; the engine brings the order, the
retries that outlive the process, and the recovery.
"""

import fcntl
import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import IO, Any, Self

import structlog
from dbos import DBOS, DBOSConfig, SetWorkflowID
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from privacy_svc.db import Database, new_id, now, parse_url
from privacy_svc.errors import Conflict, DatabaseBusy
from privacy_svc.rights.courier import Courier
from privacy_svc.rights.fulfilment import Fulfilment
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.states import Right, State
from privacy_svc.rights.sweeping import Sweeper, at_the_gate
from privacy_svc.rights.waking import Ear
from privacy_svc.settings import Settings

_log = structlog.get_logger(__name__)

VERSION = "1"
"""Pinned: a new version of the code goes on with the runs of the old one. Raised only when the steps of a run
that has begun would no longer fit, after the queue has run dry."""
QUEUE = "requests"
"""What an earlier version enqueued is run from it."""
FILE = "workflows.sqlite3"
POLL = 0.1
QUEUE_POLL = 2.0
STARTING = 10.0
"""Seconds after which an order counts no more that was started and does not run here: another worker has it."""
PATIENCE = 30
"""Seconds that `stop` waits for runs in the middle; what waits longer goes on at the next start."""
URGENT = 2
"""Places that only these have, besides those of all: nobody's data are used against their will because a package is
being packed, or a store keeps others waiting."""
AT_ONCE = frozenset({Right.OBJECTION, Right.RESTRICTION})
STOP_PAUSE = 1.0
"""Seconds between two tries to note that a run came no further, while the database is away."""
REVIEW = 60.0
"""Seconds between two looks for runs that the engine lost."""
COURIERS = 3
"""Threads that tell recipients: one that hangs does not keep the others waiting."""
SLOTS = 64
_one = threading.Lock()
"""The engine is one a process: held by the worker that runs."""
_LOST = frozenset({None, "SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})


class Worker:
    """Runs requests in this process, one worker a process. `start`, and `stop` when done.

    Its name in the engine is a slot of the home folder, held by a lock that dies with the process: no two
    workers share a name (the engine would run work twice), and a restarted worker takes over what the killed
    one of its slot left.
    """

    def __init__(self, database: Database, fulfilment: Fulfilment, settings: Settings, *, concurrency: int = 4) -> None:
        self._database, self._fulfilment, self._settings = database, fulfilment, settings
        self._concurrency = concurrency
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._slot: IO[str] | None = None
        self._orders = threading.Event()
        """There may be new ones."""
        self._ear: Ear | None = None
        self._run: Any = None
        self._running: set[str] = set()
        self._starting: dict[str, float] = {}

    def start(self) -> None:
        if not _one.acquire(blocking=False):
            raise Conflict("A worker runs in this process already.")
        try:
            self._slot, name = _take_slot(self._settings.home)
            self._ear = Ear(Path(self._slot.name).with_suffix(".sock"), self._orders.set)
            DBOS(config=self._config(name))
            self._run = self._workflow()
            DBOS.launch()
            DBOS.register_queue(QUEUE, worker_concurrency=self._concurrency, polling_interval_sec=QUEUE_POLL)
        except BaseException:
            self.stop()
            raise
        self._ended.clear()
        courier = Courier(self._database, self._fulfilment.parts)
        sweeper = Sweeper(self._database, self._fulfilment, self._settings.home)
        self._threads = [
            threading.Thread(target=self._dispatch, name="requests", daemon=True),
            threading.Thread(target=sweeper.run, args=(self._ended,), name="sweeper", daemon=True),
            *(
                threading.Thread(target=courier.run, args=(self._ended,), name=f"recipients-{n}", daemon=True)
                for n in range(COURIERS)
            ),
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends after the runs that have begun, also those that come to their first line only now; what is left goes on
        at the next start."""
        self._ended.set()
        self._orders.set()
        for thread in self._threads:
            thread.join()
        self._threads = []
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=PATIENCE if self._load() else 0)
        if self._ear is not None:
            self._ear.close()
            self._ear = None
        if self._slot is not None:
            self._slot.close()
            self._slot = None
        _one.release()

    def _config(self, name: str) -> DBOSConfig:
        return {
            "name": "privacy-svc",
            "system_database_url": _system_database(self._database, self._settings.home),
            "application_version": VERSION,
            "executor_id": name,
            "log_level": "ERROR",
            "enable_otlp": False,
            "notification_listener_polling_interval_sec": 0.25,  # unused, but `stop` waits for its thread
        }

    def _workflow(self) -> Any:
        work = self._fulfilment

        @DBOS.workflow(name="fulfil")
        def fulfil(request_id: str) -> str:
            self._running.add(request_id)
            self._starting.pop(request_id, None)
            try:
                return _fulfil(work, request_id, self._ended)
            finally:
                self._running.discard(request_id)
                self._orders.set()

        return fulfil

    def _dispatch(self) -> None:
        reviewed = -REVIEW
        while not self._ended.is_set():
            self._orders.clear()
            try:
                if time.monotonic() - reviewed >= REVIEW:
                    reviewed = time.monotonic()
                    self._revive()
                self._start_orders()
            except DatabaseBusy:
                _log.warning("requests.database_busy")
            except Exception as error:  # noqa: BLE001 - the loop must outlive what it meets
                _log.error("requests.dispatch_failed", kind=type(error).__name__)
            self._orders.wait(POLL)

    def _start_orders(self) -> None:
        """Orders no engine knows of yet, as many as there are places, the urgent ones and the oldest first. Started
        before it is noted: a second time is the same workflow."""
        load = self._load()
        places = self._concurrency + URGENT - load
        if places <= 0:
            return
        with self._database.read() as session:
            orders = session.connection().execute(_ORDERS, {"places": places, "at": now()}).all()
        for started, (request_id, attempt, right) in enumerate(orders):
            if load + started >= self._concurrency and right not in AT_ONCE:
                return
            self._starting[request_id] = time.monotonic()
            with SetWorkflowID(f"{request_id}.{attempt}"):
                DBOS.start_workflow(self._run, request_id)
            self._set(request_id, attempt, dispatched=attempt)

    def _load(self) -> int:
        late = time.monotonic() - STARTING
        self._starting = {request: at for request, at in self._starting.items() if at > late}
        return len(self._running | self._starting.keys())

    def _revive(self) -> None:
        """Runs that the engine ended without ending the request, or does not know (its database was lost); and those
        that a sweeper was to end. Not what waits for one."""
        with self._database.read() as session:
            running = session.execute(
                select(DataRequest.id, DataRequest.attempt, DataRequest.progress).where(
                    DataRequest.state == State.IN_PROGRESS.value,
                    DataRequest.dispatched == DataRequest.attempt,
                    DataRequest.right != Right.AUTOMATED_DECISION.value,
                )
            ).all()
        for request_id, attempt, progress in running:
            if at_the_gate((progress or {}).get("steps", ())):
                continue
            status = DBOS.get_workflow_status(f"{request_id}.{attempt}")
            if (status.status if status else None) in _LOST:
                _log.warning("requests.revived", request=request_id, attempt=attempt)
                self._set(request_id, attempt, attempt=attempt + 1)

    def _set(self, request_id: str, present: int, **values: int) -> None:
        """Only while the attempt is still this one: another worker may have done the same."""
        with self._database.write() as session:
            mine = update(DataRequest.__table__).where(DataRequest.id == request_id)  # type: ignore[arg-type]
            session.connection().execute(mine.where(DataRequest.attempt == present).values(**values))


_ORDERS = (
    select(DataRequest.id, DataRequest.attempt, DataRequest.right)
    .where(DataRequest.state == State.IN_PROGRESS.value, DataRequest.dispatched < DataRequest.attempt)
    .where(DataRequest.next_at.is_(None) | (DataRequest.next_at <= bindparam("at")))
    .order_by(DataRequest.right.not_in([r.value for r in AT_ONCE]))
    .order_by(func.coalesce(DataRequest.approved_at, DataRequest.verified_at), DataRequest.id)
    .limit(bindparam("places"))
)


def _fulfil(work: Fulfilment, request_id: str, ended: threading.Event) -> str:
    """What was done stands in the request row, so that the engine need not note it too: a run that is broken off begins
    again and finds it. When something is away, the request row is the order to try it again later. Where that is what
    is away, the run waits for it here: the engine would take a run that left no word for one that goes on."""
    problem = work.run(request_id)
    if problem is None:
        return "completed"
    while True:
        try:
            return work.stop(request_id, problem)
        except (DatabaseBusy, SQLAlchemyError) as error:
            _log.warning("requests.stop_waits", request=request_id, kind=type(error).__name__)
            if ended.wait(STOP_PAUSE):
                raise


def _system_database(database: Database, home: Path) -> str:
    """The engine's own tables: in the same PostgreSQL (schema `dbos`), else in a file of the home folder."""
    if database.engine.dialect.name == "postgresql":
        return database.engine.url.render_as_string(hide_password=False)
    path = home / FILE
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    path.chmod(0o600)
    return str(parse_url(f"sqlite:///{path.resolve()}"))


def _take_slot(home: Path) -> tuple[IO[str], str]:
    folder = home / "workers"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    identity = folder / "id"
    if not identity.exists():
        fresh = folder / f"id.{os.getpid()}"
        fresh.write_text(new_id())
        try:
            identity.hardlink_to(fresh)
        except FileExistsError:
            pass  # another worker of this home was first; its id stands
        finally:
            fresh.unlink()
    for number in range(SLOTS):
        slot = (folder / f"{number}.lock").open("w")
        try:
            fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            slot.close()
            continue
        return slot, f"{identity.read_text()}.{number}"
    raise Conflict(f"{SLOTS} workers run on this home folder already.")
