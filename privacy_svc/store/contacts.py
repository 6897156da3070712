"""People's addresses, as their identity rows hold them: for the suppression list, never for a module."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.errors import Erased
from privacy_svc.http import Contact, CustomerRef
from privacy_svc.policy import Collection, PolicySet
from privacy_svc.store.binding import Stores
from privacy_svc.store.model import SubjectRow
from privacy_svc.store.opening import open_with
from privacy_svc.store.rows import by_keys, chunks, row_key
from privacy_svc.store.subjects import known_as
from privacy_svc.vault import Subject, SubjectCipher, Vault

KINDS = ("email", "phone")


def references(session: Session, policies: PolicySet, subject_ids: Iterable[str]) -> dict[str, CustomerRef]:
    """Of those who are not erased, by their first identity row in the data map's order."""
    found: dict[str, CustomerRef] = {}
    for chunk in chunks(dict.fromkeys(subject_ids)):
        living = set(session.scalars(select(Subject.id).where(Subject.id.in_(chunk), Subject.erased_at.is_(None))))
        for collection in policies.data_map.identities():
            for key, owner in _rows_of(session, collection, list(living)).items():
                found.setdefault(owner, CustomerRef(id=key, collection=collection.path))
    return found


def contacts(
    session: Session, stores: Stores, vault: Vault, policies: PolicySet, subject_ids: Iterable[str]
) -> dict[str, list[Contact]]:
    """By subject. Who has no row any more, no address, or was erased is absent."""
    found: dict[str, list[Contact]] = {}
    for chunk in chunks(dict.fromkeys(subject_ids)):
        ciphers = vault.ciphers(session, chunk)
        for collection in policies.data_map.identities():
            for owner, contact in _of(session, stores, collection, list(ciphers), ciphers):
                found.setdefault(owner, []).append(contact)
    return found


def _of(
    session: Session, stores: Stores, collection: Collection, owners: Sequence[str], ciphers: dict[str, SubjectCipher]
) -> Iterable[tuple[str, Contact]]:
    fields = [f for f in collection.fields if f.identity in KINDS]
    of = _rows_of(session, collection, owners)
    if not fields or not of:
        return
    bound = stores.bind(collection)
    columns = [*bound.key_columns, *(bound.table.c[f.name] for f in fields)]
    with stores.read(collection.dataset) as connection:
        rows = connection.execute(select(*columns).where(by_keys(bound, of))).mappings().all()
    for row in rows:
        key = row_key(collection, row)
        owner = of.get(key)
        if owner is None:
            continue
        opening = ciphers[owner].at(key)
        for field in fields:
            try:
                value = open_with(opening, field, row[field.name])
            except Erased:  # sealed before an erasure; the person came back since
                continue
            if isinstance(value, str) and value.strip() and field.identity:
                yield owner, Contact(field.identity, value)


def _rows_of(session: Session, collection: Collection, owners: Sequence[str]) -> dict[str, str]:
    """Row key to person."""
    dataset, name = known_as(session, collection)
    mine = (SubjectRow.dataset == dataset, SubjectRow.collection == name, SubjectRow.subject_id.in_(owners))
    found = session.execute(select(SubjectRow.key, SubjectRow.subject_id).where(*mine).order_by(SubjectRow.key))
    return {r.key: r.subject_id for r in found}
