"""Legal holds as the log tells them: one entry says that a hold was placed, another that it was lifted.

Whoever has the database's password can take a hold out of its table, or write that it is over. So a hold stands as
long as the log says so, whatever the table says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.db import now

_KINDS = (EventType.HOLD_PLACED, EventType.HOLD_LIFTED)


@dataclass(frozen=True, slots=True)
class Placed:
    """`id` is the entry's own where its payload was taken away or changed; there is no `article` then."""

    id: str
    subject_id: str
    article: str
    placed_by: str
    placed_at: datetime
    until: datetime | None


def standing(session: Session, log: Log, person: str | None = None) -> Sequence[Placed]:
    """Those that were placed, neither lifted nor over. What a restore lost, or the end of somebody's evidence took, is
    told of none of them. Raises KeyUnavailable."""
    told = log.told(session, _KINDS, person)
    lifted = {entry.payload["hold"] for entry in told if entry.type == EventType.HOLD_LIFTED and entry.payload}
    found = list[Placed]()
    for entry in told:
        if entry.type == EventType.HOLD_PLACED and not entry.gone and entry.subject_id is not None:
            said = entry.payload or {}
            until = datetime.fromisoformat(said["until"]) if said.get("until") else None
            whose = (entry.subject_id, said.get("article", ""), entry.actor, entry.at, until)
            found.append(Placed(said.get("hold", entry.id), *whose))
    at = now()
    return [h for h in found if h.id not in lifted and (h.until is None or h.until > at)]
