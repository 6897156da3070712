"""Rows that the rows of several people lead to: as long as one of them is not erased, a row is not one person's alone.

Who is erased leaves it to the others; the last to go takes it with them, as far as the data map says.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from privacy_svc.policy import Collection, DataMap
from privacy_svc.store import subjects
from privacy_svc.store.binding import BoundCollection, Row, Stores
from privacy_svc.store.rows import Values, equals, owners, row_key
from privacy_svc.vault import Subject

MOST = 20
"""Rows that lead to one. Of more nobody asks whose they are: others' will be among them."""


def held_by_others(
    session: Session,
    stores: Stores,
    data_map: DataMap,
    subject_id: str,
    holder: BoundCollection,
    names: Sequence[str],
    ours: Mapping[Values, int],
) -> set[Values]:
    """What rows of others lead to as well. `ours`: how many rows of the person's do, by the values they hold."""
    counts = _counted(stores, holder, names, list(ours))
    shared = {v for v in ours if counts.get(v, 0) > ours[v]}
    few = [v for v in shared if counts[v] <= MOST]
    if not few or not holder.collection.key:
        return shared
    with stores.read(holder.collection.dataset) as connection:
        rows = connection.execute(select(holder.table).where(equals(holder, names, few))).mappings().all()
    gone = _of_the_erased(session, stores, data_map, subject_id, holder.collection, rows)
    living = {tuple(r[n] for n in names) for r in rows if row_key(holder.collection, r) not in gone}
    return shared - (set(few) - living)


def _counted(
    stores: Stores, holder: BoundCollection, names: Sequence[str], values: Sequence[Values]
) -> dict[Values, int]:
    columns = [holder.table.c[name] for name in names]
    counted = select(*columns, func.count()).where(equals(holder, names, values)).group_by(*columns)
    with stores.read(holder.collection.dataset) as connection:
        return {tuple(row[:-1]): row[-1] for row in connection.execute(counted)}


def _of_the_erased(
    session: Session,
    stores: Stores,
    data_map: DataMap,
    subject_id: str,
    collection: Collection,
    rows: Sequence[Row],
) -> set[str]:
    """Keys of the rows that are the person's own, or of somebody who is erased. What is nobody's is not."""
    by_person: dict[Collection, dict[str, str]] = {}
    for key, (person, theirs) in owners(stores, data_map, collection, rows).items():
        by_person.setdefault(person, {})[key] = theirs
    whose: dict[str, str] = {}
    for person, keys in by_person.items():
        known = subjects.known(session, person, keys.values())
        whose |= {key: known[theirs] for key, theirs in keys.items() if theirs in known}
    ids = set(whose.values())
    erased = set(session.scalars(select(Subject.id).where(Subject.id.in_(ids), Subject.erased_at.is_not(None))))
    return {key for key, found in whose.items() if found == subject_id or found in erased}
