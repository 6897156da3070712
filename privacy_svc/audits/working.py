"""What a worker does for an order: audits, a check of the whole log, whom a breach touched, figures, what other
policies would decide."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from privacy_svc.audits.breaches import Breaches
from privacy_svc.audits.figures import figures
from privacy_svc.audits.ordering import Claim, Kind, Orders
from privacy_svc.audits.service import Audits
from privacy_svc.db import now
from privacy_svc.errors import PrivacyError
from privacy_svc.policy import PolicySet, compare, kept_policy, recall
from privacy_svc.store import Simulation

BEAT = 2.0
"""Seconds between two signs of life, by which the page shows how far it is."""
TOLD = 100
"""Findings of a check of the log that are kept for the page; `log verify` has them all."""
_log = structlog.get_logger(__name__)


@dataclass
class _Progress:
    done: int = 0
    total: int | None = None

    def __call__(self, done: int, total: int) -> None:
        self.done, self.total = done, total


@dataclass(frozen=True)
class Work:
    audits: Audits
    simulation: Simulation

    @property
    def orders(self) -> Orders:
        return Orders(self.audits.database, self.audits.log.vault)

    def do_next(self) -> bool:
        """Whether there was something to do, and nobody else did it."""
        self.orders.forget()
        claim = self.orders.claim()
        if claim is None:
            return False
        progress = _Progress()
        with self._beating(claim, progress):
            try:
                result, problem = self._do(claim, progress), None
            except PrivacyError as error:
                result, problem = None, str(error)
            except Exception as error:  # noqa: BLE001 - the page is told that it came to nothing; the worker goes on
                _log.exception("audits.order_failed", kind=claim.kind)
                result, problem = None, f"{type(error).__name__}: the worker's log says where."
        self.orders.end(claim, result, problem)
        return True

    @contextmanager
    def _beating(self, claim: Claim, progress: _Progress) -> Iterator[None]:
        over = threading.Event()

        def beat() -> None:
            while not over.wait(BEAT):
                try:
                    self.orders.beat(claim, progress.done, progress.total)
                except PrivacyError as error:  # the next may come through
                    _log.warning("audits.no_beat", problem=error.slug)

        thread = threading.Thread(target=beat, name="order-beat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _do(self, claim: Claim, progress: _Progress) -> Mapping[str, Any]:
        does = {
            Kind.RUN: self._run,
            Kind.VERIFY: self._verify,
            Kind.AFFECTED: self._touched,
            Kind.FIGURES: self._figures,
            Kind.COMPARE: self._compare,
            Kind.SIMULATE: self._simulate,
        }
        return does[claim.kind](claim, progress)

    def _run(self, claim: Claim, progress: _Progress) -> Mapping[str, Any]:
        report = self.audits.run(claim.about, claim.by, progress=progress)
        return {"run": report["id"], "summary": report["summary"]}

    def _touched(self, claim: Claim, progress: _Progress) -> Mapping[str, Any]:
        breaches = Breaches(self.audits.database, self.audits.log, self.audits.policies)
        return breaches.touched(claim.about, progress)

    def _figures(self, _claim: Claim, progress: _Progress) -> Mapping[str, Any]:
        audits = self.audits
        return figures(audits.database, audits.log, audits.policies.current, now(), progress)

    def _compare(self, claim: Claim, _progress: _Progress) -> Mapping[str, Any]:
        """Over every state that could make a difference."""
        old, new = (self._policy(version) for version in claim.about.split())
        return {"old": old.version, "new": new.version, "changes": [asdict(c) for c in compare(old, new, now())]}

    def _simulate(self, claim: Claim, _progress: _Progress) -> Mapping[str, Any]:
        """Over the customers there are; the draft of files is `given`, or the version of then is taken."""
        drafted = claim.given and self.simulation.candidate(claim.given)
        found = self.simulation.run(drafted or self._policy(claim.about), claim.by)
        return {
            "old": found.old,
            "new": found.new,
            "people": found.people,
            "changes": [asdict(c) for c in found.changes],
        }

    def _policy(self, version: str) -> PolicySet:
        with self.audits.database.read() as session:
            found = recall(session, kept_policy(session, version).version)
        assert found is not None  # `kept_policy` found it
        return found

    def _verify(self, _claim: Claim, progress: _Progress) -> Mapping[str, Any]:
        report = self.audits.log.verify(self.audits.database, progress=progress)
        findings = [{"kind": f.kind, "index": f.index, "detail": f.detail} for f in report.findings[:TOLD]]
        count = len(report.findings) + report.more
        return {"size": report.size, "checkpoints": report.checkpoints, "count": count, "findings": findings}
