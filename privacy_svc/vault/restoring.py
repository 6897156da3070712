"""After a restore: the database learns again what the ledger and the snapshot know.

1 the root epochs' ends, so that nobody looks for keys that are gone;
2 the keys of people who stand on pages of a destroyed epoch, and keys made since, from the snapshot;
3 the fences: each erasure since the backup is repeated, each re-admission and end of an evidence key too.

What the other rooms did at those erasures, they repeat themselves, by the fences returned.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.vault import erasure, evidence, provisioning, snapshot
from privacy_svc.vault.epochs import register
from privacy_svc.vault.ledger import Kind, Line
from privacy_svc.vault.model import Fence, IndexRoot, LedgerEntry, PageKey, RootEpoch, Subject, SubjectKey
from privacy_svc.vault.pages import CAPACITY, Pages

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Recovered:
    """`keys` given back from the snapshot; `lost`: living keys that nothing opens any more."""

    keys: int
    lost: int


def end_epochs(session: Session, pages: Pages, lines: Iterable[Line]) -> None:
    for line in lines:
        if line.kind is Kind.EPOCH_RETIRED:
            _epoch(session, line).retired_at = line.at
        elif line.kind is Kind.EPOCH_DESTROYED:
            epoch = _epoch(session, line)
            epoch.retired_at, epoch.destroyed_at = epoch.retired_at or line.at, line.at
            epoch.receipt = line.body["receipt"]
    session.flush()
    register(session, pages.provider)


def _epoch(session: Session, line: Line) -> RootEpoch:
    found = session.get(RootEpoch, line.body["epoch"])
    if found is None:
        found = RootEpoch(epoch=line.body["epoch"], created_at=line.at)
        session.add(found)
    return found


def recover_keys(session: Session, organisation: str, folder: Path) -> Recovered:
    """People on pages whose epoch is destroyed get the same keys back, wrapped under an epoch that lives."""
    gone = select(RootEpoch.epoch).where(RootEpoch.destroyed_at.is_not(None))
    dead = set(session.scalars(select(PageKey.id).where(PageKey.epoch.in_(gone))))
    recovered, stored, batch = 0, dict[str, list[Any]](), list[list[Any]]()
    for kind, values in snapshot.read(folder, organisation):
        if kind == snapshot.PAGE:
            stored[values[0]] = values
        elif kind == snapshot.INDEX:
            _recover_index_root(session, values)
        elif kind == snapshot.KEY:
            batch.append(values)
            if len(batch) == CHUNK:
                recovered += _recover(session, dead, stored, batch)
                batch.clear()
    recovered += _recover(session, dead, stored, batch)
    empty = PageKey.id.not_in(select(SubjectKey.page_key_id))
    session.execute(delete(PageKey).where(PageKey.id.in_(dead), empty))
    session.execute(update(PageKey).where(PageKey.epoch.in_(gone)).values(subjects=CAPACITY))  # no new person there
    still = select(func.count()).select_from(SubjectKey).join(PageKey, PageKey.id == SubjectKey.page_key_id)
    lost = session.scalar(still.where(PageKey.epoch.in_(gone), SubjectKey.wrapped.is_not(None))) or 0
    return Recovered(recovered, lost)


def _recover_index_root(session: Session, values: Sequence[Any]) -> None:
    """One of a later index, and one whose epoch is destroyed; never one that was dropped, nor a worse wrapping."""
    generation, epoch, wrapped, complete = values
    gone = set(session.scalars(select(RootEpoch.epoch).where(RootEpoch.destroyed_at.is_not(None))))
    newest = session.scalar(select(func.max(IndexRoot.generation))) or 0
    found = session.get(IndexRoot, generation)
    if epoch in gone:
        return
    if found is None and generation > newest:
        session.add(IndexRoot(generation=generation, epoch=epoch, wrapped=wrapped, complete=complete))
    elif found is not None and found.epoch in gone:
        found.epoch, found.wrapped = epoch, wrapped
    session.flush()


def _recover(
    session: Session, dead: set[str], stored: Mapping[str, Sequence[Any]], batch: Sequence[Sequence[Any]]
) -> int:
    """Keys of people of this database only: those on dead pages, and those made since the backup, which values in the
    stores may be sealed with by now. Not those that an erasure known here destroyed; that a person was erased after
    the snapshot too is seen to by the fences that follow."""
    people = {b[0] for b in batch}
    living = set(session.scalars(select(RootEpoch.epoch).where(RootEpoch.destroyed_at.is_(None))))
    known = set(session.scalars(select(Subject.id).where(Subject.id.in_(people))))
    fences = {f.subject_id: f for f in session.scalars(select(Fence).where(Fence.subject_id.in_(people)))}
    of = (SubjectKey.subject_id, SubjectKey.use, SubjectKey.generation, SubjectKey.page_key_id)
    here = {
        (i, use, n): page for i, use, n, page in session.execute(select(*of).where(SubjectKey.subject_id.in_(people)))
    }

    def wanted(subject_id: str, use: str, generation: int, page: str, wrapped: bytes | None) -> bool:
        place = (subject_id, use, generation)
        if wrapped is None:  # destroyed before the snapshot, whatever the backup says
            return here.get(place) in dead
        if subject_id not in known or stored[page][3] not in living:
            return False
        if (fence := fences.get(subject_id)) and _is_past(fence, use, generation):
            return False
        return place not in here or here[place] in dead

    back = [b for b in batch if wanted(*b[:5])]
    pages = dict.fromkeys(b[3] for b in back if stored[b[3]][3] in living)
    _bring_pages(session, [stored[page] for page in pages])
    for subject_id, use, generation, page, wrapped, commitment in back:
        row = {"wrapped": wrapped, "commitment": commitment} | ({"page_key_id": page} if page in pages else {})
        place = {"subject_id": subject_id, "use": use, "generation": generation}
        if (subject_id, use, generation) in here:
            session.execute(update(SubjectKey).filter_by(**place).values(row))
        else:
            session.execute(insert(SubjectKey), [{**place, **row, "created_at": now()}])
    return sum(wrapped is not None for *_, wrapped, _ in back)


def _is_past(fence: Fence, use: str, generation: int) -> bool:
    if use == erasure.EVIDENCE:
        return generation <= fence.evidence_through
    return fence.readmitted_at is None or (use == erasure.DATA and generation <= fence.erased_through)


def _bring_pages(session: Session, wanted: Iterable[Sequence[Any]]) -> None:
    """A page whose row stands here gets its living wrapping. All are due for replacement: the snapshot that they came
    from may hold the key of somebody erased since."""
    for page_id, page, generation, epoch, wrapped, subjects in wanted:
        values = {"page": page, "generation": generation, "epoch": epoch, "wrapped": wrapped, "replace_due": True}
        if session.get(PageKey, page_id) is None:
            session.execute(insert(PageKey), [{"id": page_id, "subjects": subjects, **values}])
        else:
            session.execute(update(PageKey).where(PageKey.id == page_id).values(values))
    session.expire_all()


def repeat(session: Session, pages: Pages, organisation: str, line: Line) -> None:
    """One entry of the ledger, once more, and remembered under its number: it makes no new entry."""
    unnumbered = select(LedgerEntry.id).where(LedgerEntry.number.is_(None))
    before = set(session.scalars(unnumbered))
    if line.kind is Kind.FENCE:
        _repeat_fence(session, pages, organisation, line)
    elif line.kind is Kind.READMISSION and session.get(Subject, line.body["subject_id"]) is not None:
        provisioning.readmit(session, pages, organisation, line.body["subject_id"])
        session.get_one(Fence, line.body["subject_id"]).readmitted_at = line.at
    elif line.kind is Kind.EVIDENCE_KEPT:
        evidence.keep(session, line.body["subject_id"], datetime.fromisoformat(line.body["until"]))
    elif line.kind is Kind.EVIDENCE_ENDED:
        fence = session.get_one(Fence, line.body["subject_id"], populate_existing=True)
        evidence.destroy(session, pages, fence, line.body["through"], line.at)
    session.flush()
    session.execute(delete(LedgerEntry).where(LedgerEntry.number.is_(None), LedgerEntry.id.not_in(before)))
    session.expire_all()
    session.add(LedgerEntry(id=line.id, number=line.number, kind=line.kind, at=line.at, body=line.encode_body()))
    session.flush()


def _repeat_fence(session: Session, pages: Pages, organisation: str, line: Line) -> None:
    subject_id = line.body["subject_id"]
    if session.get(Subject, subject_id) is None:  # the backup is older than the person
        session.add(Subject(id=subject_id, kind=line.body.get("kind", "customer"), erased_at=line.at))
        session.flush()
    about = {k: v for k, v in line.body.items() if k not in {"subject_id", "erased_through", "request_id"}}
    erasure.erase(session, pages, organisation, subject_id, line.body["request_id"], about)
    fence = session.get_one(Fence, subject_id)
    fence.erased_through = max(fence.erased_through, line.body["erased_through"])
    fence.at = line.at
    session.get_one(Subject, subject_id).erased_at = line.at
