"""What must hold of every decision, whatever the state and the question."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from privacy_svc.policy import (
    DIRECT_MARKETING,
    PROFILING,
    ConsentFact,
    Effect,
    LegalBasis,
    Module,
    SubjectState,
    decide,
    load_policies,
)
from privacy_svc.policy.statespace import states as enumerated
from tests.policy.small import NOW

POLICIES = load_policies(Path(__file__).parents[2] / "policies")
PURPOSES = sorted(POLICIES.purposes)
FIELDS = sorted(POLICIES.field_names("customer"))
RANK = {Effect.DENY: 0, Effect.MASK: 1, Effect.PERMIT: 2}
FEWER = settings(max_examples=200, deadline=None)

instants = st.none() | st.integers(-4000, 4000).map(lambda d: NOW + timedelta(days=d))
facts = st.builds(
    ConsentFact,
    state=st.sampled_from(["given", "given", "given", "refused", "withdrawn", "expired", "requested", "nonsense"]),
    notice=st.sampled_from(sorted(POLICIES.notice_versions)),
    notice_version=st.integers(0, 3),
    valid_until=instants,
    guardian=st.booleans(),
    explicit=st.booleans(),
    since_restriction=st.booleans(),
)
states = st.builds(
    SubjectState,
    subject_id=st.just("0198"),
    kind=st.sampled_from(["customer", "customer", "employee", "patient"]),
    version=st.integers(0, 9),
    erased=st.sampled_from([False, False, False, True]),
    restricted=st.sampled_from([False, False, False, True]),
    objections=st.frozensets(st.sampled_from([*PURPOSES, DIRECT_MARKETING, PROFILING]), max_size=3),
    consents=st.dictionaries(st.sampled_from(PURPOSES), facts, max_size=6),
    age=st.none() | st.integers(0, 99),
    country=st.sampled_from([None, "DE", "GB", "US"]),
    retention_anchor=instants,
)
modules = st.sampled_from([*sorted(POLICIES.modules), "nobody"])
purposes = st.sampled_from([*PURPOSES, "nothing"])
fields = st.lists(st.sampled_from([*FIELDS, "nowhere"]), max_size=8)


def never_more(before: Any, after: Any) -> None:
    for name, effect in after.fields.items():
        assert RANK[effect.effect] <= RANK[before.fields[name].effect]
    assert before.permit_all or not after.permit_all
    assert before.any_permit or not after.any_permit


@FEWER
@given(module=modules, purpose=purposes, names=fields, state=states, other=st.sampled_from(PURPOSES))
def test_saying_no_never_permits(module: str, purpose: str, names: list[str], state: SubjectState, other: str) -> None:
    """Withdrawing, refusing, letting expire, restricting, objecting, erasing: none ever permits more."""
    before = decide(POLICIES, module, purpose, names, state, NOW)
    withdrawn = {k: replace(v, state="withdrawn") if k == other else v for k, v in state.consents.items()}
    for less in (
        replace(state, consents=withdrawn),
        replace(state, consents={k: v for k, v in state.consents.items() if k != other}),
        replace(state, consents={k: replace(v, valid_until=NOW) for k, v in state.consents.items()}),
        replace(state, restricted=True),
        replace(state, objections=state.objections | {other}),
        replace(state, objections=state.objections | {DIRECT_MARKETING}),
        replace(state, objections=state.objections | {PROFILING}),
        replace(state, erased=True),
        replace(state, retention_anchor=datetime(1990, 1, 1, tzinfo=UTC)),
    ):
        never_more(before, decide(POLICIES, module, purpose, names, less, NOW))


@FEWER
@given(
    module=modules,
    purpose=st.sampled_from(PURPOSES),
    names=fields,
    state=states,
    fact=facts,
    other=st.sampled_from(PURPOSES),
)
def test_a_consent_during_a_restriction_permits_its_purpose_alone(
    module: str, purpose: str, names: list[str], state: SubjectState, fact: ConsentFact, other: str
) -> None:
    """It lifts nothing: never more than without the restriction, nothing for another purpose, and all of it for its
    own where it is explicit and itself permits."""
    before = {key: before_it(said) for key, said in state.consents.items()}
    restricted = replace(state, restricted=True, consents=before)
    for key in {purpose, other}:
        given = replace(fact, explicit=True, since_restriction=True)
        agreed = replace(restricted, consents={**before, key: given})
        after = decide(POLICIES, module, purpose, names, agreed, NOW)
        free = decide(POLICIES, module, purpose, names, replace(agreed, restricted=False), NOW)
        never_more(free, after)
        without = replace(restricted, consents={k: v for k, v in agreed.consents.items() if k != key})
        if key != purpose:
            assert after == decide(POLICIES, module, purpose, names, without, NOW)
        elif free.any_permit and POLICIES.purposes[purpose].legal_basis is LegalBasis.CONSENT:
            assert after == free


def before_it(fact: ConsentFact) -> ConsentFact:
    return replace(fact, since_restriction=False)


@FEWER
@given(module=modules, purpose=purposes, names=fields, state=states)
def test_taking_a_grant_away_never_permits(module: str, purpose: str, names: list[str], state: SubjectState) -> None:
    """A module with fewer purposes is permitted no more than before."""
    before = decide(POLICIES, module, purpose, names, state, NOW)
    bare = replace(
        POLICIES,
        modules={k: Module(k, m.title, m.purposes - {purpose}, m.records) for k, m in POLICIES.modules.items()},
    )
    after = decide(bare, module, purpose, names, state, NOW)
    never_more(before, after)
    assert not after.any_permit


@FEWER
@given(module=modules, purpose=purposes, names=fields, state=states, data=st.data())
def test_asking_for_less_loses_nothing(
    module: str, purpose: str, names: list[str], state: SubjectState, data: st.DataObject
) -> None:
    """Each field's decision is its own: leaving others out changes nothing for it, and can only help the whole."""
    some = data.draw(st.lists(st.sampled_from(names), unique=True)) if names else []
    before = decide(POLICIES, module, purpose, names, state, NOW)
    after = decide(POLICIES, module, purpose, some, state, NOW)
    assert all(after.fields[name] == before.fields[name] for name in some)
    assert after.permit_all or not before.permit_all


