"""After a restore: the database learns again what the ledger and the snapshot know.

1 the root epochs' ends, so that nobody looks for keys that are gone;
2 the keys of people who stand on pages of a destroyed epoch, from the snapshot;
3 the fences: each erasure since the backup is repeated, each re-admission too.

What the other rooms did at those erasures, they repeat themselves, by the fences returned.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from privacy_svc.vault import erasure, provisioning, snapshot
from privacy_svc.vault.epochs import register
from privacy_svc.vault.ledger import Kind, Line
from privacy_svc.vault.model import Fence, IndexRoot, LedgerEntry, PageKey, RootEpoch, Subject, SubjectKey
from privacy_svc.vault.pages import Pages

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
        elif dead:
            batch.append(values)
            if len(batch) == CHUNK:
                recovered += _recover(session, dead, stored, batch)
                batch.clear()
    recovered += _recover(session, dead, stored, batch)
    empty = PageKey.id.not_in(select(SubjectKey.page_key_id))
    session.execute(delete(PageKey).where(PageKey.id.in_(dead), empty))
    still = select(func.count()).select_from(SubjectKey).join(PageKey, PageKey.id == SubjectKey.page_key_id)
    lost = session.scalar(still.where(PageKey.epoch.in_(gone), SubjectKey.wrapped.is_not(None))) or 0
    return Recovered(recovered, lost)


def _recover_index_root(session: Session, values: Sequence[Any]) -> None:
    generation, epoch, wrapped, complete = values
    found = session.get(IndexRoot, generation)
    if found is None:
        session.add(IndexRoot(generation=generation, epoch=epoch, wrapped=wrapped, complete=complete))
    else:
        found.epoch, found.wrapped = epoch, wrapped


def _recover(
    session: Session, dead: set[str], stored: Mapping[str, Sequence[Any]], batch: Sequence[Sequence[Any]]
) -> int:
    """Keys of people of this database only, and of nobody who is fenced here: that a person was erased after the
    snapshot too is seen to by the fences that follow."""
    fenced = set(session.scalars(select(Fence.subject_id).where(Fence.subject_id.in_({b[0] for b in batch}))))
    of = (SubjectKey.subject_id, SubjectKey.use, SubjectKey.generation)
    on_dead = select(*of).where(SubjectKey.subject_id.in_({b[0] for b in batch}), SubjectKey.page_key_id.in_(dead))
    here = {tuple(row) for row in session.execute(on_dead)}
    wanted = [b for b in batch if (b[0], b[1], b[2]) in here and b[0] not in fenced]
    _bring_pages(session, [stored[page] for page in dict.fromkeys(b[3] for b in wanted)])
    for subject_id, use, generation, page, wrapped, commitment in wanted:
        which = (SubjectKey.subject_id == subject_id, SubjectKey.use == use, SubjectKey.generation == generation)
        back = {"page_key_id": page, "wrapped": wrapped, "commitment": commitment}
        session.execute(update(SubjectKey).where(*which).values(back))
    return sum(wrapped is not None for *_, wrapped, _ in wanted)


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
