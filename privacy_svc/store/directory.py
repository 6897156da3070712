"""Finds the person behind a reference: the CRM's key, an e-mail address, a phone number, our id."""

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log
from privacy_svc.errors import Conflict, NotFound, UnknownCustomer
from privacy_svc.http import CustomerRef
from privacy_svc.policy import Collection, Field, PolicyHolder
from privacy_svc.store import blind, subjects
from privacy_svc.store.binding import Stores, find_collection
from privacy_svc.store.errors import UnknownCollection, UnknownRecord
from privacy_svc.store.model import SealedColumn
from privacy_svc.store.opening import open_value
from privacy_svc.store.rows import by_keys, chunks, one_row, row_key
from privacy_svc.vault import Subject, Vault, normalise

CUSTOMER = "customer"
MOST = 20
"""Most rows in clear that are looked at for one value; two that fit are a Conflict already."""
LEAST_DIGITS = 6
"""So many last digits of a telephone number are the same in every spelling."""
_BETWEEN = " -/().+"
"""What stands between the digits of a telephone number."""


class Directory:
    """The one implementation of `http.CustomerDirectory`."""

    def __init__(self, policies: PolicyHolder, stores: Stores, vault: Vault, log: Log) -> None:
        self._policies, self._stores, self._vault, self._log = policies, stores, vault, log

    def find(self, session: Session, customer: CustomerRef) -> str | None:
        if customer.subject is not None:
            return customer.subject if session.get(Subject, customer.subject) else None
        found = self._rows(session, customer)
        return next((s for c, k in found if (s := subjects.known(session, c, [k]).get(k))), None)

    def admit(self, session: Session, customer: CustomerRef, actor: str = "privacy-svc") -> str:
        if customer.subject is not None:
            if session.get(Subject, customer.subject) is None:
                raise UnknownCustomer("There is no such subject.")
            return customer.subject
        found = self._rows(session, customer)
        if not found:
            raise UnknownCustomer("The customer store has no such person.")
        collection, key = found[0]
        return subjects.admit(session, self._vault, self._log, collection, [key], actor)[key]

    def key_of(self, session: Session, subject_id: str) -> str | None:
        rows = subjects.rows_of(session, subject_id)
        subject = session.get(Subject, subject_id)
        return None if not rows or subject is None or subject.erased_at else rows[0][2]

    def _rows(self, session: Session, customer: CustomerRef) -> list[tuple[Collection, str]]:
        """The identity rows a reference means: none or one. Raises Conflict when several people share the value."""
        collections = self._collections(customer)
        if customer.id is not None:
            return [(c, k) for c in collections[:1] if (k := self._existing(session, c, customer.id))]
        kind, value = ("email", customer.email) if customer.email is not None else ("phone", customer.phone)
        assert value is not None
        found = list(
            dict.fromkeys(
                (c, key)
                for c in collections
                for f in c.fields
                if f.identity == kind
                for key in self._by_value(session, c, f, kind, value)
            )
        )
        if len(found) > 1:
            raise Conflict(f"Several people of the store share this {kind}: name the customer by id.")
        return found

    def _collections(self, customer: CustomerRef) -> tuple[Collection, ...]:
        data_map = self._policies.current.data_map
        if customer.collection is not None:
            dataset, _, name = customer.collection.rpartition(".")
            collection = find_collection(data_map, dataset, name)
            if collection.subject is None:
                raise UnknownCollection(f"The rows of {collection.path} are not persons.")
            return (collection,)
        found = data_map.identities(CUSTOMER) or data_map.identities()
        if not found:
            raise NotFound("The data map names no identity collection.")
        return found

    def _existing(self, session: Session, collection: Collection, key: str) -> str | None:
        if subjects.known(session, collection, [key]):
            return key
        bound = self._stores.bind(collection)
        try:
            with self._stores.read(collection.dataset) as connection:
                return row_key(collection, one_row(connection, bound, key))
        except UnknownRecord:
            return None

    def _by_value(self, session: Session, collection: Collection, field: Field, kind: str, value: str) -> Iterator[str]:
        """Keys of rows whose value means the same, re-checked after opening: candidates of the blind index, and rows
        in clear, which the store itself finds, so that one sealed and one clear row of the same value are both met."""
        region = self._policies.current.organisation.phone_region
        wanted = normalise(kind, value, region)
        if wanted is None:
            return
        bound = self._stores.bind(collection)
        candidates = (
            [row for row, _ in blind.look_up(session, self._vault, field, kind, value)] if kind in field.index else []
        )
        clear = _in_clear(bound.table.c[field.name], kind, value, complete=_complete(session, field))
        with self._stores.read(collection.dataset) as connection:
            rows = list(connection.execute(select(bound.table).where(clear).limit(MOST)).mappings())
            for chunk in chunks(candidates):
                rows += connection.execute(select(bound.table).where(by_keys(bound, chunk))).mappings()
        for row in rows:
            key = row_key(collection, row)
            owner = subjects.known(session, collection, [key]).get(key)
            opened = open_value(session, self._vault, owner, field, key, row[field.name])
            if isinstance(opened, str) and normalise(kind, opened, region) == wanted:
                yield key


def _complete(session: Session, field: Field) -> bool:
    """Nothing in clear was left by the last run, so only what the CRM wrote since can be."""
    record = session.get(SealedColumn, field.id) if field.seal else None
    return record is not None and record.complete_at is not None


def _in_clear(column: Column[Any], kind: str, value: str, *, complete: bool) -> ColumnElement[bool]:
    """Rows that may hold the value in clear. While many do, in any case or spelling, at the price of a scan;
    later as the CRM itself would ask, by equality, for which it has its index."""
    spelled = value.strip()
    if complete:
        return column.in_(dict.fromkeys((value, spelled, spelled.lower())))
    digits = re.sub(r"\D", "", spelled)
    if kind != "phone" or len(digits) < LEAST_DIGITS:
        return func.lower(func.trim(column)) == spelled.lower()
    bare: ColumnElement[Any] = column
    for between in _BETWEEN:
        bare = func.replace(bare, between, "")
    return or_(column == value, bare.like(f"%{digits[-LEAST_DIGITS:]}"))
