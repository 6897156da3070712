"""Whatever happens, in whatever order, every reader of the state says what a ten-line model says."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from privacy_svc.consent import (
    Asked,
    NoticeRef,
    Source,
    invalidate_all,
    lift_objection,
    lift_restriction,
    object_to,
    overview,
    purpose_states,
    restrict,
    subject_state,
)
from privacy_svc.consent.model import Consent
from privacy_svc.consent.versions import hold, raise_version
from privacy_svc.db import new_id, now
from privacy_svc.http import CustomerRef
from privacy_svc.policy import DIRECT_MARKETING, decide
from tests.consent.conftest import CARE, MOTHER, Desk
from tests.policy.small import PURPOSES, compiled

SEED = 20261123
DAY = timedelta(days=1)
WIDENED = "covered_since: 2"
NARROW, WIDE = (compiled(**{"purposes.yml": PURPOSES.replace(WIDENED, f"covered_since: {v}")}) for v in (1, 2))
KEYS = st.sampled_from(["news", "care"])
AGO = st.one_of(st.none(), st.integers(0, 30))
Event = tuple[int, datetime, str, datetime, str, datetime | None, int]
"""Version, known at, purpose, said at, state, until, version of the notice."""


@dataclass
class Model:
    """What is known by then, and of that the last that had been said."""

    events: list[Event] = field(default_factory=list)
    flags: dict[str, list[tuple[datetime, bool]]] = field(default_factory=dict)

    def last(self, purpose: str, as_of: datetime, known_at: datetime) -> Event | None:
        held = [e for e in self.events if e[2] == purpose and e[1] <= known_at and e[3] <= as_of]
        return max(held, key=lambda e: (e[3], e[0]), default=None)

    def state(self, purpose: str, as_of: datetime, known_at: datetime) -> str | None:
        last = self.last(purpose, as_of, known_at)
        over = last is not None and last[4] == "given" and last[5] is not None and last[5] <= as_of
        return "expired" if over else last[4] if last else None

    def flag(self, name: str, at: datetime) -> bool:
        return next((on for since, on in reversed(self.flags.get(name, [])) if since <= at), False)


class Person(RuleBasedStateMachine):
    """One person's life with us, on a real database and in the model."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk, self.model, self.moments = desk, Model(), [now()]
        self.covered, desk.policies = 1, NARROW
        with desk.database.write() as session:
            desk.subject = desk.vault.create_subject(session).id

    def teardown(self) -> None:
        self.desk.policies = WIDE

    @rule(
        purpose=KEYS,
        state=st.sampled_from(["given", "given", "refused", "withdrawn"]),
        ago=AGO,
        lasts=st.sampled_from([None, 1, 40]),
        version=st.sampled_from([1, 2]),
    )
    def say(self, purpose: str, state: str, ago: int | None, lasts: int | None, version: int) -> None:
        at, given = now(), state == "given"
        given_at = None if ago is None else at - ago * DAY
        said = self.desk.say(
            state,
            at=at,
            purpose=purpose,
            notice=NoticeRef("news", version, "en") if purpose == "news" else CARE,
            source=Source("web", method="explicit"),
            given_at=given_at,
            expires_at=(given_at or at) + lasts * DAY if given and lasts else None,
            guardian=MOTHER if given else None,
        )
        holds, stood = given_at or at, self.model.last(purpose, at, at)
        if not given and stood is not None:
            holds = max(holds, stood[3])  # a no ends what was recorded before it
        self.model.events.append(
            (said.state_version, at, purpose, holds, state, said.valid_until, said.notice.version),
        )

    @rule(purpose=KEYS, ago=st.integers(0, 30))
    def ask(self, purpose: str, ago: int) -> None:
        """`requested` comes in with an old table."""
        at, about = now(), {"notice_id": "news", "notice_version": 2, "notice_language": "en", "notice_digest": ""}
        said = {"channel": "import", "method": "expressed", "guardian": False, "policy_version": "", **about}
        with self.desk.database.write() as session:
            version = raise_version(session, hold(session, self.desk.subject))
            place = {"id": new_id(), "subject_id": self.desk.subject, "purpose": purpose, "state": "requested"}
            when = {"given_at": at - ago * DAY, "recorded_at": at, "recorded_by": "test", "state_version": version}
            session.add(Consent(**place, **said, **when))
        self.model.events.append((version, at, purpose, at - ago * DAY, "requested", None, 2))

    @rule()
    def invalidate(self) -> None:
        at = now()
        with self.desk.database.write() as session:
            invalidate_all(session, self.desk.log, self.desk.subject, "dora", at, "came back")
        for purpose in ("care", "news"):
            last = self.model.last(purpose, at, at)
            if last is not None and last[4] == "given":
                version = max(e[0] for e in self.model.events) + 1
                self.model.events.append((version, at, purpose, at, "invalidated", None, last[6]))

    @rule(name=st.sampled_from([DIRECT_MARKETING, "statistics", "restricted"]), on=st.booleans())
    def flag(self, name: str, on: bool) -> None:
        desk = self.desk
        with desk.database.write() as session:
            if name == "restricted":
                (restrict if on else lift_restriction)(session, desk.log, desk.subject, "dora")
            else:
                (object_to if on else lift_objection)(session, desk.log, desk.subject, name, "shop")
        self.model.flags.setdefault(name, []).append((now(), on))

    @rule()
    def widen(self) -> None:
        """A new version of the notice says more; who saw only the old one has not agreed to it."""
        self.covered, self.desk.policies = 2, WIDE

    @invariant()
    def every_reader_agrees_about_now_and_later(self) -> None:
        at = now()
        self.moments.append(at)
        with self.desk.database.read() as session:
            for then in (at, at + 35 * DAY, at + 900 * DAY):
                whole = subject_state(session, self.desk.subject, then)
                told = {p: s for p in ("care", "news") if (s := self.model.state(p, then, at))}
                assert {p: str(c.state) for p, c in whole.consents.items()} == told
                flags = {f for f in (DIRECT_MARKETING, "statistics") if self.model.flag(f, at)}
                assert (whole.objections, whole.restricted) == (flags, self.model.flag("restricted", at))
                for purpose in ("care", "news"):
                    reading = self.desk.reading(purpose, then)
                    many = purpose_states(session, [self.desk.subject], reading)[self.desk.subject]
                    assert (many.version, many.restricted) == (whole.version, whole.restricted)
                    assert {p: str(c.state) for p, c in many.consents.items()} == {
                        p: s for p, s in told.items() if p == purpose
                    }
                    if purpose == "news":
                        assert self._permits(whole, then) == self._permits(many, then) == self._may(then, at)

    def _permits(self, state: Any, then: datetime) -> bool:
        return decide(self.desk.policies, "mail", "news", ["email"], state, then).permit_all

    def _may(self, then: datetime, at: datetime) -> bool:
        last = self.model.last("news", then, at)
        stopped = self.model.flag(DIRECT_MARKETING, at) or self.model.flag("restricted", at)
        given = self.model.state("news", then, at) == "given"
        return bool(given and last and last[6] >= self.covered and not stopped)

    @rule(data=st.data(), ago=st.integers(0, 31))
    def look_back(self, data: st.DataObject, ago: int) -> None:
        """At any time, as far as it was known at any moment between what happened."""
        known_at = data.draw(st.sampled_from(range(len(self.moments))).map(lambda i: self.moments[i]))
        as_of = data.draw(st.sampled_from(range(len(self.moments))).map(lambda i: self.moments[i])) - ago * DAY
        note(f"as of {as_of}, known at {known_at}")
        asked, ref = Asked(as_of, known_at), CustomerRef(id="1001")
        with self.desk.database.read() as session:
            desk = self.desk
            found = overview(session, desk.log, desk.policies, desk.subject, ref, asked, now())
        states = {p: s for p in ("care", "news") if (s := self.model.state(p, as_of, known_at))}
        assert {c.purpose: c.state for c in found.consents} == states
        seen = min(as_of, known_at)
        assert found.restricted == self.model.flag("restricted", seen)
        assert set(found.objections) == {f for f in (DIRECT_MARKETING, "statistics") if self.model.flag(f, seen)}


def test_the_state_is_what_the_events_say(desk: Desk) -> None:
    """Given, refused, withdrawn, asked, expired, invalidated, late news, a wider notice, objections, restriction."""
    print(f"seed {SEED}")  # noqa: T201
    slow = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    few = settings(max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=slow, database=None)

    def person() -> Person:
        return Person(desk)

    run_state_machine_as_test(seed(SEED)(person), settings=few)
