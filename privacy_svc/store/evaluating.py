"""Evaluations: questions about customers, each decided on the state of this moment and logged with its answer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import msgspec
from sqlalchemy.orm import Session

from privacy_svc import consent
from privacy_svc.auditlog import Event, EventType
from privacy_svc.errors import Conflict, PrivacyError
from privacy_svc.http import CustomerRef
from privacy_svc.policy import Decision, Effect, PolicyHolder, PolicySet, Reason, ReasonCode, reason
from privacy_svc.store.directory import Directory
from privacy_svc.store.pdp import Decider, DecisionPoint, Question, decision_payload, question_payload
from privacy_svc.vault import SubjectCipher

K = TypeVar("K")


class Terms(msgspec.Struct, frozen=True):
    """How a caller takes an answer. `partial`: some of the fields are enough. `obliging`: it drops and masks fields as
    it is told; one that does not must not be permitted anything that depends on it (obligations profile §4)."""

    partial: bool = False
    obliging: bool = False

    def refuse(self, decision: Decision) -> tuple[Reason, ...]:
        """Why this is no permit on these terms; nothing where it is one."""
        if not (decision.any_permit if self.partial else decision.permit_all):
            return decision.reasons
        if obliges(decision) and not self.obliging:
            return (*decision.reasons, reason(ReasonCode.OBLIGATION_NOT_SUPPORTED))
        return ()


class Case(msgspec.Struct, frozen=True):
    """A question about one customer. `min_state_version`: what the caller has seen, and the decision must know."""

    question: Question
    customer: CustomerRef
    terms: Terms = Terms()
    min_state_version: int | None = None


class Answer(msgspec.Struct, frozen=True):
    """A decision, why it is no permit on the caller's terms (nothing where it is one), and its log entry."""

    decision: Decision
    refused: tuple[Reason, ...]
    decision_id: str

    @property
    def permitted(self) -> bool:
        return not self.refused


@dataclass(frozen=True, slots=True, eq=False)
class Boxcar:
    """What one caller asks at once; what could not be read as a question answers itself. `until`: the outcome after
    which the rest is not asked any more."""

    cases: Sequence[Case | PrivacyError]
    until: bool | None = None


Answered = list[Answer | PrivacyError]
"""By case. UnknownCustomer stands for somebody whom the store does not have, Conflict for a state that the caller
knows of and that is not here yet."""


def obliges(decision: Decision) -> bool:
    """Some fields have to be dropped or masked."""
    return any(d.effect is not Effect.PERMIT for d in decision.fields.values())


class _Decided(msgspec.Struct, frozen=True, eq=False):
    question: Question
    subject_id: str | None
    """None: denied whoever it is."""
    decision: Decision
    refused: tuple[Reason, ...]

    @property
    def kind(self) -> EventType:
        return EventType.DECISION_DENY if self.refused else EventType.DECISION_PERMIT

    def event(self, policies: PolicySet, payloads: dict[Any, dict[str, Any]]) -> Event:
        """`payloads` of the same decider: what is the same is said once."""
        decision = self.decision
        same = (self.question, id(decision.fields), decision.state_version)
        if same not in payloads:
            payloads[same] = question_payload(policies, self.question) | decision_payload(policies, decision)
        return Event(self.kind, self.subject_id, payloads[same])


