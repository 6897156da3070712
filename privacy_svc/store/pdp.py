"""The policy decision point: live state of people in, logged decisions out."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from privacy_svc import consent
from privacy_svc.auditlog import Event, EventType, GroupEvent, Log
from privacy_svc.db import Database, now
from privacy_svc.errors import NotFound
from privacy_svc.policy import Decision, Effect, PolicyHolder, PolicySet, SubjectState, Versions, decide, ungranted
from privacy_svc.store.errors import NotPermitted, UnknownPurpose, nearest
from privacy_svc.store.shadowing import Shadow
from privacy_svc.vault import SubjectCipher

UNKNOWN, UNKNOWN_RECORD = "unknown_customer", "unknown_record"
"""Reasons of an entry about what the store does not have."""
_decisive = attrgetter(*(f.name for f in fields(SubjectState) if f.name not in {"subject_id", "version", "consents"}))
"""What a decision reads of a state, besides the consents."""


def same_state(state: SubjectState) -> Hashable:
    """Equal for people of whom the same is true."""
    return (*_decisive(state), frozenset(state.consents.items()))


class Question(msgspec.Struct, frozen=True, cache_hash=True):  # of everybody in a boxcar: looked up by, again and again
    """Who wants to use which fields of one person, for what."""

    actor: str
    """Who calls, as the log names them; a DPO's what-if differs from `module`."""
    module: str
    purpose: str
    fields: tuple[str, ...]


class Decider:
    """Decisions of one moment. Equal states are decided once, and their decisions share one `fields`."""

    def __init__(self, policies: PolicySet, at: datetime, shadow: Shadow | None = None) -> None:
        self.policies, self.at, self._shadow = policies, at, shadow
        self._decided: dict[Any, Decision] = {}

    def decide(self, question: Question, state: SubjectState) -> Decision:
        return msgspec.structs.replace(self.decide_shared(question, state), state_version=state.version)

    def decide_shared(self, question: Question, state: SubjectState) -> Decision:
        """For everybody of whom the same is true; the state version is nobody's."""
        q, same = question, (question, same_state(state))
        if same not in self._decided:
            found = decide(self.policies, q.module, q.purpose, q.fields, state, self.at)
            if self._shadow is not None:
                self._shadow.look(self.policies, q.fields, state, self.at, found)
            self._decided[same] = found
        return self._decided[same]

    def refusal(self, question: Question) -> Decision | None:
        """Where a module may not work for the purpose at all, it is told before anybody is looked up: it must not
        learn who is known here. A DPO's what-if reads on. None where it depends on the person."""
        if question.actor != question.module:
            return None
        return ungranted(self.policies, question.module, question.purpose, question.fields)


