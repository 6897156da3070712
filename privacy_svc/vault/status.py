"""What is wrapped under what, and what is overdue."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import KeyUnavailable
from privacy_svc.vault import epochs
from privacy_svc.vault.erasure import DATA
from privacy_svc.vault.model import Fence, IndexRoot, PageKey, RootEpoch, SubjectKey
from privacy_svc.vault.providers import KeyProvider

LATE = timedelta(hours=1)
"""How long after its time a roll or a destruction counts as overdue; the worker looks every half minute."""


@dataclass(frozen=True, slots=True)
class EpochStatus:
    """`page_keys` and `index_roots` it still wraps. `destroy_at`: when its window is over, None while it is in use."""

    epoch: int
    created_at: datetime
    retired_at: datetime | None
    destroy_at: datetime | None
    destroyed_at: datetime | None
    receipt: str | None
    page_keys: int
    index_roots: int


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """Counts for `keys status`. Living `keys` by use, `data_generations` of living data keys, `index_generations`
    with whether every row has its entries. `erased` people, those of them `readmitted`, of the others those whose
    evidence is gone too. `overdue`, in words: also root keys that are missing."""

    provider: str
    epochs: tuple[EpochStatus, ...]
    pages: int
    replace_due: int
    keys: dict[str, int]
    data_generations: dict[int, int]
    index_generations: dict[int, bool]
    erased: int
    readmitted: int
    evidence_ended: int
    unexported: int
    overdue: tuple[str, ...]


def _epochs(session: Session, schedule: epochs.Schedule) -> tuple[EpochStatus, ...]:
    pages = _counts(session, PageKey.epoch)
    roots = _counts(session, IndexRoot.epoch)
    return tuple(
        EpochStatus(
            e.epoch,
            e.created_at,
            e.retired_at,
            e.retired_at + schedule.window if e.retired_at else None,
            e.destroyed_at,
            e.receipt,
            pages.get(e.epoch, 0),
            roots.get(e.epoch, 0),
        )
        for e in session.scalars(select(RootEpoch).order_by(RootEpoch.epoch))
    )


def _counts(session: Session, column: "object") -> dict[int, int]:
    return {key: n for key, n in session.execute(select(column, func.count()).group_by(column))}  # type: ignore[call-overload] # noqa: C416


def _overdue(found: tuple[EpochStatus, ...], schedule: epochs.Schedule, replace_due: int) -> tuple[str, ...]:
    at, late = now(), []
    newest = [e for e in found if e.retired_at is None]
    if newest and at > newest[-1].created_at + schedule.every + LATE:
        late.append(f"the root key should have rolled at {newest[-1].created_at + schedule.every:%Y-%m-%d %H:%M} UTC")
    late += [
        f"root key epoch {e.epoch} should have been destroyed at {e.destroy_at:%Y-%m-%d %H:%M} UTC"
        for e in found
        if e.destroyed_at is None and e.destroy_at is not None and at > e.destroy_at + LATE
    ]
    late += [
        f"root key epoch {e.epoch} still wraps {n} keys"
        for e in found
        if e.retired_at and (n := e.page_keys + e.index_roots)
    ]
    if replace_due:
        late.append(f"{replace_due} page keys of erased people or replaced keys are still to be replaced")
    return tuple(late)


def _missing(session: Session, provider: KeyProvider) -> tuple[str, ...]:
    try:
        lacking = epochs.missing(session, provider)
    except KeyUnavailable as error:
        return (str(error),)
    return tuple(f"root key epoch {n} is not in the key provider: restore it; none is made anew" for n in lacking)


def status(session: Session, provider: KeyProvider, schedule: epochs.Schedule, unexported: int) -> KeyStatus:
    found = _epochs(session, schedule)
    due = session.scalar(select(func.count()).where(PageKey.replace_due)) or 0
    living = select(SubjectKey.use, SubjectKey.generation, func.count()).where(SubjectKey.wrapped.is_not(None))
    keys: dict[str, int] = {}
    generations: dict[int, int] = {}
    for use, generation, count in session.execute(living.group_by(SubjectKey.use, SubjectKey.generation)):
        keys[use] = keys.get(use, 0) + count
        if use == DATA:
            generations[generation] = count
    fences = select(func.count(), func.count(Fence.readmitted_at), func.count(Fence.evidence_ended_at))
    erased, readmitted, ended = session.execute(fences.select_from(Fence)).one()
    return KeyStatus(
        repr(provider),
        found,
        session.scalar(select(func.count()).select_from(PageKey)) or 0,
        due,
        keys,
        generations,
        {r.generation: r.complete for r in session.scalars(select(IndexRoot).order_by(IndexRoot.generation))},
        erased - readmitted,
        readmitted,
        ended,
        unexported,
        (*_missing(session, provider), *_overdue(found, schedule, due)),
    )
