"""Retention, as the command line and the worker use it. Can be stopped at any time: what is done is not done again."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from privacy_svc.errors import NotFound, PrivacyError
from privacy_svc.rights import expiring
from privacy_svc.rights.expiring import Rule, Tally
from privacy_svc.rights.retention_model import RetentionMark
from privacy_svc.rights.service import Requests
from privacy_svc.store import FactReader, nearest, outdated

Progress = Callable[[str, int, int], None]
RANGES = 20
"""That the worker looks at in one go, of one rule."""


class Expiry:
    def __init__(self, requests: Requests) -> None:
        self.database, self.parts = requests.database, requests.parts

    def run(
        self, actor: str, *, dry_run: bool, rule: str | None = None, progress: Progress = lambda *_: None
    ) -> list[dict[str, Any]]:
        """All of it, by rule. A dry run changes nothing, in the stores or here. Raises NotFound for an unknown rule,
        CannotExpire, StoreUnavailable, KeyUnavailable."""
        return [self._run(r, actor, dry_run=dry_run, progress=progress) for r in self._named(rule)]

    def _named(self, name: str | None) -> Sequence[Rule]:
        found = expiring.rules(self.parts)
        if name is None:
            return found
        chosen = [r for r in found if r.name == name]
        if not chosen:
            raise NotFound(f"There is no retention rule {name!r}{nearest(name, [r.name for r in found])}")
        return chosen

    def _run(self, rule: Rule, actor: str, *, dry_run: bool, progress: Progress) -> dict[str, Any]:
        tally, after = Tally(), None
        reader = FactReader(self.parts.stores, self.parts.vault, self.parts.policy)
        total = outdated.count(reader, rule.collection, rule.of, rule.limit) if rule.limit is not None else 0
        while rule.limit is not None:
            if dry_run:
                with self.database.read() as session:
                    found, what = expiring.look(session, self.parts, rule, after)
                after, more = found.after, expiring.counted(found, what)
            else:
                piece = expiring.carry_out(self.database, self.parts, rule, after, actor, None)
                after, more = piece.after, piece.tally
            tally.add(more)
            progress(rule.name, tally.read, total)
            if after is None:
                break
        return _told(rule, tally)

    def keep(self, actor: str) -> int:
        """The worker's share: where `automatic` is on, the next ranges of each rule, at most `a_day` a day."""
        rules = self.parts.organisation.retention
        if not rules.automatic:
            return 0
        return sum(self._keep(r, actor, rules.a_day) for r in expiring.rules(self.parts) if r.limit is not None)

    def _keep(self, rule: Rule, actor: str, a_day: int) -> int:
        taken = 0
        for _ in range(RANGES):
            with self.database.write() as session:
                mark = self._mark(session, rule)
                left, after, finished = a_day - mark.taken, mark.after, mark.finished
            if finished or left <= 0:
                break
            try:
                piece = expiring.carry_out(self.database, self.parts, rule, after, actor, left)
            except PrivacyError:
                self._leave_for_today(rule)
                raise
            with self.database.write() as session:
                mark = self._mark(session, rule)
                mark.taken += piece.tally.due
                mark.after = piece.after
                mark.finished = piece.whole and piece.after is None
            taken += piece.tally.due
        return taken

    def _leave_for_today(self, rule: Rule) -> None:
        """What the store refuses now it refuses in half a minute: told once a day, not each time."""
        with self.database.write() as session:
            self._mark(session, rule).finished = True

    def _mark(self, session: Any, rule: Rule) -> RetentionMark:
        today = expiring.today(self.parts)
        mark: RetentionMark | None = session.get(RetentionMark, rule.name, with_for_update=True)
        if mark is None:
            mark = RetentionMark(rule=rule.name, day=today, taken=0, after=None, finished=False)
            session.add(mark)
        if mark.day != today:
            mark.day, mark.taken, mark.finished = today, 0, False
        return mark


def _told(rule: Rule, tally: Tally) -> dict[str, Any]:
    said = {
        "rule": rule.name,
        "of": "rows" if rule.of else "people",
        "collection": rule.collection.path,
        "fields": list(rule.of.fields) if rule.of else [],
        "over_since": rule.limit.isoformat() if rule.limit else None,
        "never": rule.endless or None,
    }
    return said | asdict(tally)
