"""From subject ids to ciphers: wrapped keys in one statement, page keys on lease, nothing kept of the persons' own."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from privacy_svc.db import among
from privacy_svc.vault.cipher import SubjectCipher
from privacy_svc.vault.erasure import DATA, EVIDENCE, TAG
from privacy_svc.vault.errors import Tampered
from privacy_svc.vault.keys import Key, bind_subject
from privacy_svc.vault.model import Fence, Subject, SubjectKey
from privacy_svc.vault.pages import Pages

_COLUMNS = (
    SubjectKey.subject_id,
    SubjectKey.use,
    SubjectKey.generation,
    SubjectKey.wrapped,
    SubjectKey.page_key_id,
    Fence.erased_through,
    Fence.evidence_through,
    Subject.erased_at,
)
_KEYS = (
    select(*_COLUMNS)
    .join(Subject, Subject.id == SubjectKey.subject_id)
    .outerjoin(Fence, Fence.subject_id == SubjectKey.subject_id)
    .where(among(SubjectKey.subject_id, "ids"), SubjectKey.use.in_(bindparam("uses", expanding=True)))
)


def ciphers(
    session: Session, pages: Pages, organisation: str, subject_ids: Sequence[str], use: str
) -> dict[str, SubjectCipher]:
    """Of those who have a living key; a data key that stands there beside its person's fence, or beside a row that says
    they are erased, is none. Raises Tampered for a subject whose key is gone without an erasure."""
    return of_uses(session, pages, organisation, subject_ids, use, (use,))[use]


def of_uses(
    session: Session, pages: Pages, organisation: str, subject_ids: Sequence[str], use: str, uses: Sequence[str]
) -> dict[str, dict[str, SubjectCipher]]:
    """The same for several uses in one statement; asked for is `use`, the others are had beside."""
    wanted = [kind for u in uses for kind in ((DATA, TAG) if u == DATA else (u,))]
    page_keys: dict[str, Key] = {}
    session.flush()
    while True:
        rows = session.connection().execute(_KEYS, {"ids": list(subject_ids), "uses": wanted}).all()
        on = {page for _, _, _, wrapped, page, _, _, _ in rows if wrapped is not None}
        page_keys = pages.keys(session, on)
        if page_keys.keys() == on:
            break  # else a page was replaced between the two statements
    opened = {u: _opened(rows, page_keys, organisation, u) for u in uses}
    known = {row[0] for row in rows if row[1] in ((DATA, TAG) if use == DATA else (use,))}
    _refuse_vanished(session, [i for i in subject_ids if i not in known])
    return opened


def _opened(rows: Iterable[Any], page_keys: Mapping[str, Key], organisation: str, use: str) -> dict[str, SubjectCipher]:
    keys: dict[str, dict[int, Key]] = {}
    tags: dict[str, Key] = {}
    erased: dict[str, int] = {}
    for subject_id, used, generation, wrapped, page, erased_through, evidence_through, erased_at in rows:
        if used != use and (used, use) != (TAG, DATA):
            continue
        ended = {DATA: erased_through, EVIDENCE: evidence_through}
        through = erased.setdefault(subject_id, ended.get(use) or 0)
        if wrapped is None or generation <= through or (use == DATA and erased_at is not None):
            continue
        key = page_keys[page].unwrap(wrapped, bind_subject(organisation, subject_id, used, generation))
        if used == TAG:
            tags[subject_id] = key
        else:
            keys.setdefault(subject_id, {})[generation] = key
    return {i: SubjectCipher(organisation, i, living, erased[i], tags.get(i)) for i, living in keys.items()}


def _refuse_vanished(session: Session, without_keys: Sequence[str]) -> None:
    if without_keys:
        fenced = select(Fence.subject_id)
        vanished = select(Subject.id).where(Subject.id.in_(without_keys), Subject.id.not_in(fenced)).limit(1)
        if session.scalar(vanished) is not None:
            raise Tampered("A subject's key was taken away without an erasure.")
