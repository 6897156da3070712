"""The policy in force: reloaded when its files change, and never replaced by one that does not fit."""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog

from privacy_svc.db import now
from privacy_svc.errors import Misconfigured
from privacy_svc.policy.loader import compile_policies, read_files, version_of, watched_paths
from privacy_svc.policy.policyset import PolicySet
from privacy_svc.policy.terms import outgrown
from privacy_svc.policy.widening import refuse_widened

_log = structlog.get_logger(__name__)

Stamp = tuple[tuple[str, int, int, int, int], ...]
QUIET = 2.0
"""Seconds in which nothing changes in the folder before it counts as whole."""
TRIES = 5


class PolicyHolder:
    """`current` looks at the files' stamps at most once in `interval` seconds; the set is swapped whole.

    Files are copied one after the other, and half of a copy may fit together: a folder in which something changed in
    the last `quiet` seconds, or changes while it is read, is looked at again later. A start does not wait; whoever
    starts a service says that the files are there. It takes them of one moment, too.

    Raises Misconfigured when the first load fails: a service does not start without a policy. `kept`, for who only
    reads the log: what is in force then, as when files are refused later on; None where nothing was kept.
    """

    def __init__(
        self,
        folder: Path,
        *,
        interval: float = 1.0,
        quiet: float = QUIET,
        kept: Callable[[], PolicySet | None] = lambda: None,
        candidate: bool = False,
    ) -> None:
        """`candidate`: never in force, so nobody consents under it, and it may widen as it likes."""
        self.folder, self.interval, self._quiet, self._is_candidate = folder, interval, quiet, candidate
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
            stamp, files = _of_one_moment(self.folder)
            self._stamp = _settled(stamp)
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
        if stamp == self._stamp or _young(stamp, self._quiet):
            return
        files = read_files(self.folder)
        if _stamp(self.folder) != stamp:
            return
        version = version_of(files)
        if version != self._seen:
            self._seen = version
            name = self.folder.resolve().name
            loaded = compile_policies(files, name=name)
            if not self._is_candidate:
                refuse_widened(self._current, loaded, name)
            changes = list(outgrown(self._current, loaded))
            self._current = loaded
            _log.info("policy.loaded", version=version)
            for change in changes:
                _log.warning("policy.outgrown", purpose=change.purpose, before=change.before, after=change.after)
        if version == self._current.version and self.fault is not None:
            self.fault = self.refused_since = None
            self._tell(False)
            _log.info("policy.accepted", version=version)
        self._stamp = _settled(stamp)

    def _refuse(self, error: Misconfigured) -> None:
        self._stamp = ()
        if self.fault is None or str(self.fault) != str(error):
            _log.error("policy.refused", in_force=self._current.version, faults=[str(error)])
        if self.fault is None:
            self.refused_since = now()
            self._tell(True)
        self.fault = error


def _of_one_moment(folder: Path) -> tuple[Stamp, dict[str, bytes]]:
    for _ in range(TRIES):
        stamp, files = _stamp(folder), read_files(folder)
        if _stamp(folder) == stamp:
            return stamp, files
    raise Misconfigured(f"The files of {folder} change while they are read: start again once they are all there.")


def _stamp(folder: Path) -> Stamp:
    """Of the files and of the folders they are in, which tell of a file that was taken away. A copy may date a file
    back; when it was put there (`ctime`) it cannot."""
    try:
        found = [(p, p.stat()) for p in watched_paths(folder)]
    except OSError as error:
        raise Misconfigured(f"The policies folder {folder} cannot be read: {error.strerror}.") from error
    return tuple(sorted((str(p), s.st_ctime_ns, s.st_mtime_ns, s.st_size, s.st_ino) for p, s in found))


def _young(stamp: Stamp, seconds: float) -> bool:
    """Ahead counts as well: a clock that is far ahead says nothing, and must not keep a policy out for good."""
    return abs(time.time_ns() - max((ctime for _, ctime, _, _, _ in stamp), default=0)) < seconds * 1e9


def _settled(stamp: Stamp) -> Stamp:
    """To know a folder by; none where it is young: a file written in the clock's last tick may be written again within
    it, and look the same."""
    return () if _young(stamp, QUIET) else stamp
