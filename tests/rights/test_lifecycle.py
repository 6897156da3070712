"""Whatever people do with requests, in whatever order: the life cycle is what a small model says.

No path skips verification or approval, a closed request never opens again, and every transition has its line in the
timeline and its entry in the log.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

from privacy_svc.errors import Conflict
from privacy_svc.http import CustomerRef
from privacy_svc.rights import About, Extension, Ground, RequestView, Review, Right, State, Wanted, WrongCode
from privacy_svc.rights.fulfilment import Fulfilment, Problem
from privacy_svc.rights.states import OPEN, VERIFIED
from tests.rights.company import Company

SEED = 20261128
FOUR_EYES = "approval: [erasure, rectification]\nfour_eyes: {rights: [erasure], refusals: true}\n"
RIGHTS = (Right.OBJECTION, Right.ERASURE, Right.AUTOMATED_DECISION, Right.ACCESS)
WHO = st.sampled_from(["dora", "piet"])
BROKEN = Problem(step="start", slug="interrupted", kind="OSError", detail="", remedy="", places=[], passing=False)


@dataclass
class Asked:
    """What the model knows of one request."""

    id: str
    right: Right
    wish: int
    state: State = State.VERIFYING
    verified: bool = False
    approvals: list[str] = field(default_factory=list)
    approved: bool = False
    waiting: bool = False
    extended: bool = False
    proposed: str = ""

    @property
    def open(self) -> bool:
        return self.state in OPEN

    @property
    def waits(self) -> bool:
        return self.right in {Right.ERASURE, Right.AUTOMATED_DECISION}

    def close(self, state: State) -> None:
        self.state, self.waiting = state, False


class Desk(RuleBasedStateMachine):
    """One person's requests, on a real database and in the model."""

    requests = Bundle("requests")

    def __init__(self, company: Company, everything: list[str]) -> None:
        super().__init__()
        self.company, self.service = company, company.requests
        self.fulfilment = Fulfilment(company.database, self.service.parts)
        self.everything, self.all = everything, list[Asked]()

    def teardown(self) -> None:
        """The next example begins with no open request."""
        for asked in self.all:
            if asked.open:
                self.service.cancel(asked.id, "a mistake", "dora")

    def _try(self, asked: Asked, do: Callable[[], RequestView | None], *, fits: bool, then: Callable[[], None]) -> None:
        """What the model allows happens and leaves a line; what it does not is a conflict and leaves none."""
        before = len(self.service.timeline(asked.id))
        if fits:
            do()
            then()
            assert len(self.service.timeline(asked.id)) > before
        else:
            with pytest.raises(Conflict):
                do()
            assert len(self.service.timeline(asked.id)) == before

    @rule(target=requests, right=st.sampled_from(RIGHTS), wish=st.integers(0, 1))
    def open(self, right: Right, wish: int) -> Asked:
        wanted = Wanted(right, CustomerRef(id="1"), details={"reason": f"wish {wish}"})
        asked = Asked(self.service.open(wanted, "desk").id, right, wish)
        self.all.append(asked)
        self.everything.append(asked.id)
        return asked

    @rule(asked=requests, who=WHO)
    def vouch(self, asked: Asked, who: str) -> None:
        self._try(
            asked,
            lambda: self.service.vouch(asked.id, "passport", who),
            fits=asked.state is State.VERIFYING,
            then=lambda: self._verified(asked),
        )

    def _verified(self, asked: Asked) -> None:
        asked.verified = True
        same = [a for a in self.all if a is not asked and a.open and (a.right, a.wish) == (asked.right, asked.wish)]
        verified = [a for a in same if a.state in VERIFIED]
        for other in same:
            if other not in verified:
                other.close(State.CANCELLED)
        if verified:
            asked.close(State.CANCELLED)
            return
        others = [a for a in self.all if a is not asked and a.state in VERIFIED]
        stopped = asked.waiting or asked.proposed or asked.waits or (asked.right is Right.ERASURE and bool(others))
        asked.state = State.AWAITING_APPROVAL if stopped else State.IN_PROGRESS

    @rule(asked=requests)
    def wrong_code(self, asked: Asked) -> None:
        with pytest.raises(WrongCode if asked.state is State.VERIFYING else Conflict):
            self.service.verify(asked.id, "not it", "desk")

    @rule(asked=requests)
    def ask(self, asked: Asked) -> None:
        def then() -> None:
            asked.waiting = True

        fits = asked.state in {State.VERIFYING, State.AWAITING_APPROVAL} and not asked.waiting
        question = (asked.id, About.CLARIFICATION, "Which?", "many", "dora")
        self._try(asked, lambda: self.service.ask(*question), fits=fits, then=then)

    @rule(asked=requests)
    def answer(self, asked: Asked) -> None:
        def then() -> None:
            asked.waiting = False

        self._try(asked, lambda: self.service.answer(asked.id, "this", "dora"), fits=asked.waiting, then=then)

    @rule(asked=requests, who=WHO)
    def approve(self, asked: Asked, who: str) -> None:
        others = any(a is not asked and a.state in VERIFIED for a in self.all)
        fits = asked.state in {State.AWAITING_APPROVAL, State.FAILED}
        if asked.right is Right.ERASURE:
            fits = fits and not others and (asked.approved or who not in asked.approvals)

        def then() -> None:
            asked.approvals.append(who)
            if asked.right is Right.ERASURE and len(asked.approvals) < 2:
                return
            asked.approved, asked.waiting, asked.proposed, asked.state = True, False, "", State.IN_PROGRESS

        self._try(asked, lambda: self.service.approve(asked.id, who), fits=fits, then=then)

    @rule(asked=requests, who=WHO, excessive=st.booleans())
    def refuse(self, asked: Asked, who: str, *, excessive: bool) -> None:
        ground = Ground.MANIFESTLY_EXCESSIVE if excessive else Ground.IDENTITY_FAILURE

        def then() -> None:
            if excessive:
                asked.proposed = who
            else:
                asked.close(State.REFUSED)

        fits = asked.open and asked.state is not State.IN_PROGRESS
        fits = fits and (excessive or asked.state is State.VERIFYING)  # who has shown who they are has not failed to
        refusal = (asked.id, ground, "No.", who)
        self._try(asked, lambda: self.service.refuse(*refusal, evidence="seen"), fits=fits, then=then)

    @rule(asked=requests, who=WHO)
    def confirm(self, asked: Asked, who: str) -> None:
        fits = asked.open and asked.state is not State.IN_PROGRESS and asked.proposed not in {"", who}
        self._try(
            asked,
            lambda: self.service.confirm_refusal(asked.id, who),
            fits=fits,
            then=lambda: asked.close(State.REFUSED),
        )

    @rule(asked=requests)
    def extend(self, asked: Asked) -> None:
        def then() -> None:
            asked.extended = True

        fits = asked.open and not asked.extended
        self._try(asked, lambda: self.service.extend(asked.id, Extension.NUMBER, "dora"), fits=fits, then=then)

    @rule(asked=requests, by_person=st.booleans())
    def end(self, asked: Asked, *, by_person: bool) -> None:
        end = self.service.withdraw if by_person else partial(self.service.cancel, reason="a mistake")
        self._try(
            asked,
            lambda: end(asked.id, actor="dora"),
            fits=asked.open,
            then=lambda: asked.close(State.CANCELLED),
        )

    @rule(asked=requests)
    def break_down(self, asked: Asked) -> None:
        self.fulfilment.fail(asked.id, BROKEN)
        if asked.state is State.IN_PROGRESS:
            asked.state = State.FAILED

    @rule(asked=consumes(requests))
    def work(self, asked: Asked) -> None:
        """A worker that carries out what it finds does nothing with what is not in progress."""
        if asked.right is Right.AUTOMATED_DECISION:
            fits = asked.state is State.IN_PROGRESS
            self._try(
                asked,
                lambda: self.service.complete(asked.id, Review.CHANGED, "granted", "dora"),
                fits=fits,
                then=lambda: asked.close(State.COMPLETED),
            )
        elif asked.right is not Right.ERASURE or asked.state is not State.IN_PROGRESS:
            for step in self.fulfilment.plan(asked.id):
                assert self.fulfilment.perform(asked.id, step) is None
            if asked.state is State.IN_PROGRESS:
                asked.close(State.COMPLETED)

    @invariant()
    def the_model_holds(self) -> None:
        for asked in self.all:
            found = self.service.show(asked.id)
            assert found.state == asked.state
            assert (found.verified_at is not None) == asked.verified
            assert (found.waiting_for is not None) == asked.waiting
            assert (found.closed_at is None) == asked.open
            if found.state in {State.IN_PROGRESS, State.COMPLETED}:
                assert asked.verified
                assert asked.approved or not asked.waits


def test_the_life_cycle_is_what_the_model_says(company: Company) -> None:
    """Every order of opening, verifying, asking, deciding, breaking and working, with four eyes and merging."""
    print(f"seed {SEED}")  # noqa: T201
    company.reword("approval: [erasure, rectification]\n", FOUR_EYES)
    slow = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    few = settings(max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=slow, database=None)
    everything: list[str] = []

    def desk() -> Desk:
        return Desk(company, everything)

    run_state_machine_as_test(seed(SEED)(desk), settings=few)
    company.log.integrate(company.database)
    lines = Counter(line.type for r in everything for line in company.requests.timeline(r))
    with company.database.read() as session:
        entries = session.connection().exec_driver_sql(
            "SELECT type, count(*) FROM audit_entries WHERE type LIKE 'rights:%%' GROUP BY type"
        )
        logged = {row[0]: row[1] for row in entries}
    assert everything
    assert logged == dict(lines)
