"""What a person was known by before it was corrected: old addresses and names stand in texts as well."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import Parts
from privacy_svc.rights.rectifying import old_values
from privacy_svc.rights.states import Right
from privacy_svc.store import FoundRow


def former_rows(session: Session, parts: Parts, subject_id: str, rows: Sequence[FoundRow]) -> Iterator[FoundRow]:
    """The rows as they were before each correction, the last one first: a former surname belongs to the first name
    beside it."""
    now = {(row.collection.path, row.key): row for row in rows}
    mine = (DataRequest.subject_id == subject_id, DataRequest.right == Right.RECTIFICATION.value)
    for request in session.scalars(select(DataRequest).where(*mine).order_by(DataRequest.received_at.desc())):
        former = list(old_values(session, parts, request))
        for path, key, name, old in former:
            row = now.get((path, key)) or _gone(parts, path, key)
            if row is not None and name in row.values:
                now[path, key] = replace(row, values=row.values | {name: old})
        yield from now.values() if former else ()


def _gone(parts: Parts, path: str, key: str) -> FoundRow | None:
    """A row that is not there any more."""
    collection = parts.policy.data_map.collection(*path.split(".", 1))
    nothing = {field.name: None for field in collection.fields} if collection else {}
    return FoundRow(collection, key, nothing, nothing) if collection else None