@FEWER
@given(module=st.text(), purpose=st.text(), names=st.lists(st.text(), max_size=5), kind=st.text(), state=states)
def test_total(module: str, purpose: str, names: list[str], kind: str, state: SubjectState) -> None:
    """Any words at all get an answer, and the answer to unknown words is no."""
    decision = decide(POLICIES, module, purpose, names, replace(state, kind=kind), NOW)
    assert not decision.any_permit
    assert set(decision.fields) == set(names)
    assert decision.reasons


@FEWER
@given(module=modules, purpose=purposes, names=fields, state=states)
def test_yes_has_no_reason_and_no_has_one(module: str, purpose: str, names: list[str], state: SubjectState) -> None:
    """All permitted if and only if there is no reason; a denied field names a reason that is in the list."""
    decision = decide(POLICIES, module, purpose, names, state, NOW)
    assert decision.permit_all is (not decision.reasons)
    listed = {r.code for r in decision.reasons}
    for field in decision.fields.values():
        assert (field.reason in listed) is (field.effect is Effect.DENY)
        assert (field.mask is not None) is (field.effect is Effect.MASK)
    assert decide(POLICIES, module, purpose, names, state, NOW) == decision


@FEWER
@given(module=modules, purpose=purposes, names=fields, state=states, days=st.integers(0, 5000))
def test_time_passing_never_permits(
    module: str, purpose: str, names: list[str], state: SubjectState, days: int
) -> None:
    """Consents run out and retention passes: by itself nothing becomes permitted."""
    before = decide(POLICIES, module, purpose, names, state, NOW)
    never_more(before, decide(POLICIES, module, purpose, names, state, NOW + timedelta(days=days)))
    ends = [f.valid_until for f in state.consents.values() if f.valid_until]
    for end in ends:
        never_more(before, decide(POLICIES, module, purpose, names, state, max(NOW, end)))


def test_decisions_that_share_their_fields_give_the_same_reasons() -> None:
    """The log tells who got the same answer by the one object: in every state that policy tells apart, for whatever
    fields, also none and unknown ones, and with special categories that lack an explicit consent."""
    asked = [(), ("no_such_field",), tuple(FIELDS), *((name,) for name in FIELDS[::25])]
    met: dict[int, Any] = {}
    kept = [
        decide(POLICIES, module, purpose, fields, state, NOW)
        for purpose in PURPOSES
        for module in [next(m for m, granted in POLICIES.modules.items() if purpose in granted.purposes)]
        for state in enumerated((POLICIES,), purpose, NOW)
        for fields in asked
    ]
    for decision in kept:
        said = decision.purpose, decision.reasons, decision.permit_all, decision.any_permit
        assert met.setdefault(id(decision.fields), said) == said
    assert len(met) < len(kept)
