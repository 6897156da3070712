"""Blind index entries: written with the value they speak of, looked up by value."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, insert, select, tuple_
from sqlalchemy.orm import Session, aliased

from privacy_svc.db import insert_rows
from privacy_svc.policy import Field
from privacy_svc.store.model import IndexEntry
from privacy_svc.store.rows import chunks
from privacy_svc.vault import Subject, Vault


@dataclass(frozen=True, slots=True)
class Indexed:
    """A field's value in one row of one person; the value never appears in `repr`."""

    field: Field
    row: str
    subject_id: str
    value: str | None

    def __repr__(self) -> str:
        return f"Indexed({self.field.name}, …)"


def put(session: Session, vault: Vault, values: Iterable[Indexed], *, proposed: bool = False) -> int:
    """The rows' index entries as of these values; earlier entries of the same rows are replaced. While the index is
    rebuilt, entries of both generations. What is only `proposed` replaces what was proposed before."""
    by_field: dict[Field, list[Indexed]] = {}
    for value in values:
        if value.field.index and value.field.id is not None:
            by_field.setdefault(value.field, []).append(value)
    count = 0
    for field, items in by_field.items():
        assert field.id is not None
        drop(session, field.id, [v.row for v in items], proposed=proposed)
        entries = [entry | {"proposed": proposed} for entry in _entries(session, vault, field, items)]
        if entries:
            insert_rows(session, IndexEntry, entries)
        count += len(entries)
    return count


def _entries(session: Session, vault: Vault, field: Field, items: Sequence[Indexed]) -> Iterator[dict[str, object]]:
    assert field.id is not None
    for normaliser in field.index:
        for generation, index in vault.indexes(session, field.id, normaliser, hold=True).items():
            for v in items:
                number = index.of(v.value) if isinstance(v.value, str) and v.value else None
                if number is not None:
                    yield {
                        "field_id": field.id,
                        "normaliser": normaliser,
                        "row": v.row,
                        "generation": generation,
                        "subject_id": v.subject_id,
                        "value": number,
                    }


def fill(session: Session, vault: Vault, values: Sequence[Indexed]) -> int:
    """The entries that are missing, of rows as they were read a moment ago: whoever wrote a row since has written its
    entries. Holds the people, so that nobody writes one of them meanwhile."""
    people = select(Subject.id, Subject.erased_at).where(Subject.id.in_({v.subject_id for v in values}))
    held = session.execute(people.order_by(Subject.id).with_for_update(key_share=True)).all()
    here = {i for i, erased_at in held if erased_at is None}
    values = [v for v in values if v.subject_id in here]
    written = 0
    for field in dict.fromkeys(v.field for v in values):
        entries = list(_entries(session, vault, field, [v for v in values if v.field == field]))
        rows = {e["row"] for e in entries}
        columns = (IndexEntry.normaliser, IndexEntry.row, IndexEntry.generation)
        there = select(*columns).where(IndexEntry.field_id == field.id, IndexEntry.row.in_(rows), ~IndexEntry.proposed)
        present = {tuple(found) for found in session.execute(there)}
        missing = [e for e in entries if (e["normaliser"], e["row"], e["generation"]) not in present]
        if missing:
            session.execute(insert(IndexEntry), missing)
        written += len(missing)
    return written


def drop(session: Session, field_id: int, rows: Sequence[str], *, proposed: bool = False) -> None:
    """All entries of the rows, or the `proposed` ones alone."""
    narrowed = (IndexEntry.proposed,) if proposed else ()
    for chunk in chunks(rows):
        mine = (IndexEntry.field_id == field_id, IndexEntry.row.in_(chunk))
        session.execute(delete(IndexEntry).where(*mine, *narrowed))


def drop_subject(session: Session, subject_id: str) -> None:
    """At erasure: nothing leads to the person any more."""
    session.execute(delete(IndexEntry).where(IndexEntry.subject_id == subject_id))


def look_up(session: Session, vault: Vault, field: Field, normaliser: str, value: str) -> list[tuple[str, str]]:
    """(row key, subject id) of the candidates; the caller re-checks them, since values are truncated."""
    assert field.id is not None
    numbers = {g: index.of(value) for g, index in vault.indexes(session, field.id, normaliser).items()}
    found: dict[tuple[str, str], None] = {}
    for generation, number in numbers.items():
        statement = select(IndexEntry.row, IndexEntry.subject_id).where(
            IndexEntry.field_id == field.id,
            IndexEntry.normaliser == normaliser,
            IndexEntry.value == number,
            IndexEntry.generation == generation,
        )
        if number is not None:
            found.update(((row, subject), None) for row, subject in session.execute(statement))
    return list(found)


