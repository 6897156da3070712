"""The thread that brings entries into the tree soon after they are written."""

import threading
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import event
from sqlalchemy.orm import Session

from privacy_svc.auditlog.errors import LogInconsistent
from privacy_svc.auditlog.signing import SIGN_MS
from privacy_svc.errors import PrivacyError

if TYPE_CHECKING:
    from privacy_svc.auditlog.log import Log
    from privacy_svc.db import Database

SECONDS = 0.2
"""Entries gather this long before they are integrated together."""
SIGN_SECONDS = SIGN_MS / 1000
"""After which what was not signed yet is looked at again."""
IDLE_SECONDS = 5.0
"""Entries of processes that died before integrating theirs are looked for this often."""
_WOKEN = "auditlog.woken"
_log = structlog.get_logger(__name__)


class Integrator:
    def __init__(self, log: "Log") -> None:
        self._log = log
        self._wake, self._end = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, database: "Database") -> None:
        """Does nothing where it runs already."""
        if self._thread is None:
            self._end.clear()
            self._thread = threading.Thread(target=self._run, args=(database,), name="audit-log", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def wake_after(self, session: Session) -> None:
        """Wake at the session's commits: before one there is nothing to see."""
        if self._thread is not None and not session.info.get(_WOKEN):
            session.info[_WOKEN] = True
            event.listen(session, "after_commit", lambda _: self.wake())

    def stop(self) -> None:
        """What was committed before is in the tree afterwards, if the database answers."""
        if self._thread is not None:
            self._end.set()
            self._wake.set()
            self._thread.join(timeout=30)
            self._thread = None

    def _run(self, database: "Database") -> None:
        while not self._end.is_set():
            signed = self._turn(database, patient=True)
            self._wake.wait(IDLE_SECONDS if signed else SIGN_SECONDS)
            self._end.wait(SECONDS)
            self._wake.clear()
        self._turn(database, patient=False)

    def _turn(self, database: "Database", *, patient: bool) -> bool:
        """Whether all that is in the tree is signed, as far as it can be."""
        try:
            self._log.integrate(database, patient=patient)
            return self._log.all_signed(database)
        except PrivacyError as error:
            # Nothing is lost: entries wait in the outbox and the next turn tries again.
            if isinstance(error, LogInconsistent):
                _log.error("auditlog.waits", problem=error.slug, detail=error.detail)
            else:
                _log.warning("auditlog.waits", problem=error.slug)
        except Exception:  # noqa: BLE001 - a dead thread would silently stop the log
            _log.exception("auditlog.failed")
        return True
