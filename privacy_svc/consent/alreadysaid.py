"""What a file says that is recorded already, whoever brought it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from privacy_svc.consent.judging import Wanted
from privacy_svc.consent.model import Consent
from privacy_svc.db import among

Said = tuple[str, str, datetime, str]
"""Person, purpose, time and state: that is one thing said."""
_SAID = select(Consent.subject_id, Consent.purpose, Consent.given_at, Consent.state).where(
    among(Consent.subject_id, "ids"),
    among(Consent.purpose, "purposes"),
    Consent.given_at.between(bindparam("first"), bindparam("last")),
)


def saying(w: Wanted, subject_id: str) -> Said:
    return subject_id, w.words.purpose.key, w.given_at, w.words.state


def already_said(session: Session, wanted: Sequence[Wanted], subject_ids: Iterable[str]) -> set[Said]:
    """Of these people, what may be the same as one of the rows: no more of their past than lies within the rows'."""
    if not wanted:
        return set()
    purposes, times = sorted({w.words.purpose.key for w in wanted}), [w.given_at for w in wanted]
    asked = {"ids": list(subject_ids), "purposes": purposes, "first": min(times), "last": max(times)}
    rows = session.connection().execute(_SAID, asked)
    return {(subject_id, purpose, at, state) for subject_id, purpose, at, state in rows}
