"""What a worker does for an order: audits, a check of the whole log, whom a breach touched."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from privacy_svc.audits.breaches import Breaches
from privacy_svc.audits.ordering import Claim, Kind, Orders
from privacy_svc.audits.service import Audits
from privacy_svc.errors import PrivacyError

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
        audits = self.audits
        if claim.kind is Kind.RUN:
            report = audits.run(claim.about, claim.by, progress=progress)
            return {"run": report["id"], "summary": report["summary"]}
        if claim.kind is Kind.VERIFY:
            return self._verified(progress)
        return Breaches(audits.database, audits.log, audits.policies).touched(claim.about, progress)

    def _verified(self, progress: _Progress) -> Mapping[str, Any]:
        report = self.audits.log.verify(self.audits.database, progress=progress)
        findings = [{"kind": f.kind, "index": f.index, "detail": f.detail} for f in report.findings[:TOLD]]
        count = len(report.findings) + report.more
        return {"size": report.size, "checkpoints": report.checkpoints, "count": count, "findings": findings}
