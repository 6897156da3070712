"""The policy in force: reloaded when its files change, and never replaced by one that does not fit."""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog

from privacy_svc.db import now
from privacy_svc.errors import Misconfigured
from privacy_svc.policy.loader import compile_policies, policy_paths, read_files, version_of
from privacy_svc.policy.policyset import PolicySet
from privacy_svc.policy.terms import outgrown

_log = structlog.get_logger(__name__)

Stamp = tuple[tuple[str, int, int, int], ...]


class PolicyHolder:
    """`current` looks at the files' stamps at most once in `interval` seconds; the set is swapped whole.

    Raises Misconfigured when the first load fails: a service does not start without a policy. `kept`, for who only
    reads the log: what is in force then, as when files are refused later on; None where nothing was kept.
    """

    def __init__(
        self, folder: Path, *, interval: float = 1.0, kept: Callable[[], PolicySet | None] = lambda: None
    ) -> None:
        self.folder, self.interval = folder, interval
        self.fault: Misconfigured | None = None
        """Why the files as they are now are not in force; None when they are."""
        self.refused_since: datetime | None = None
        self._tell: Callable[[bool], None] = lambda _refused: None
        self._lock = threading.Lock()
        self._stamp: Stamp = ()
        self._seen = ""
        self._current = self._first(kept)
        self._next = time.monotonic() + interval

    def _first(self, kept: Callable[[], PolicySet | None]) -> PolicySet:
        try:
            self._stamp = _stamp(self.folder)
            files = read_files(self.folder)
            self._seen = version_of(files)
            return compile_policies(files, name=self.folder.resolve().name)
        except Misconfigured as error:
            instead = kept()
            if instead is None:
                raise
            self._stamp, self.fault, self.refused_since = (), error, now()
            return instead

    def tell_refusals(self, tell: Callable[[bool], None]) -> None:
        """Calls it with whether the files are refused: now, and whenever that changes."""
        self._tell = tell
        tell(self.fault is not None)

    @property
    def current(self) -> PolicySet:
        if time.monotonic() >= self._next and self._lock.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._next = time.monotonic() + self.interval
                self._lock.release()
        return self._current

    def _look(self) -> None:
        try:
            self._load()
        except Misconfigured as error:
            self._refuse(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, what is in force stays, and it is said
            self._seen = ""  # not the files' own fault, so that the same files are tried again
            told = f"The policies could not be compiled ({type(error).__name__}): a fault of the service, tried again."
            self._refuse(Misconfigured(told))

    def _load(self) -> None:
        stamp = _stamp(self.folder)
        if stamp == self._stamp and not _young(stamp):
            return
        files = read_files(self.folder)
        version = version_of(files)
        if version != self._seen:
            self._seen = version
            loaded = compile_policies(files, name=self.folder.resolve().name)
            changes = list(outgrown(self._current, loaded))
            self._current = loaded
            _log.info("policy.loaded", version=version)
            for change in changes:
                _log.warning("policy.outgrown", purpose=change.purpose, before=change.before, after=change.after)
        if version == self._current.version and self.fault is not None:
            self.fault = self.refused_since = None
            self._tell(False)
            _log.info("policy.accepted", version=version)
        self._stamp = stamp

    def _refuse(self, error: Misconfigured) -> None:
        self._stamp = ()
        if self.fault is None or str(self.fault) != str(error):
            _log.error("policy.refused", in_force=self._current.version, faults=[str(error)])
        if self.fault is None:
            self.refused_since = now()
            self._tell(True)
        self.fault = error


def _stamp(folder: Path) -> Stamp:
    try:
        found = [(p, p.stat()) for p in policy_paths(folder)]
    except OSError as error:
        raise Misconfigured(f"The policies folder {folder} cannot be read: {error.strerror}.") from error
    return tuple(sorted((str(p), s.st_mtime_ns, s.st_size, s.st_ino) for p, s in found))


def _young(stamp: Stamp) -> bool:
    """A file written in the clock's last tick may have been written twice within it, and look the same."""
    return time.time_ns() - max((mtime for _, mtime, _, _ in stamp), default=0) < 2_000_000_000
