"""Evaluations: questions about customers, each decided on the state of this moment and logged with its answer."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import msgspec
from sqlalchemy.orm import Session

from privacy_svc import consent
from privacy_svc.auditlog import Event, EventType
from privacy_svc.errors import Conflict, PrivacyError, StoreUnavailable
from privacy_svc.http import CustomerRef
from privacy_svc.identity import Claim, UnknownToken, refuse_dead
from privacy_svc.policy import Decision, Effect, PolicyHolder, PolicySet, Reason, ReasonCode, reason
from privacy_svc.store.directory import Directory
from privacy_svc.store.pdp import Decider, DecisionPoint, Question, decision_payload, question_payload
from privacy_svc.vault import SubjectCipher

A = TypeVar("A")
B = TypeVar("B")
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
    """A question about one customer. `min_state_version`: what the caller has seen, and the decision must know.
    `claim`: who asks, where that is still to be seen."""

    question: Question
    customer: CustomerRef
    terms: Terms = Terms()
    min_state_version: int | None = None
    claim: Claim | None = None


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
    which the rest is not asked any more. `claim` as in a case; theirs are not looked at."""

    cases: Sequence[Case | PrivacyError]
    until: bool | None = None
    claim: Claim | None = None


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
        """Of callers who have nothing to do with each other: every case has an entry of its own. UnknownToken stands
        for a caller who is none any more."""
        return _of_living(cases, refuse_dead(session, [case.claim for case in cases]), partial(self._each, session))

    def _each(self, session: Session, cases: Sequence[Case]) -> Answered:
        (found,) = self._decide(session, [Boxcar(cases)])
        entries: dict[_Decided, str] = {}
        policies, payloads = self._policies.current, dict[Any, dict[str, Any]]()
        audit, ciphers = self._pdp.audit, self._ciphers(session, [found])
        for actor, mine in _by(lambda d: d.question.actor, found).items():
            events = [d.event(policies, payloads) for d in mine]
            ids = audit.append_many(session, events, actor=actor, ciphers=ciphers)
            entries.update(zip(mine, ids, strict=True))
        return _answered(found, entries)

    def together(self, session: Session, cases: Sequence[Case]) -> Answered:
        """Of one caller: all people about whom the same was asked, with the same outcome, share an entry."""
        return self._boxcars(session, [Boxcar(cases)])[0]

    def boxcars(self, session: Session, asked: Sequence[Boxcar]) -> list[Answered | UnknownToken]:
        """The same of several callers, each with entries of their own: one look at everybody they ask about. What was
        not decided, because something before it ended the request, is not in the log."""
        return _of_living(asked, refuse_dead(session, [one.claim for one in asked]), partial(self._boxcars, session))

    def _boxcars(self, session: Session, asked: Sequence[Boxcar]) -> list[Answered]:
        found = self._decide(session, asked)
        ciphers = self._ciphers(session, found)
        return [_answered(mine, self._entries(session, mine, ciphers)) for mine in found]

    def _ciphers(
        self, session: Session, found: Sequence[Sequence["_Decided | PrivacyError"]]
    ) -> Mapping[str, SubjectCipher]:
        """Of those decided about, whom `_Deciding` holds."""
        people = {d.subject_id for mine in found for d in mine if isinstance(d, _Decided) and d.subject_id is not None}
        return self._pdp.audit.vault.ciphers(session, people)

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

    def _decide(self, session: Session, asked: Sequence[Boxcar]) -> list[list[_Decided | PrivacyError]]:
        decider = self._pdp.decider()
        self._pdp.keep(session, decider.policies)
        deciding = _Deciding(session, self._directory, self._pdp, decider)
        deciding.look([(c, b.until is None) for b in asked for c in b.cases if isinstance(c, Case)])
        return [list(deciding.answers(boxcar)) for boxcar in asked]


