"""What was judged and told of a breach, one after the other (Art. 33(4), 33(5) GDPR). The breach's own row has what
follows from all of it: the newest judgement, and when somebody was told first."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.audits.breach_model import BREACH_EVENT, Breach, BreachEvent
from privacy_svc.audits.breach_schemas import BreachEventView
from privacy_svc.db import new_id, now
from privacy_svc.errors import BadRequest
from privacy_svc.vault import SubjectCipher

ASSESSED, AUTHORITY, PEOPLE = "assessed", "authority", "people"


def note(
    session: Session,
    organisation: SubjectCipher,
    breach: Breach,
    kind: str,
    by: str,
    said: Mapping[str, Any],
    **facts: Any,
) -> None:
    event = BreachEvent(id=new_id(), breach_id=breach.id, kind=kind, at=now(), by=by, **facts)
    event.sealed = organisation.seal(BREACH_EVENT, event.id, dict(said))
    session.add(event)
    session.flush()
    _follow(session, breach)


def history(session: Session, organisation: SubjectCipher, breach: Breach) -> list[BreachEventView]:
    """The oldest first."""
    names = [name for name in BreachEventView.__struct_fields__ if name != "said"]
    return [
        BreachEventView(**{n: getattr(e, n) for n in names}, said=organisation.open(BREACH_EVENT, e.id, e.sealed))
        for e in events(session, breach)
    ]


def events(session: Session, breach: Breach) -> Sequence[BreachEvent]:
    found = select(BreachEvent).where(BreachEvent.breach_id == breach.id)
    return session.scalars(found.order_by(BreachEvent.at, BreachEvent.id)).all()


def standing(session: Session, breach: Breach, kind: str) -> list[BreachEvent]:
    """Those that no other corrects."""
    found = events(session, breach)
    corrected = {e.replaces for e in found}
    return [e for e in found if e.kind == kind and e.id not in corrected]


def without(session: Session, breach: Breach, kind: str, replaced: str | None) -> list[BreachEvent]:
    """Those that stand beside one that is to be corrected. Raises BadRequest where there is none such to correct."""
    found = standing(session, breach, kind)
    if replaced is not None and all(e.id != replaced for e in found):
        raise BadRequest("replaces: this breach has nothing of this id to correct; its history says what it has.")
    return [e for e in found if e.id != replaced]


def _follow(session: Session, breach: Breach) -> None:
    if judged := standing(session, breach, ASSESSED):
        breach.risk, breach.assessed_at, breach.assessed_by = judged[-1].risk, judged[-1].at, judged[-1].by
    people = standing(session, breach, PEOPLE)
    told = standing(session, breach, AUTHORITY)
    breach.authority_told_at = min((e.told_at for e in told if e.told_at), default=None)
    breach.people_told_at = min((e.told_at for e in people if e.told_at), default=None)
    breach.people_exempt = people[-1].exempt if people else None
