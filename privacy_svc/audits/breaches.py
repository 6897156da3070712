"""The register of breaches (Art. 33(5) GDPR): what happened, how it was judged, who was told and when.

The clock of 72 hours runs from when the controller is aware; it does not stop for weekends. A breach is closed only
when everybody was told whom the law wants told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log, Progress, unseen
from privacy_svc.audits.affected import affected, with_rows
from privacy_svc.audits.breach_facts import known_categories, known_client, known_subjects, past, words
from privacy_svc.audits.breach_history import ASSESSED, AUTHORITY, PEOPLE, history, note, without
from privacy_svc.audits.breach_model import BREACH, Breach
from privacy_svc.audits.breach_notices import Draft, Facts, drafts
from privacy_svc.audits.breach_schemas import (
    AssessBreach,
    BreachDetails,
    BreachView,
    RegisterBreach,
    Risk,
    TellAuthority,
    TellPeople,
)
from privacy_svc.db import Database, new_id, now
from privacy_svc.errors import BadRequest, Conflict, NotFound
from privacy_svc.policy import PolicyHolder

_NARROWING = ("began_at", "ended_at", "client", "categories", "subjects", "people", "records")


@dataclass(frozen=True)
class Breaches:
    """The room's face for breaches. Each method is one transaction."""

    database: Database
    log: Log
    policies: PolicyHolder

    def register(self, wanted: RegisterBreach, actor: str) -> BreachView:
        """Raises BadRequest."""
        aware_at = wanted.aware_at or now()
        past("aware_at", aware_at)
        said = {"nature": words("nature", wanted.nature)}
        if wanted.told_by is not None:
            said["told_by"] = wanted.told_by
        breach = Breach(id=new_id(), aware_at=aware_at, registered_by=actor, registered_at=now())
        with self.database.write() as session:
            self._narrow(session, breach, wanted)
            self._write(session, breach, said)
            session.add(breach)
            self._log(session, EventType.BREACH_REGISTERED, breach, actor)
            return view(breach)

    def assess(self, breach_id: str, wanted: AssessBreach, actor: str) -> BreachView:
        """Again as often as more becomes known (Art. 33(4)). Raises BadRequest, Conflict, NotFound."""
        said = {name: words(name, getattr(wanted, name)) for name in ("reason", "consequences", "measures")}
        with self.database.write() as session:
            breach = self._open(session, breach_id)
            self._narrow(session, breach, wanted)
            self._write(session, breach, said)
            self._note(session, breach, ASSESSED, actor, said, risk=wanted.risk.value)
            self._log(session, EventType.BREACH_ASSESSED, breach, actor, risk=breach.risk)
            return view(breach)

    def tell_authority(self, breach_id: str, wanted: TellAuthority, actor: str) -> BreachView:
        """Once, and again as more becomes known (Art. 33(4)). Raises BadRequest: a first notice that was late needs its
        reason (Art. 33(1)); Conflict, NotFound."""
        told_at = wanted.told_at or now()
        past("told_at", told_at)
        with self.database.write() as session:
            breach = self._open(session, breach_id)
            if told_at < breach.aware_at:
                raise BadRequest("told_at lies before anybody was aware of the breach.")
            others = without(session, breach, AUTHORITY, wanted.replaces)
            said = {k: v for k in ("reference", "delay") if (v := (getattr(wanted, k) or "").strip())}
            first = min([told_at, *(e.told_at for e in others if e.told_at)])
            if first > breach.authority_due and "delay" not in self._read(session, breach) | said:
                raise BadRequest("After 72 hours the authority is told why it took longer: `delay` (Art. 33(1) GDPR).")
            self._write(session, breach, said)
            self._note(session, breach, AUTHORITY, actor, said, told_at=told_at, replaces=wanted.replaces)
            self._log(session, EventType.BREACH_AUTHORITY_TOLD, breach, actor, told_at=told_at.isoformat())
            return view(breach)

    def tell_people(self, breach_id: str, wanted: TellPeople, actor: str) -> BreachView:
        """They were told, or need not be. Raises BadRequest, Conflict, NotFound."""
        if (wanted.how is None) == (wanted.exempt is None):
            raise BadRequest("Say how they were told, or which point of Art. 34(3) makes that unnecessary.")
        said = {"how": words("how", wanted.how)} if wanted.how is not None else {}
        if wanted.exempt is not None:
            said["exempt_because"] = words("reason", wanted.reason or "")
        told_at = wanted.told_at or now()
        past("told_at", told_at)
        with self.database.write() as session:
            breach = self._open(session, breach_id)
            without(session, breach, PEOPLE, wanted.replaces)
            self._write(session, breach, said)
            facts = {"told_at": told_at} if wanted.exempt is None else {"exempt": wanted.exempt.value}
            self._note(session, breach, PEOPLE, actor, said, **facts, replaces=wanted.replaces)
            self._log(session, EventType.BREACH_PEOPLE_TOLD, breach, actor, exempt=breach.people_exempt)
            return view(breach)

    def close(self, breach_id: str, actor: str) -> BreachView:
        """Raises Conflict while something is to be done, NotFound."""
        with self.database.write() as session:
            breach = self._open(session, breach_id)
            if (lacking := lacks(breach)) is not None:
                raise Conflict(f"The breach cannot be closed yet: {lacking}.")
            breach.closed_at, breach.closed_by = now(), actor
            self._log(session, EventType.BREACH_CLOSED, breach, actor)
            return view(breach)

    def all(self) -> Sequence[BreachView]:
        """The newest first."""
        with self.database.read() as session:
            return [view(b) for b in session.scalars(select(Breach).order_by(Breach.aware_at.desc(), Breach.id.desc()))]

    def show(self, breach_id: str, actor: str) -> BreachDetails:
        """With what was said; the look is logged. Raises NotFound."""
        with self.database.write() as session:
            breach = _find(session, breach_id)
            self._log(session, EventType.BREACH_READ, breach, actor)
            past = history(session, self.log.vault.organisation_cipher(session), breach)
            return BreachDetails(**_fields(breach), said=self._read(session, breach), history=past)

    def affected(self, breach_id: str, actor: str) -> dict[str, Any]:
        """Found and looked at in one. Raises NotFound, Conflict."""
        return self.look_at(breach_id, self.touched(breach_id), actor)

    def began(self, breach_id: str) -> datetime:
        """Raises NotFound, Conflict while nobody has said when."""
        with self.database.read() as session:
            began_at = _find(session, breach_id).began_at
        if began_at is None:
            raise Conflict("Say first when it began: assess it with `began_at`, and `ended_at` where it is over.")
        return began_at

    def touched(self, breach_id: str, progress: Progress = unseen) -> dict[str, Any]:
        """See `affected`: of the breach's span, as far as it is known; until now where it has no end. Nobody has seen
        it yet. Raises NotFound, Conflict while nobody has said when it began."""
        since = self.began(breach_id)
        with self.database.read() as session:
            breach = _find(session, breach_id)
            until, client = breach.ended_at or now(), breach.client
        return {"breach": breach_id} | affected(self.database, self.log, since, until, client, progress)

    def look_at(self, breach_id: str, touched: Mapping[str, Any], actor: str) -> dict[str, Any]:
        """What was found, with whose rows they are; the look is logged. Raises NotFound."""
        with self.database.write() as session:
            looked = {"people": len(touched["people"]), "entries": touched["entries"]}
            self._log(session, EventType.BREACH_AFFECTED, _find(session, breach_id), actor, **looked)
        with self.database.read() as session:
            return with_rows(session, touched)

    def notices(self, breach_id: str, actor: str) -> list[Draft]:
        """Drafts for the authority and the people; the look is logged. Raises NotFound."""
        found = self.show(breach_id, actor)
        facts = Facts(
            found.id,
            found.aware_at,
            found.authority_due,
            found.began_at,
            found.ended_at,
            tuple(found.categories),
            tuple(found.subjects),
            found.people,
            found.records,
            found.said,
        )
        return drafts(facts, self.policies.current.organisation)

    def _open(self, session: Session, breach_id: str) -> Breach:
        breach = _find(session, breach_id, lock=True)
        if breach.closed_at is not None:
            raise Conflict("This breach is closed. What becomes known later is a breach of its own.")
        return breach

    def _narrow(self, session: Session, breach: Breach, wanted: RegisterBreach | AssessBreach) -> None:
        """What, whose and when: each as far as it is said; None where it is said not to be known."""
        said = {name: value for name in _NARROWING if (value := getattr(wanted, name, UNSET)) is not UNSET}
        for name in ("began_at", "ended_at"):
            if said.get(name) is not None:
                past(name, said[name])
        for name in ("people", "records"):
            if (said.get(name) or 0) < 0:
                raise BadRequest(f"{name} is a number of them, 0 or more.")
        if said.get("client") is not None:
            known_client(session, self.log, said["client"])
        known_categories(self.policies.current, said.get("categories", []))
        known_subjects(self.policies.current, said.get("subjects", []))
        for name, value in said.items():
            setattr(breach, name, value)
        if breach.began_at and breach.ended_at and breach.ended_at < breach.began_at:
            raise BadRequest("ended_at lies before began_at.")

    def _note(self, session: Session, breach: Breach, kind: str, by: str, said: dict[str, Any], **facts: Any) -> None:
        note(session, self.log.vault.organisation_cipher(session), breach, kind, by, said, **facts)

    def _write(self, session: Session, breach: Breach, said: dict[str, Any]) -> None:
        known = self._read(session, breach) if breach.sealed else {}
        breach.sealed = self.log.vault.organisation_cipher(session).seal(BREACH, breach.id, known | said)

    def _read(self, session: Session, breach: Breach) -> dict[str, Any]:
        opened = self.log.vault.organisation_cipher(session).open(BREACH, breach.id, breach.sealed)
        assert isinstance(opened, dict)
        return opened

    def _log(self, session: Session, event: EventType, breach: Breach, actor: str, **more: Any) -> None:
        self.log.append(session, event, actor=actor, payload={"breach": breach.id} | more)


def lacks(breach: Breach) -> str | None:
    """What the law still wants done; None where nothing."""
    if breach.risk is None:
        return "nobody has assessed the risk; if there is one, the authority is to be told within 72 hours"
    if breach.risk != Risk.UNLIKELY and breach.authority_told_at is None:
        return "the authority is to be told within 72 hours of our knowing (Art. 33(1) GDPR)"
    if breach.risk == Risk.HIGH and breach.people_told_at is None and breach.people_exempt is None:
        return "the people are to be told without delay (Art. 34(1) GDPR)"
    return None


def view(breach: Breach) -> BreachView:
    return BreachView(**_fields(breach))


def _fields(breach: Breach) -> dict[str, Any]:
    names = [n for n in BreachView.__struct_fields__ if n not in {"risk", "next"}]
    told = "nothing; it is closed" if breach.closed_at else lacks(breach) or "nothing; it can be closed"
    return {n: getattr(breach, n) for n in names} | {"risk": breach.risk and Risk(breach.risk), "next": told}


def _find(session: Session, breach_id: str, *, lock: bool = False) -> Breach:
    breach = session.get(Breach, breach_id, with_for_update=lock or None)
    if breach is None:
        raise NotFound("There is no breach of this id.")
    return breach
