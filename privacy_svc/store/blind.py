"""Blind index entries: written with the value they speak of, looked up by value."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from privacy_svc.policy import Field
from privacy_svc.store.model import IndexEntry
from privacy_svc.store.rows import chunks
from privacy_svc.vault import Vault


@dataclass(frozen=True, slots=True)
class Indexed:
    """A field's value in one row of one person; the value never appears in `repr`."""

    field: Field
    row: str
    subject_id: str
    value: str | None

    def __repr__(self) -> str:
        return f"Indexed({self.field.name}, …)"


def put(session: Session, vault: Vault, values: Iterable[Indexed]) -> int:
    """The rows' index entries as of these values; earlier entries of the same rows are replaced."""
    items = [v for v in values if v.field.index and v.field.id is not None]
    entries = [
        {"field_id": v.field.id, "normaliser": n, "row": v.row, "subject_id": v.subject_id, "value": number}
        for v in items
        for n in v.field.index
        if (number := _number(session, vault, v, n)) is not None
    ]
    by_field: dict[int, list[str]] = {}
    for v in items:
        assert v.field.id is not None
        by_field.setdefault(v.field.id, []).append(v.row)
    for field_id, rows in by_field.items():
        drop(session, field_id, rows)
    if entries:
        session.execute(insert(IndexEntry), entries)
    return len(entries)


def _number(session: Session, vault: Vault, indexed: Indexed, normaliser: str) -> int | None:
    assert indexed.field.id is not None
    if not isinstance(indexed.value, str) or not indexed.value:
        return None
    return vault.index(session, indexed.field.id, normaliser).of(indexed.value)


def drop(session: Session, field_id: int, rows: Sequence[str]) -> None:
    for chunk in chunks(rows):
        session.execute(delete(IndexEntry).where(IndexEntry.field_id == field_id, IndexEntry.row.in_(chunk)))


def drop_subject(session: Session, subject_id: str) -> None:
    """At erasure: nothing leads to the person any more."""
    session.execute(delete(IndexEntry).where(IndexEntry.subject_id == subject_id))


def look_up(session: Session, vault: Vault, field: Field, normaliser: str, value: str) -> list[tuple[str, str]]:
    """(row key, subject id) of the candidates; the caller re-checks them, since values are truncated."""
    assert field.id is not None
    number = vault.index(session, field.id, normaliser).of(value)
    if number is None:
        return []
    statement = select(IndexEntry.row, IndexEntry.subject_id).where(
        IndexEntry.field_id == field.id, IndexEntry.normaliser == normaliser, IndexEntry.value == number
    )
    return [(row, subject) for row, subject in session.execute(statement)]
