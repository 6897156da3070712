"""An independent engine decides the same: the policies compiled to Cedar, over generated requests."""

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from cedarpy import AuthzResult, Entities, Schema, is_authorized_batch, validate_policies
from cedarpy import PolicySet as CedarPolicies

from privacy_svc.examples import folder
from privacy_svc.policy import ConsentFact, Decision, Effect, PolicySet, SubjectState, decide, load_policies
from tests.policy import cedar
from tests.policy.small import FILES, NOW, compiled

REQUESTS = int(os.environ.get("PRIVACY_TEST_REQUESTS", "100000"))
BATCH = 2_000
SEED = 20261123
_IMPORTED = FILES["purposes.yml"].replace("valid_for: P12M}", "valid_for: P12M, accept_imported: true}")
SMALL = compiled(**{"purposes.yml": _IMPORTED})


def allowed(answer: AuthzResult) -> bool:
    """An engine that skipped a policy because it could not evaluate it has not permitted anything."""
    return answer.allowed and not answer.diagnostics.errors


def somebody(dice: random.Random, policies: PolicySet, purpose: str) -> SubjectState:
    """Mostly nothing stands against them, so that what does is seen by itself."""
    rare = [False] * 9 + [True]
    rule = policies.purposes[purpose].consent if purpose in policies.purposes else None
    notices = [rule.notice] * 4 + ["news", ""] if rule else ["news"]
    states = ["given"] * 8 + ["refused", "withdrawn", "expired", "requested"]
    day = timedelta(days=1)
    fact = ConsentFact(
        state=dice.choice(states),
        notice=dice.choice(notices),
        notice_version=dice.choice([0, 1, 2, 2, 3]),
        valid_until=dice.choice([None, NOW + day, NOW + day, NOW, NOW - day]),
        guardian=dice.choice(rare),
        proven=not dice.choice(rare),
    )
    return SubjectState(
        subject_id="",
        kind=dice.choice(["customer"] * 6 + ["employee", "patient"]),
        version=0,
        erased=dice.choice(rare),
        restricted=dice.choice(rare),
        objections=frozenset(dice.choices([purpose, "direct_marketing", "another"], k=1) if dice.choice(rare) else ()),
        consents={purpose: fact} if dice.random() < 0.9 else {},
        age=dice.choice([None, 13, 15, 16, 17, 18, 40]),
        retention_anchor=dice.choice([None] * 4 + [_end(dice) for _ in range(4)]),
    )


def _end(dice: random.Random) -> Any:
    """Around the days on which a whole number of years has passed, to the second."""
    years = NOW.replace(year=NOW.year - dice.choice([0, 1, 2, 3, 10]))
    return years + timedelta(seconds=dice.choice([-86_400, -1, 0, 1, 86_400]))


def requests(policies: PolicySet, count: int) -> Iterator[tuple[dict[str, Any], str, bool, Decision]]:
    dice = random.Random(SEED)  # noqa: S311 - a test's dice
    fields = [f"{c.path}.{f.name}" for c in policies.data_map.collections() for f in c.fields] + ["nowhere"]
    granted = [(m.key, p) for m in policies.modules.values() for p in sorted(m.purposes)]
    anything = [(m, p) for m in (*policies.modules, "nobody") for p in (*policies.purposes, "nothing")]
    for _ in range(count):
        module, purpose = dice.choice(granted if dice.random() < 0.8 else anything)
        field, whole, state = dice.choice(fields), dice.random() < 0.5, somebody(dice, policies, purpose)
        asked = cedar.request(module, purpose, field, state, NOW, whole=whole)
        yield asked, field, whole, decide(policies, module, purpose, [field], state, NOW)


@pytest.mark.parametrize("policies", [load_policies(folder("policies")), SMALL], ids=["shop", "small"])
def test_cedar_decides_the_same(policies: PolicySet) -> None:
    """No request of 100,000 (half of each set) is decided otherwise, and each effect and step is among them."""
    text = cedar.policies_text(policies, NOW)
    assert validate_policies(text, cedar.SCHEMA).validation_passed
    parsed, schema = CedarPolicies.from_str(text), Schema.from_str(cedar.SCHEMA)
    known = Entities.from_json_str(json.dumps(cedar.entities(policies)), schema)
    seen: Counter[str] = Counter()
    batch = list[tuple[dict[str, Any], str, bool, Decision]]()
    for case in requests(policies, REQUESTS // 2):
        batch.append(case)
        if len(batch) == BATCH:
            seen += _compared(batch, parsed, known, schema)
            batch.clear()
    seen += _compared(batch, parsed, known, schema)
    assert seen["errors"] == 0
    steps = {key.partition("#")[2].partition(":")[0] for key in seen}
    assert {
        "2-granted",
        "3-erasure",
        "4-restriction",
        "5-objection",
        "6-legal-basis",
        "9-retention",
        "10-mask",
    } <= steps
    assert seen["permit"] > REQUESTS // 40
    assert seen["deny"] > REQUESTS // 40


def _compared(batch: list[tuple[dict[str, Any], str, bool, Decision]], *engine: Any) -> Counter[str]:
    seen: Counter[str] = Counter()
    for (asked, field, whole, ours), theirs in zip(
        batch, is_authorized_batch([b[0] for b in batch], *engine), strict=True
    ):
        decided = ours.fields[field]
        mine = decided.effect is Effect.PERMIT if whole else decided.effect is not Effect.DENY
        assert allowed(theirs) is mine, (asked, ours, theirs.diagnostics.errors)
        seen[decided.rule] += 1
        seen["permit" if mine else "deny"] += 1
        seen["errors"] += bool(theirs.diagnostics.errors)
    return seen


def test_an_error_of_the_engine_is_a_no() -> None:
    """Cedar skips a forbid that it cannot evaluate and permits; read by us, that is a denial."""
    text = "permit (principal, action, resource); forbid (principal, action, resource) when { context.restricted };"
    asked = {"principal": 'A::"a"', "action": 'Action::"use"', "resource": 'A::"b"', "context": {}}
    (answer,) = is_authorized_batch([asked], text, [])
    assert answer.allowed
    assert answer.diagnostics.errors
    assert not allowed(answer)
