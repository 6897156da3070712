"""What changes between two policies is told, and nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from privacy_svc.policy import Change, Direction, Effect, PolicySet, SubjectState, compare, decide
from privacy_svc.policy.statespace import states
from tests.policy.small import FILES, NOW, compiled
from tests.policy.test_decide_properties import states as any_states

PURPOSES, MODULES = FILES["purposes.yml"], FILES["modules.yml"]
OLD = compiled()
LOOSER = {
    "a grant": ("modules.yml", MODULES.replace("[news]", "[news, service]")),
    "an age": ("purposes.yml", PURPOSES.replace("minimum_age: 16", "minimum_age: 14")),
    "ages by country": ("purposes.yml", PURPOSES.replace("minimum_age: 16", "minimum_age: by_country")),
    "an unknown age": ("purposes.yml", PURPOSES.replace("age: 16", "age: 16\n    unknown_age: permit")),
    "a guardian for good": (
        "purposes.yml", PURPOSES.replace("valid_for: P24M", "valid_for: P24M\n      guardian_lasts: true")),
    "retention": ("purposes.yml", PURPOSES.replace("retention: P1Y", "retention: P13M")),
    "a day of retention": ("purposes.yml", PURPOSES.replace("retention: P1Y", "retention: P366D")),
    "an older text": ("purposes.yml", PURPOSES.replace("covered_since: 2", "covered_since: 1")),
    "imports": ("purposes.yml", PURPOSES.replace("covered_since: 2", "covered_since: 2\n      accept_imported: true")),
    "a category": ("purposes.yml", PURPOSES.replace("[user.name, user.contact.email]", "[user.name, user.contact]")),
    "no prohibition": ("purposes.yml", PURPOSES.replace("    prohibited: [user.contact.address]\n", "")),
    "no mask": ("purposes.yml", PURPOSES.replace("    masks: {user.contact.phone_number: last4}\n", "")),
    "a restriction": ("purposes.yml", PURPOSES.replace("storage_only", "despite_restriction: true\n    storage_only")),
    "another basis": ("purposes.yml", PURPOSES.replace("legitimate_interests", "contract").replace(
        "    assessment: LIA-1\n    assessment_reviewed: 2026-01-31\n", "")),
    "longer consents": ("purposes.yml", PURPOSES.replace("P24M", "P36M")),
}  # fmt: skip
SAME = {"a restriction"}
BOTH = {"an age", "ages by country"}
"""Who is old enough sooner is sooner no longer spoken for by a guardian."""


def directions(old: PolicySet, new: PolicySet) -> set[Direction]:
    return {c.direction for c in compare(old, new, NOW)}


@pytest.mark.parametrize("what", LOOSER)
def test_each_loosening_is_told_and_its_reverse(what: str) -> None:
    """One change of each kind of rule is found as loosened, and as tightened the other way round."""
    file, text = LOOSER[what]
    new = compiled(**{file: text})
    assert new.version != OLD.version
    forth, back = directions(OLD, new), directions(new, OLD)
    if what in SAME:  # storage goes on anyhow
        assert forth == back == set()
        return
    assert Direction.LOOSENED in forth
    assert Direction.TIGHTENED in back
    assert (Direction.TIGHTENED in forth) == (what in BOTH)
    assert (Direction.LOOSENED in back) == (what in BOTH)


def test_a_new_title_changes_no_decision() -> None:
    """Texts are another version and the same decisions."""
    assert compare(OLD, compiled(**{"modules.yml": MODULES.replace("title: Mail", "title: Post")}), NOW) == []


def test_a_change_says_whom_and_what() -> None:
    """Purpose, modules, reasons and fields, and an example of somebody."""
    new = compiled(**{"modules.yml": MODULES.replace("[news]", "[news, service]")})
    loosened = [c for c in compare(OLD, new, NOW) if c.direction is Direction.LOOSENED]
    assert {(c.purpose, c.modules, c.before) for c in loosened} == {("service", ("mail",), "purpose_not_granted")}
    assert {c.after for c in loosened} == {"permit", "last4"}
    (masked,) = [c for c in loosened if c.after == "last4"]
    assert masked.fields == ("crm.people.phone",)
    assert masked.example == "customer"
    assert masked.count == 2, "while it lasts, and on the last day of the retention"


NEWS = [compiled(**{file: text}) for file, text in LOOSER.values()]


@settings(max_examples=100, deadline=None)
@given(state=any_states)
def test_the_space_is_complete(state: SubjectState) -> None:
    """Whatever is decided differently about anybody at all is among the changes that were told."""
    names = [f"{c.path}.{f.name}" for c in OLD.data_map.collections() for f in c.fields]
    state = replace(
        state,
        kind={"patient": "customer"}.get(state.kind, state.kind),
        consents={k: fact for k, fact in state.consents.items() if k in OLD.purposes},
    )
    for new, told in zip(NEWS, TOLD, strict=True):
        for purpose in OLD.purposes:
            for module in OLD.modules:
                before = decide(OLD, module, purpose, names, state, NOW).fields
                after = decide(new, module, purpose, names, state, NOW).fields
                for name in names:
                    if before[name].effect is Effect.DENY and after[name].effect is not Effect.DENY:
                        assert any(_tells(c, purpose, module, name) for c in told), (purpose, module, name, state)


TOLD = [[c for c in compare(OLD, new, NOW) if c.direction is Direction.LOOSENED] for new in NEWS]


def _tells(change: Change, purpose: str, module: str, name: str) -> bool:
    return change.purpose == purpose and module in change.modules and name in change.fields


def test_the_space_is_small() -> None:
    """A few thousand states of all purposes together: a difference is there while one waits."""
    assert 100 < sum(len(list(states((OLD, OLD), p, NOW))) for p in OLD.purposes) < 5_000
