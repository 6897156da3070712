"""The policy decision point: live state of one person in, a logged decision out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc import consent
from privacy_svc.auditlog import EventType, GroupEvent, Log
from privacy_svc.db import now
from privacy_svc.errors import Conflict
from privacy_svc.http import CustomerRef
from privacy_svc.policy import Decision, Effect, PolicyHolder, PolicySet, SubjectState, decide
from privacy_svc.store.directory import Directory
from privacy_svc.store.errors import UnknownPurpose, nearest
from privacy_svc.vault import SubjectCipher

_decisive = attrgetter(*(f.name for f in fields(SubjectState) if f.name not in {"subject_id", "version", "consents"}))
"""What a decision reads of a state, besides the consents."""


@dataclass(frozen=True, slots=True)
class Question:
    """Who wants to use which fields of one person, for what."""

    actor: str
    """Who calls, as the log names them; a DPO's what-if differs from `module`."""
    module: str
    purpose: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision and its log entry."""

    decision: Decision
    decision_id: str

    @property
    def released(self) -> tuple[str, ...]:
        return tuple(f for f, d in self.decision.fields.items() if d.effect is not Effect.DENY)

    @property
    def withheld(self) -> tuple[str, ...]:
        return tuple(f for f, d in self.decision.fields.items() if d.effect is Effect.DENY)


class DecisionPoint:
    """Decides and logs. The log entry is part of the caller's transaction: no entry, no permit."""

    def __init__(self, policies: PolicyHolder, directory: Directory, log: Log) -> None:
        self._policies, self._directory, self.audit = policies, directory, log

    def evaluate(
        self, session: Session, question: Question, customer: CustomerRef, *, min_state_version: int | None = None
    ) -> Answer:
        """May this be used now? Raises UnknownCustomer; Conflict when the state a caller knows of is not here yet."""
        subject_id = self._directory.admit(session, customer, question.actor)
        decision = self.decide(session, question, subject_id)
        if min_state_version is not None and decision.state_version < min_state_version:
            raise Conflict(
                f"State version {min_state_version} is not known here yet; this is {decision.state_version}."
            )
        kind = EventType.DECISION_PERMIT if decision.permit_all else EventType.DECISION_DENY
        return Answer(decision, self.log(session, kind, question, subject_id, decision))

    def decide(self, session: Session, question: Question, subject_id: str) -> Decision:
        state = consent.subject_state(session, subject_id, now())
        policies = self._policies.current
        return decide(policies, question.module, question.purpose, question.fields, state, now())

    def decide_all(self, session: Session, question: Question, subject_ids: Iterable[str]) -> dict[str, Decision]:
        """For many people, each distinct state decided once; unknown people are absent."""
        at, policies = now(), self._policies.current
        decided: dict[Any, Decision] = {}
        found = {}
        for subject_id, state in consent.subject_states(session, subject_ids, at).items():
            same = (*_decisive(state), frozenset(state.consents.items()))
            if same not in decided:
                decided[same] = decide(policies, question.module, question.purpose, question.fields, state, at)
            found[subject_id] = replace(decided[same], state_version=state.version)
        return found

    def log(
        self,
        session: Session,
        kind: EventType,
        question: Question,
        subject_id: str,
        decision: Decision,
        more: Mapping[str, Any] | None = None,
    ) -> str:
        payload = {**question_payload(question), **decision_payload(decision), **(more or {})}
        return self.audit.append(session, kind, actor=question.actor, subject_id=subject_id, payload=payload)

    def log_all(
        self,
        session: Session,
        kind: EventType,
        question: Question,
        decisions: Mapping[str, Decision],
        more: Mapping[str, Any],
        ciphers: Mapping[str, SubjectCipher],
    ) -> str:
        """One entry about everybody; who got the same answer is one group of it. `decisions` by subject, not empty;
        `ciphers` of people the caller holds."""
        if len(decisions) == 1:
            ((subject_id, decision),) = decisions.items()
            payload = {**question_payload(question), **decision_payload(decision), **more}
            return self.audit.append(
                session, kind, actor=question.actor, subject_id=subject_id, payload=payload, ciphers=ciphers
            )
        groups: list[dict[str, Any]] = []
        number: dict[int, int] = {}
        people: dict[str, tuple[int, int]] = {}
        for subject_id, decision in decisions.items():
            same = id(decision.fields)  # `decide_all` decides each distinct state once
            if same not in number:
                number[same] = len(groups)
                groups.append(answer_payload(decision))
            people[subject_id] = (number[same], decision.state_version)
        version = next(iter(decisions.values())).policy_version
        payload = {**question_payload(question), "groups": groups, "policy_version": version, **more}
        return self.audit.append_group(
            session, GroupEvent(kind, people, payload), actor=question.actor, ciphers=ciphers
        )


def question_payload(question: Question) -> dict[str, Any]:
    return {"module": question.module, "purpose": question.purpose}


def decision_payload(decision: Decision) -> dict[str, Any]:
    """What the log keeps of a decision: names and reasons, never values."""
    versions = {"policy_version": decision.policy_version, "state_version": decision.state_version}
    return answer_payload(decision) | versions


def answer_payload(decision: Decision) -> dict[str, Any]:
    by_effect: dict[str, list[str]] = {}
    for name, field in decision.fields.items():
        by_effect.setdefault(str(field.effect), []).append(name)
    return {"fields": by_effect, "reasons": sorted({str(r.code) for r in decision.reasons})}


def known_purpose(policies: PolicySet, purpose: str) -> None:
    if purpose not in policies.purposes:
        raise UnknownPurpose(f"There is no purpose {purpose!r}{nearest(purpose, policies.purposes)}")


def qualified(collection: str, fields: Sequence[str]) -> tuple[str, ...]:
    """Field names of one collection as the decision knows them: dataset.collection.field."""
    return tuple(f"{collection}.{f}" for f in fields)