def look_up_many(session: Session, vault: Vault, field: Field, normaliser: str, values: Iterable[str]) -> set[str]:
    """Row keys of the candidates for any of the values."""
    assert field.id is not None
    wanted, found = list(values), set[str]()
    for generation, index in vault.indexes(session, field.id, normaliser).items():
        for chunk in chunks({number for v in wanted if (number := index.of(v)) is not None}):
            rows = select(IndexEntry.row).where(
                IndexEntry.field_id == field.id,
                IndexEntry.normaliser == normaliser,
                IndexEntry.value.in_(chunk),
                IndexEntry.generation == generation,
            )
            found.update(session.scalars(rows))
    return found


def others_with(
    session: Session, vault: Vault, field: Field, normaliser: str, values: Iterable[str], subject_id: str
) -> list[tuple[str, str]]:
    """(row key, subject id) of the candidates that are not this person's."""
    assert field.id is not None
    wanted, found = list(values), dict[tuple[str, str], None]()
    for generation, index in vault.indexes(session, field.id, normaliser).items():
        for chunk in chunks({number for v in wanted if (number := index.of(v)) is not None}):
            rows = select(IndexEntry.row, IndexEntry.subject_id).where(
                IndexEntry.field_id == field.id,
                IndexEntry.normaliser == normaliser,
                IndexEntry.value.in_(chunk),
                IndexEntry.generation == generation,
                IndexEntry.subject_id != subject_id,
            )
            found.update(((row, whose), None) for row, whose in session.execute(rows))
    return list(found)


def held_by_others(
    session: Session, vault: Vault, field: Field, normaliser: str, values: Iterable[str], subject_id: str
) -> set[str]:
    """Which of the values, as they are compared, are somebody's but this person's; without a look at whose."""
    assert field.id is not None
    wanted, found = dict.fromkeys(values), set[str]()
    for generation, index in vault.indexes(session, field.id, normaliser).items():
        numbers = {number: v for v in wanted if (number := index.of(v)) is not None}
        for chunk in chunks(numbers):
            theirs = select(IndexEntry.value).distinct()
            mine = _entries_of(IndexEntry, field, normaliser, generation)
            theirs = theirs.where(*mine, IndexEntry.value.in_(chunk), IndexEntry.subject_id != subject_id)
            found.update(numbers[n] for n in session.scalars(theirs))
    return found


def held_together(
    session: Session,
    vault: Vault,
    fields: tuple[Field, Field],
    normaliser: str,
    pairs: Iterable[tuple[str, str]],
    subject_id: str,
) -> set[tuple[str, str]]:
    """Of pairs of values those that one row of somebody else has, one in each field."""
    one, other = fields
    assert one.id is not None
    assert other.id is not None
    beside = aliased(IndexEntry)
    indexes = vault.indexes(session, other.id, normaliser)
    wanted, found = dict.fromkeys(pairs), set[tuple[str, str]]()
    for generation, index in vault.indexes(session, one.id, normaliser).items():
        numbers = {(index.of(a), indexes[generation].of(b)): (a, b) for a, b in wanted}
        both = select(IndexEntry.value, beside.value).distinct().join(beside, beside.row == IndexEntry.row)
        both = both.where(
            *_entries_of(IndexEntry, one, normaliser, generation),
            *_entries_of(beside, other, normaliser, generation),
            IndexEntry.subject_id != subject_id,
        )
        for chunk in chunks(numbers):
            some = both.where(tuple_(IndexEntry.value, beside.value).in_(chunk))
            found.update(numbers[a, b] for a, b in session.execute(some))
    return found


def _entries_of(
    entry: type[IndexEntry], field: Field, normaliser: str, generation: int
) -> tuple[ColumnElement[bool], ...]:
    return entry.field_id == field.id, entry.normaliser == normaliser, entry.generation == generation


def behind(session: Session, generation: int) -> int:
    """How many entries of an older generation have none of this one beside them."""
    return session.scalar(select(func.count()).select_from(IndexEntry).where(*_alone(generation))) or 0


def _alone(generation: int) -> tuple[ColumnElement[bool], ...]:
    newer = aliased(IndexEntry)
    beside = select(newer.row).where(
        newer.field_id == IndexEntry.field_id,
        newer.normaliser == IndexEntry.normaliser,
        newer.row == IndexEntry.row,
        newer.generation == generation,
    )
    return IndexEntry.generation < generation, ~beside.exists()


def alone(session: Session, generation: int, limit: int) -> list[tuple[int, str]]:
    """(field id, row) of some of them."""
    columns = select(IndexEntry.field_id, IndexEntry.row).distinct().limit(limit)
    return [(f, r) for f, r in session.execute(columns.where(*_alone(generation)))]


def drop_before(session: Session, generation: int) -> None:
    """The older generations' entries go; their key is destroyed in the same transaction."""
    session.execute(delete(IndexEntry).where(IndexEntry.generation < generation))