class _Deciding:
    """Cases of one moment. All people whom we know are looked at once; whom we do not know is admitted with them, or
    in their turn, where something before them may end the request."""

    def __init__(self, session: Session, directory: Directory, pdp: DecisionPoint, decider: Decider) -> None:
        self._session, self._directory, self._pdp, self._decider = session, directory, pdp, decider
        self._refused: dict[Question, Decision | None] = {}
        self._people: dict[tuple[CustomerRef, str], str | PrivacyError] = {}
        self._standing: dict[str, dict[str, consent.Standing]] = {}
        self._outcomes: dict[tuple[Any, ...], tuple[Decision, tuple[Reason, ...]]] = {}
        self._away: StoreUnavailable | None = None

    def look(self, cases: Sequence[tuple[Case, bool]]) -> None:
        """Each with whether it is surely decided."""
        about = [(case, surely) for case, surely in cases if self._refusal(case.question) is None]
        known = self._directory.known_each(self._session, [case.customer for case, _ in about])
        people: dict[str, set[str]] = {}
        for (case, surely), subject_id in zip(about, known, strict=True):
            found = subject_id or (self._admit(case) if surely else None)
            if found is not None:
                self._people[case.customer, case.question.actor] = found
            if isinstance(found, str):
                people.setdefault(case.question.purpose, set()).add(found)
        self._hold(set().union(*people.values()))
        for purpose, ids in people.items():
            self._read(purpose, ids)

    def answers(self, boxcar: Boxcar) -> Iterator[_Decided | PrivacyError]:
        """To the first outcome that ends it."""
        for case in boxcar.cases:
            found = self._decide(case) if isinstance(case, Case) else case
            yield found
            if boxcar.until is (isinstance(found, _Decided) and not found.refused):
                return

    def _decide(self, case: Case) -> _Decided | PrivacyError:
        question = case.question
        refusal = self._refusal(question)
        if refusal is not None:
            return _Decided(question, None, refusal, case.terms.refuse(refusal))
        subject_id = self._people.get((case.customer, question.actor)) or self._admit(case)
        if not isinstance(subject_id, str):
            return subject_id
        decision, refused = self._outcome(case, self._of(question.purpose, subject_id))
        return _too_old(decision, case.min_state_version) or _Decided(question, subject_id, decision, refused)

    def _outcome(self, case: Case, person: consent.Standing) -> tuple[Decision, tuple[Reason, ...]]:
        same = (case.question, case.terms, id(person.shared), person.version)
        if same not in self._outcomes:
            shared = self._decider.decide_shared(case.question, person.shared)
            decision = msgspec.structs.replace(shared, state_version=person.version)
            self._outcomes[same] = decision, case.terms.refuse(decision)
        return self._outcomes[same]

    def _refusal(self, question: Question) -> Decision | None:
        if question not in self._refused:
            self._refused[question] = self._decider.refusal(question)
        return self._refused[question]

    def _admit(self, case: Case) -> str | PrivacyError:
        """A store that did not answer is not asked again: each of these cases would wait for it, one after another."""
        if self._away is not None:
            return self._away
        found = self._directory.try_admit(self._session, case.customer, case.question.actor)
        self._away = found if isinstance(found, StoreUnavailable) else None
        return found

    def _of(self, purpose: str, subject_id: str) -> consent.Standing:
        if subject_id not in self._standing.get(purpose, {}):
            self._hold({subject_id})
            self._read(purpose, [subject_id])
        return self._standing[purpose][subject_id]

    def _hold(self, people: AbstractSet[str]) -> None:
        """Before their state is read: who waited for a withdrawal to end must not answer from before it."""
        self._pdp.audit.vault.hold(self._session, people)

    def _read(self, purpose: str, people: Iterable[str]) -> None:
        reading = self._pdp.reading(self._decider, purpose)
        found = consent.standings(self._session, list(people), reading)
        self._standing.setdefault(purpose, {}).update((s.subject_id, s) for s in found)


def _of_living(
    asked: Sequence[A], refused: Sequence[UnknownToken | None], answer: Callable[[Sequence[A]], Sequence[B]]
) -> list[B | UnknownToken]:
    """Nothing is decided for the others."""
    answers = iter(answer([one for one, refusal in zip(asked, refused, strict=True) if refusal is None]))
    return [next(answers) if refusal is None else refusal for refusal in refused]


def _by(key: Callable[[_Decided], K], found: Iterable[_Decided | PrivacyError]) -> dict[K, list[_Decided]]:
    groups: dict[K, list[_Decided]] = {}
    for decided in found:
        if isinstance(decided, _Decided):
            groups.setdefault(key(decided), []).append(decided)
    return groups


def _answered(found: Iterable[_Decided | PrivacyError], entries: Mapping[_Decided, str]) -> Answered:
    return [Answer(d.decision, d.refused, entries[d]) if isinstance(d, _Decided) else d for d in found]


def _too_old(decision: Decision, wanted: int | None) -> Conflict | None:
    if wanted is None or decision.state_version >= wanted:
        return None
    return Conflict(f"State version {wanted} is not known here yet; this is {decision.state_version}.")