class DecisionPoint:
    """Decides and logs. The log entry is part of the caller's transaction: no entry, no permit."""

    def __init__(self, policies: PolicyHolder, log: Log, shadow: Shadow | None = None) -> None:
        self._policies, self.audit, self._shadow = policies, log, shadow
        self._versions = Versions()

    def decider(self) -> Decider:
        """Under the policy in force, of this moment."""
        return Decider(self._policies.current, now(), self._shadow)

    def reading(self, decider: Decider, purpose: str) -> consent.Reading:
        """What decisions about this purpose read of people, also of those that a candidate makes beside them."""
        others = self._shadow.compared() if self._shadow is not None else ()
        return consent.Reading(self.audit.vault, (decider.policies, *others), purpose, decider.at)

    def keep(self, session: Session, policies: PolicySet) -> None:
        """What decides is readable for as long as its decisions are: written, and logged, with the first of them."""
        if self._versions.keep(session, policies):
            consent.note_policy(session, self.audit, policies)

    def require_granted(self, database: Database, question: Question) -> None:
        """Raises NotPermitted, once that is logged."""
        refused = self.decider().refusal(question)
        if refused is None:
            return
        self.log_refusal(database, question, refused)
        raise NotPermitted(f"{question.module} may not work for {question.purpose}: {refused.reasons[0].code}.")

    def log_refusal(self, database: Database, question: Question, refused: Decision) -> str:
        """Of `Decider.refusal`, in a transaction of its own; the entry's id."""
        with database.write() as session:
            self.keep(session, self._policies.current)
            return self.log(session, EventType.DECISION_DENY, question, None, refused)

    def decide(self, session: Session, question: Question, subject_id: str) -> Decision:
        """Raises NotFound for an unknown subject."""
        found = self.decide_all(session, question, [subject_id])
        if subject_id not in found:
            raise NotFound("There is no such subject.")
        return found[subject_id]

    def decide_all(self, session: Session, question: Question, subject_ids: Iterable[str]) -> dict[str, Decision]:
        """For many people, each distinct state decided once; unknown people are absent."""
        decider = self.decider()
        self.keep(session, decider.policies)
        shared: dict[int, Decision] = {}
        found: dict[str, Decision] = {}
        for person in consent.standings(session, list(subject_ids), self.reading(decider, question.purpose)):
            same = id(person.shared)
            if same not in shared:
                shared[same] = decider.decide_shared(question, person.shared)
            found[person.subject_id] = msgspec.structs.replace(shared[same], state_version=person.version)
        return found

    def log(
        self,
        session: Session,
        kind: EventType,
        question: Question,
        subject_id: str | None,
        decision: Decision,
        more: Mapping[str, Any] | None = None,
    ) -> str:
        policies = self._policies.current
        payload = {**question_payload(policies, question), **decision_payload(policies, decision), **(more or {})}
        return self.audit.append(session, kind, actor=question.actor, subject_id=subject_id, payload=payload)

    def log_each(
        self,
        session: Session,
        kind: EventType,
        question: Question,
        decisions: Mapping[str, Decision],
        more: Mapping[str, Any],
    ) -> None:
        """An entry for each, with one look at their keys. `decisions` by subject."""
        policies = self._policies.current
        asked = question_payload(policies, question)
        told = ((i, {**asked, **decision_payload(policies, d), **more}) for i, d in decisions.items())
        self.audit.append_many(session, [Event(kind, i, payload) for i, payload in told], actor=question.actor)

    def log_unknown(self, session: Session, question: Question, why: str, more: Mapping[str, Any]) -> str:
        """A question about nobody there is."""
        policies = self._policies.current
        denied = {"fields": {str(Effect.DENY): list(question.fields)}, "reasons": [why]}
        payload = {**question_payload(policies, question), **denied, "policy_version": policies.version, **more}
        kind = EventType.DECISION_DENY
        return self.audit.append(session, kind, actor=question.actor, subject_id=None, payload=payload)

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
        policies = self._policies.current
        if len(decisions) == 1:
            ((subject_id, decision),) = decisions.items()
            payload = {**question_payload(policies, question), **decision_payload(policies, decision), **more}
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
                groups.append(answer_payload(policies, decision))
            people[subject_id] = (number[same], decision.state_version)
        version = next(iter(decisions.values())).policy_version
        payload = {**question_payload(policies, question), "groups": groups, "policy_version": version, **more}
        return self.audit.append_group(
            session, GroupEvent(kind, people, payload), actor=question.actor, ciphers=ciphers
        )


def question_payload(policies: PolicySet, question: Question) -> dict[str, Any]:
    """A module or purpose that the policy does not know is None: a made-up name may be anybody's."""
    module = question.module if question.module in policies.modules else None
    return {"module": module, "purpose": question.purpose if question.purpose in policies.purposes else None}


def decision_payload(policies: PolicySet, decision: Decision) -> dict[str, Any]:
    """What the log keeps of a decision: names and reasons, never values."""
    state = {"state_version": decision.state_version} if decision.state_version else {}
    return answer_payload(policies, decision) | {"policy_version": decision.policy_version} | state


def answer_payload(policies: PolicySet, decision: Decision) -> dict[str, Any]:
    """Fields that the data map knows by name; others, which callers may have put anything into, by number."""
    known, unknown = policies.all_field_names, 0
    by_effect: dict[str, list[str]] = {}
    for name, field in decision.fields.items():
        if name in known:
            by_effect.setdefault(str(field.effect), []).append(name)
        else:
            unknown += 1
    answer = {"fields": by_effect, "reasons": sorted({str(r.code) for r in decision.reasons})}
    return answer | ({"unknown_fields": unknown} if unknown else {})


def is_released(answer: Mapping[str, Any]) -> bool:
    """Of an answer as the log has it: some field was given out; or the purpose as such was permitted, where no field
    was asked for."""
    fields = answer.get("fields", {})
    return bool(fields.get("permit") or fields.get("mask")) or not (fields or answer.get("reasons", True))


def known_purpose(policies: PolicySet, purpose: str) -> None:
    if purpose not in policies.purposes:
        raise UnknownPurpose(f"There is no purpose {purpose!r}{nearest(purpose, policies.purposes)}")


def qualified(collection: str, fields: Sequence[str]) -> tuple[str, ...]:
    """Field names of one collection as the decision knows them: dataset.collection.field."""
    return tuple(f"{collection}.{f}" for f in fields)
