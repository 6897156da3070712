"""Our decision against Cedar's engine, over the same policies and very many questions."""

import os
import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest

from privacy_svc.policy import (
    DIRECT_MARKETING,
    PROFILING,
    ConsentFact,
    Effect,
    PolicySet,
    SubjectState,
    decide,
    load_policies,
)
from tests.policy import cedar
from tests.policy.cedar import Cedar
from tests.policy.small import NOW, PURPOSES, broad, compiled

REQUESTS = int(os.environ.get("PRIVACY_TEST_REQUESTS", "100000"))
SEED = 20_261_123
BATCH = 2_000
KINDS = ("customer", "employee")
Question = tuple[str, str, str, SubjectState]
SETS = {
    "example": load_policies(Path(__file__).parents[2] / "policies"),
    "small": compiled(),
    "broad": broad(),
}


class Questions:
    """Mostly of people and modules that something is permitted to, so that both answers are common."""

    def __init__(self, of: PolicySet, seed: int) -> None:
        self._of, self._random = of, random.Random(seed)  # noqa: S311 - no secret
        self._modules, self._purposes = sorted(of.modules), sorted(of.purposes)
        self._fields = {k: sorted(of.field_names(k)) for k in KINDS}
        self._notices = sorted(of.notice_versions)

    def __iter__(self) -> Iterator[Question]:
        draw = self._random
        while True:
            purpose = draw.choice(self._purposes) if draw.random() < 0.98 else "nothing"
            granted = [m for m in self._modules if purpose in self._of.modules[m].purposes]
            module = draw.choice(granted if granted and draw.random() < 0.8 else [*self._modules, "nobody"])
            state = self._state(purpose)
            yield module, purpose, draw.choice([*self._fields[state.kind], "nowhere"]), state

    def _state(self, purpose: str) -> SubjectState:
        draw = self._random
        others = draw.sample(self._purposes, min(2, len(self._purposes)))
        targets = (purpose, *others, DIRECT_MARKETING, PROFILING, *self._of.groups)
        return SubjectState(
            subject_id="0198",
            kind="employee" if draw.random() < 0.1 else "customer",
            version=1,
            erased=draw.random() < 0.05,
            restricted=draw.random() < 0.1,
            objections=frozenset(o for o in targets if draw.random() < 0.08),
            consents={p: self._fact(p) for p in dict.fromkeys((purpose, *others)) if draw.random() < 0.85},
            age=draw.choice([None, 12, 13, 14, 15, 16, 30, 30]),
            country=draw.choice([None, "AT", "DE", "FR", "GB", "US"]),
            retention_anchor=None if draw.random() < 0.7 else NOW - timedelta(days=draw.randint(-100, 4000)),
        )

    def _fact(self, purpose: str) -> ConsentFact:
        draw = self._random
        declared = self._of.purposes.get(purpose)
        right = declared.consent.notice if declared and declared.consent else ""
        proven = draw.random() < 0.85
        return ConsentFact(
            state="given" if draw.random() < 0.8 else draw.choice(["refused", "withdrawn", "requested", "odd"]),
            notice=right if draw.random() < 0.85 else draw.choice([*self._notices, ""]),
            notice_version=draw.randint(0, 4),
            valid_until=draw.choice([None, NOW, *(NOW + timedelta(days=d) for d in (-1, 1, 100, 900))]),
            guardian=draw.random() < 0.2,
            proven=proven,
            explicit=proven and draw.random() < 0.8,
            since_restriction=draw.random() < 0.5,
        )


@pytest.mark.parametrize("seed", [SEED])
@pytest.mark.parametrize("name", SETS)
def test_cedar_decides_the_same(name: str, seed: int) -> None:
    """Not one disagreement about a field, and both answers are common enough to mean something."""
    of = SETS[name]
    oracle, questions, permitted = Cedar(of, KINDS), iter(Questions(of, seed)), 0
    for _ in range(REQUESTS // len(SETS) // BATCH):
        asked = list(islice(questions, BATCH))
        theirs = oracle.permits(asked, NOW)
        ours = [decide(of, m, p, [f], s, NOW).fields[f].effect is not Effect.DENY for m, p, f, s in asked]
        assert [q for q, a, b in zip(asked, ours, theirs, strict=True) if a != b] == []
        permitted += sum(ours)
    assert 0.1 < permitted / REQUESTS * len(SETS) < 0.9


@pytest.mark.parametrize("name", SETS)
def test_cedar_accepts_the_policies(name: str) -> None:
    """They are valid against the schema: no policy can be skipped for an error."""
    assert cedar.errors(Cedar(SETS[name], KINDS)) == {"passed": True, "errors": []}


def test_the_oracle_can_disagree() -> None:
    """A policy that differs in one category is told apart: the comparison is of something."""
    of = SETS["small"]
    oracle = Cedar(of, KINDS)
    wider = PURPOSES.replace("[user.name, user.contact.email]", "[user.name, user.contact.email, user.contact.address]")
    widened = compiled(**{"purposes.yml": wider})
    asked = list(islice(Questions(of, SEED), 5_000))
    theirs = oracle.permits(asked, NOW)
    ours = [decide(widened, m, p, [f], s, NOW).fields[f].effect is not Effect.DENY for m, p, f, s in asked]
    assert ours != theirs
