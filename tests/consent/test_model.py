"""Any sequence of events leaves the state that a ten-line model says."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from privacy_svc.consent import (
    Source,
    lift_objection,
    lift_restriction,
    object_to,
    restrict,
    subject_state,
)
from privacy_svc.db import now
from tests.consent.conftest import CARE, NEWS, Desk

MINUTE = timedelta(minutes=1)
NOTICES: dict[str, Any] = {"news": NEWS, "care": CARE}

said = st.tuples(
    st.just("say"),
    st.sampled_from(["news", "care"]),
    st.sampled_from(["given", "refused", "withdrawn"]),
    st.one_of(st.none(), st.integers(0, 30)),
)
objected = st.tuples(st.sampled_from(["object", "lift"]), st.sampled_from(["statistics", "direct_marketing"]))
restricted = st.tuples(st.sampled_from(["restrict", "unrestrict"]))
events = st.lists(st.one_of(said, said, objected, restricted), max_size=12)


@dataclass
class Model:
    """What stands: for each purpose the last by when it was said, then by when it was recorded."""

    consents: dict[str, tuple[int, str]] = field(default_factory=dict)
    objections: set[str] = field(default_factory=set)
    restricted: bool = False
    version: int = 1

    def say(self, minute: int, purpose: str, state: str, before: int | None) -> None:
        last = self.consents.get(purpose, (-1000, ""))[0]
        at = max(minute, last) if before is None else minute - before
        if at >= last:
            self.consents[purpose] = (at, state)
        self.version += 1

    def set(self, name: str, *, on: bool) -> None:
        standing = self.restricted if name == "restricted" else name in self.objections
        self.version += standing is not on
        if name == "restricted":
            self.restricted = on
        else:
            (self.objections.add if on else self.objections.discard)(name)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=events)
def test_the_state_is_what_the_events_say(desk: Desk, events: list[tuple[Any, ...]]) -> None:
    """Late news, repeated news and changes of mind, over two purposes, objections and a restriction."""
    with desk.database.write() as session:
        desk.subject = desk.vault.create_subject(session).id
    model, start = Model(), now()
    for minute, (kind, *rest) in enumerate(events, 1):
        if kind == "say":
            purpose, state, before = rest
            model.say(minute, purpose, state, before)
            given_at = None if before is None else start + (minute - before) * MINUTE
            source = Source("web", method="explicit")
            desk.say(
                state,
                at=start + minute * MINUTE,
                purpose=purpose,
                notice=NOTICES[purpose],
                source=source,
                given_at=given_at,
            )
            continue
        on = kind in {"object", "restrict"}
        model.set(rest[0] if rest else "restricted", on=on)
        with desk.database.write() as session:
            if rest:
                (object_to if on else lift_objection)(session, desk.log, desk.subject, rest[0], "shop")
            else:
                (restrict if on else lift_restriction)(session, desk.log, desk.subject, "dora")
    with desk.database.read() as session:
        state = subject_state(session, desk.subject, start + 60 * MINUTE)
    assert {p: c.state for p, c in state.consents.items()} == {p: s for p, (_, s) in model.consents.items()}
    assert (state.objections, state.restricted, state.version) == (
        model.objections,
        model.restricted,
        model.version,
    )
