"""The subject walk: from a person to every row that speaks of them, over all stores of the data map.

In the forms that others ask for: opened, as the stores hold the rows, a page at a time. The way itself is `walker`'s.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.policy import Collection, PolicySet
from privacy_svc.store.addressing import Addresses
from privacy_svc.store.binding import Row, Stores
from privacy_svc.store.own_values import OwnValues
from privacy_svc.store.rows import row_key
from privacy_svc.store.walker import Page, Walker
from privacy_svc.vault import Vault

Raw = tuple[Collection, Row, bool]
"""A row of a person as the store holds it, and whether rows of others lead to it too."""


@dataclass(frozen=True, slots=True)
class FoundRow:
    """One row of a person; `values` are opened, None where they were erased. Values never appear in `repr`."""

    collection: Collection
    key: str
    values: dict[str, Any]
    held: Row
    """As the store holds it."""
    shared: bool = False
    """Rows of others lead to it too, of people who are not erased."""

    def __repr__(self) -> str:
        return f"FoundRow({self.collection.path})"


def walk(session: Session, stores: Stores, vault: Vault, policies: PolicySet, subject_id: str) -> list[FoundRow]:
    """Every row of the person, opened: identity rows first, then by the data map's order.
    Raises Erased, Unreadable, KeyUnavailable, StoreUnavailable."""
    pages = WalkOpened(session, stores, vault, policies, subject_id).pages()
    place = _places(policies)
    return sorted((row for page in pages for row in page), key=lambda row: place[row.collection.path])


def walk_raw(
    session: Session, stores: Stores, policies: PolicySet, subject_id: str, vault: Vault | None = None
) -> list[tuple[Collection, Row]]:
    """The same rows as the store holds them, but none that rows of others lead to as well. Without a `vault`, and once
    the person is erased, only references lead on, and none to a sealed value."""
    return own_of(walk_raw_all(session, stores, policies, subject_id, vault))


def own_of(raw: Iterable[Raw]) -> list[tuple[Collection, Row]]:
    return [(collection, row) for collection, row, shared in raw if not shared]


def walk_raw_all(
    session: Session, stores: Stores, policies: PolicySet, subject_id: str, vault: Vault | None = None
) -> list[Raw]:
    """The same with those too."""
    own, addresses = OwnValues(session), None
    if vault is not None and (cipher := vault.ciphers(session, [subject_id]).get(subject_id)) is not None:
        own = OwnValues(session, cipher, vault)
        addresses = Addresses(session, stores, vault, policies, subject_id, own)
    pages = Walker(session, stores, policies, subject_id, own, addresses).pages()
    place = _places(policies)
    rows = [(page.collection, row, page.shared) for page in pages for row in page.rows]
    return sorted(rows, key=lambda found: place[found[0].path])


def rows_of_person(
    session: Session, stores: Stores, policies: PolicySet, collection: Collection, subject_id: str
) -> list[Row]:
    """The rows of one collection that belong to a person by its references."""
    wanted = {c.path for c in policies.data_map.ways.above(collection)}
    pages = Walker(session, stores, policies, subject_id, OwnValues(session), wanted=wanted).pages()
    return [row for page in pages if page.collection.path == collection.path for row in page.rows]


def own_rows(session: Session, stores: Stores, vault: Vault, policies: PolicySet, subject_id: str) -> list[FoundRow]:
    """Only the rows that are the person. Raises Erased, Unreadable, KeyUnavailable, StoreUnavailable."""
    own = OwnValues(session, vault.cipher(session, subject_id), vault)
    people = {c.path for c in policies.data_map.identities()}
    pages = Walker(session, stores, policies, subject_id, own, wanted=people).pages()
    return [_found(own, page, row) for page in pages for row in page.rows]


class WalkOpened:
    """A walk a page at a time, each of one collection, opened: for what must not hold all rows. Raises Erased; once
    all pages are read, Unreadable."""

    def __init__(self, session: Session, stores: Stores, vault: Vault, policies: PolicySet, subject_id: str) -> None:
        self._own = OwnValues(session, vault.cipher(session, subject_id), vault)
        self._addresses = Addresses(session, stores, vault, policies, subject_id, self._own)
        self._walker = Walker(session, stores, policies, subject_id, self._own, self._addresses)

    def pages(self) -> Iterator[list[FoundRow]]:
        for page in self._walker.pages():
            yield [_found(self._own, page, row) for row in page.rows]

    @property
    def unclear(self) -> Mapping[str, int]:
        """By collection, once all pages are read: rows with an address that several people share."""
        return self._addresses.unclear


def _found(own: OwnValues, page: Page, row: Row) -> FoundRow:
    key = row_key(page.collection, row)
    opening = own.at(key)
    values = {f.name: own.opened(opening, page.collection, key, f, row[f.name]) for f in page.collection.fields}
    return FoundRow(page.collection, key, values, row, page.shared)


def _places(policies: PolicySet) -> dict[str, int]:
    """The data map's order, identities first."""
    ordered = sorted(policies.data_map.collections(), key=lambda c: c.subject is None)
    return {collection.path: place for place, collection in enumerate(ordered)}
