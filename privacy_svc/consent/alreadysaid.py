"""What a file says that is recorded already, whoever brought it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from privacy_svc.consent.judging import Wanted
from privacy_svc.consent.model import Consent
from privacy_svc.db import among
from privacy_svc.errors import Conflict
from privacy_svc.http import CustomerDirectory, CustomerRef

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


class Rehearsed:
    """What a dry run would have recorded in the batches before this one. People go by the CRM's keys here: who is new
    to us has another id in each batch, for none is kept."""

    def __init__(self, directory: CustomerDirectory) -> None:
        self._directory, self._said, self._names = directory, set[int](), dict[str, CustomerRef]()

    def among(self, session: Session, rows: Sequence[tuple[Wanted, str]]) -> set[Said]:
        """What these rows say that rows before them said."""
        self._names = dict(self._directory.references(session, {subject_id for _, subject_id in rows}))
        return {saying(w, s) for w, s in rows if self._key(w, s) in self._said}

    def add(self, rows: Iterable[tuple[Wanted, str]]) -> None:
        """Of those that `among` was asked for last."""
        self._said.update(self._key(w, s) for w, s in rows)

    def knows(self, session: Session, w: Wanted) -> bool:
        """Of somebody who is not known yet."""
        try:
            ref = self._directory.locate(session, w.customer)
        except Conflict:
            return False
        return ref is not None and _key(ref, w) in self._said

    def _key(self, w: Wanted, subject_id: str) -> int:
        return _key(self._names.get(subject_id, CustomerRef(subject=subject_id)), w)


def _key(ref: CustomerRef, w: Wanted) -> int:
    """Eight bytes: a dry run may be of millions of rows."""
    said: tuple[Any, ...] = (ref.collection, ref.id, ref.subject, *saying(w, "")[1:])
    return hash(said)