class Evaluations:
    """Both ways are one look at everybody's state, in the caller's transaction: no entry, no permit."""

    def __init__(self, policies: PolicyHolder, directory: Directory, pdp: DecisionPoint) -> None:
        self._policies, self._directory, self._pdp = policies, directory, pdp

    def each(self, session: Session, cases: Sequence[Case]) -> Answered:
        """Of callers who have nothing to do with each other: every case has an entry of its own."""
        found = self._decide(session, cases)
        entries: dict[_Decided, str] = {}
        policies, payloads = self._policies.current, dict[Any, dict[str, Any]]()
        for actor, mine in _by(lambda d: d.question.actor, found).items():
            ids = self._pdp.audit.append_many(session, [d.event(policies, payloads) for d in mine], actor=actor)
            entries.update(zip(mine, ids, strict=True))
        return _answered(found, entries)

    def together(self, session: Session, cases: Sequence[Case]) -> Answered:
        """Of one caller: all people about whom the same was asked, with the same outcome, share an entry."""
        return self._all(session, [cases])[0]

    def boxcars(self, session: Session, asked: Sequence[Boxcar]) -> list[Answered]:
        """The same of several callers, each with entries of their own: one look at everybody they ask about."""
        whole = [boxcar for boxcar in asked if boxcar.until is None]
        cases = [[case for case in boxcar.cases if isinstance(case, Case)] for boxcar in whole]
        found = dict(zip(whole, self._all(session, cases), strict=True)) if whole else {}
        return [
            _in_order(boxcar, found[boxcar]) if boxcar in found else self._in_turn(session, boxcar) for boxcar in asked
        ]

    def _in_turn(self, session: Session, boxcar: Boxcar) -> Answered:
        """One after the other, to the first outcome that ends it."""
        answers: Answered = []
        for case in boxcar.cases:
            answers += self.together(session, [case]) if isinstance(case, Case) else [case]
            if (isinstance(answers[-1], Answer) and answers[-1].permitted) is boxcar.until:
                break
        return answers

    def _all(self, session: Session, asked: Sequence[Sequence[Case]]) -> list[Answered]:
        decided = iter(self._decide(session, [case for cases in asked for case in cases]))
        found = [list(islice(decided, len(cases))) for cases in asked]
        people = {d.subject_id for mine in found for d in mine if isinstance(d, _Decided) and d.subject_id is not None}
        vault = self._pdp.audit.vault
        vault.hold(session, people)
        ciphers = vault.ciphers(session, people)
        return [_answered(mine, self._entries(session, mine, ciphers)) for mine in found]

    def _entries(
        self, session: Session, found: Sequence["_Decided | PrivacyError"], ciphers: Mapping[str, SubjectCipher]
    ) -> dict["_Decided", str]:
        entries: dict[_Decided, str] = {}
        for mine in _by(lambda d: (d.question, d.kind, d.subject_id in ciphers), found).values():
            entries.update(self._log(session, mine, ciphers))
        return entries

    def _log(
        self, session: Session, alike: Sequence[_Decided], ciphers: Mapping[str, SubjectCipher]
    ) -> dict[_Decided, str]:
        """Who was erased has an entry of their own: only their evidence key is left to seal it."""
        first, audit = alike[0], self._pdp.audit
        if first.subject_id is None:
            return dict.fromkeys(alike, self._pdp.log(session, first.kind, first.question, None, first.decision))
        if first.subject_id not in ciphers:
            events = [d.event(self._policies.current, {}) for d in alike]
            ids = audit.append_many(session, events, actor=first.question.actor)
            return dict(zip(alike, ids, strict=True))
        decisions = {d.subject_id: d.decision for d in alike if d.subject_id is not None}
        return dict.fromkeys(alike, self._pdp.log_all(session, first.kind, first.question, decisions, {}, ciphers))

    def _decide(self, session: Session, cases: Sequence[Case]) -> list[_Decided | PrivacyError]:
        decider = self._pdp.decider()
        self._pdp.keep(session, decider.policies)
        refused = {q: d for q in {c.question for c in cases} if (d := decider.refusal(q)) is not None}
        asked = iter(self._decide_people(session, decider, [c for c in cases if c.question not in refused]))
        return [
            _Decided(q, None, refused[q], case.terms.refuse(refused[q]))
            if (q := case.question) in refused
            else next(asked)
            for case in cases
        ]

    def _decide_people(
        self, session: Session, decider: Decider, cases: Sequence[Case]
    ) -> list[_Decided | PrivacyError]:
        admitted = self._directory.admit_each(session, [(c.customer, c.question.actor) for c in cases])
        people: dict[str, set[str]] = {}
        for case, subject_id in zip(cases, admitted, strict=True):
            if isinstance(subject_id, str):
                people.setdefault(case.question.purpose, set()).add(subject_id)
        standing = {p: self._standing(session, decider, p, ids) for p, ids in people.items()}
        outcomes: dict[tuple[Any, ...], tuple[Decision, tuple[Reason, ...]]] = {}
        found: list[_Decided | PrivacyError] = []
        for case, subject_id in zip(cases, admitted, strict=True):
            if not isinstance(subject_id, str):
                found.append(subject_id)
                continue
            person = standing[case.question.purpose][subject_id]
            same = (case.question, case.terms, id(person.shared), person.version)
            if same not in outcomes:
                shared = decider.decide_shared(case.question, person.shared)
                decision = msgspec.structs.replace(shared, state_version=person.version)
                outcomes[same] = decision, case.terms.refuse(decision)
            decision, refused = outcomes[same]
            decided = _Decided(case.question, subject_id, decision, refused)
            found.append(_too_old(decision, case.min_state_version) or decided)
        return found

    def _standing(
        self, session: Session, decider: Decider, purpose: str, people: Iterable[str]
    ) -> dict[str, consent.Standing]:
        reading = self._pdp.reading(decider, purpose)
        return {s.subject_id: s for s in consent.standings(session, list(people), reading)}


def _by(key: Callable[[_Decided], K], found: Iterable[_Decided | PrivacyError]) -> dict[K, list[_Decided]]:
    groups: dict[K, list[_Decided]] = {}
    for decided in found:
        if isinstance(decided, _Decided):
            groups.setdefault(key(decided), []).append(decided)
    return groups


def _in_order(boxcar: Boxcar, answers: Answered) -> Answered:
    """With those that answer themselves."""
    rest = iter(answers)
    return [next(rest) if isinstance(case, Case) else case for case in boxcar.cases]


def _answered(found: Iterable[_Decided | PrivacyError], entries: Mapping[_Decided, str]) -> Answered:
    return [Answer(d.decision, d.refused, entries[d]) if isinstance(d, _Decided) else d for d in found]


def _too_old(decision: Decision, wanted: int | None) -> Conflict | None:
    if wanted is None or decision.state_version >= wanted:
        return None
    return Conflict(f"State version {wanted} is not known here yet; this is {decision.state_version}.")
