"""Finds the person behind a reference: the CRM's key, an e-mail address, a phone number, our id."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log
from privacy_svc.errors import NotFound, PrivacyError, SharedAddress, UnknownCustomer
from privacy_svc.http import Contact, CustomerRef, NotAdmitted
from privacy_svc.policy import Collection, Field, PolicyHolder
from privacy_svc.store import blind, subjects
from privacy_svc.store.admitting import admit_many
from privacy_svc.store.binding import Stores, find_collection
from privacy_svc.store.contacts import contacts, references
from privacy_svc.store.errors import UnknownCollection, UnknownRecord
from privacy_svc.store.facts import FactReader
from privacy_svc.store.inclear import MOST, in_clear, is_complete
from privacy_svc.store.opening import open_value
from privacy_svc.store.resolving import Finder
from privacy_svc.store.rows import by_keys, chunks, one_row, row_key
from privacy_svc.vault import Subject, Vault, normalise

CUSTOMER = "customer"


class Directory:
    """The one implementation of `http.CustomerDirectory`."""

    def __init__(self, policies: PolicyHolder, stores: Stores, vault: Vault, log: Log) -> None:
        self._policies, self._stores, self._vault, self._log = policies, stores, vault, log

    def _reader(self) -> FactReader:
        return FactReader(self._stores, self._vault, self._policies.current)

    def find(self, session: Session, customer: CustomerRef) -> str | None:
        if customer.subject is not None:
            return customer.subject if session.get(Subject, customer.subject) else None
        found = self._rows(session, customer)
        return next((s for c, k in found if (s := subjects.known(session, c, [k]).get(k))), None)

    def locate(self, session: Session, customer: CustomerRef) -> CustomerRef | None:
        if customer.subject is not None:
            return self.references(session, [customer.subject]).get(customer.subject)
        return next((CustomerRef(id=k, collection=c.path) for c, k in self._rows(session, customer)), None)

    def admit(self, session: Session, customer: CustomerRef, actor: str = "privacy-svc") -> str:
        if customer.subject is not None:
            if session.get(Subject, customer.subject) is None:
                raise UnknownCustomer("There is no such subject.")
            return customer.subject
        if customer.id is not None and (known := self._known(session, customer)):
            return known
        found = self._rows(session, customer)
        if not found:
            raise UnknownCustomer("The customer store has no such person.")
        collection, key = found[0]
        return subjects.admit(session, self._reader(), self._log, collection, [key], actor)[key]

    def admit_each(self, session: Session, wanted: Sequence[tuple[CustomerRef, str]]) -> list[str | PrivacyError]:
        """The same for many, each with who asks: keys of people we know already in one look. What cannot be found
        is answered by its error."""
        known = self.known_each(session, [customer for customer, _ in wanted])
        return [one or self.try_admit(session, *who) for one, who in zip(known, wanted, strict=True)]

    def known_each(self, session: Session, wanted: Sequence[CustomerRef]) -> list[str | None]:
        """People we know already by the CRM's key, in one look; of others and by other ways nobody is looked up."""
        plain = [c.id if c.collection is None else None for c in wanted]
        people = self._people()
        keys = {key for key in plain if key is not None}
        known = subjects.known(session, people, keys) if people and keys else {}
        return [known.get(key or "") for key in plain]

    def people(self, collection: str | None = None) -> Collection:
        """The collection whose rows are customers, or the one named."""
        return self._collections(CustomerRef(id="", collection=collection))[0]

    def _people(self) -> Collection | None:
        data_map = self._policies.current.data_map
        return next(iter(data_map.identities(CUSTOMER) or data_map.identities()), None)

    def _known(self, session: Session, customer: CustomerRef) -> str | None:
        """A person we know already by the CRM's key."""
        assert customer.id is not None
        people = self._collections(customer)[0]
        return subjects.known(session, people, [customer.id]).get(customer.id)

    def try_admit(self, session: Session, customer: CustomerRef, actor: str) -> str | PrivacyError:
        try:
            return self.admit(session, customer, actor)
        except PrivacyError as error:
            return error

    def admit_many(self, session: Session, customers: Sequence[CustomerRef], actor: str) -> list[str | NotAdmitted]:
        region = self._policies.current.organisation.phone_region
        finder = Finder(session, self._stores, self._vault, region)
        return admit_many(session, self._reader(), self._log, finder, self._collections, customers, actor)

    def contacts(self, session: Session, subject_ids: Iterable[str]) -> Mapping[str, Sequence[Contact]]:
        return contacts(session, self._stores, self._vault, self._policies.current, subject_ids)

    def references(self, session: Session, subject_ids: Iterable[str]) -> Mapping[str, CustomerRef]:
        return references(session, self._policies.current, subject_ids)

    def key_of(self, session: Session, subject_id: str) -> str | None:
        rows = subjects.rows_of(session, subject_id)
        subject = session.get(Subject, subject_id)
        return None if not rows or subject is None or subject.erased_at else rows[0][2]

    def _rows(self, session: Session, customer: CustomerRef) -> list[tuple[Collection, str]]:
        """The identity rows a reference means: none or one. Raises SharedAddress where it is several people's."""
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
            raise SharedAddress(f"Several people of the store share this {kind}: name the customer by id.")
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
        clear = in_clear(bound.table.c[field.name], kind, [value], complete=is_complete(session, field))
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
