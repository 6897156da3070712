"""The data map: what is in the customer stores, as read from policies/datasets/*.yml.

The files are fideslang dataset manifests; what fideslang has no word for stands in a
`privacy:` block beside it. These are plain immutable values: binding them to a real
database is the store room's work.
"""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from privacy_svc.policy.categories import NAMING, is_personal, within
from privacy_svc.policy.retention import RowRule
from privacy_svc.policy.ways import Ways

FREE_TEXT = "user.content"


class Erase(enum.StrEnum):
    """What erasure does to a field's value."""

    SHRED = "shred"
    """The value stays sealed; its key is destroyed."""
    NULL = "null"
    REPLACE = "replace"
    REDACT = "redact"
    """A text stays, without what the person is known by. What is left of it is no longer known to be theirs, and not
    shown to be nobody's: it is told apart from what was erased."""
    KEEP = "keep"
    """Kept on a ground of Art. 17(3), which the map must name; a sealed value then lives under the evidence key."""


class Normaliser(enum.StrEnum):
    """How a value is made comparable before its blind index is taken. The vault implements each."""

    EXACT = "exact"
    CASEFOLD = "casefold"
    EMAIL = "email"
    DOMAIN = "domain"
    PHONE = "phone"
    LAST4 = "last4"
    NAME = "name"
    YEAR = "year"


class Tells(enum.StrEnum):
    """A fact that decisions need of a person, and the field that tells it."""

    BIRTH_DATE = "birth_date"
    COUNTRY = "country"
    RELATIONSHIP_END = "relationship_end"
    """The latest of all such fields of the person counts; while all are empty, the relationship lasts."""


class Source(enum.StrEnum):
    """Where a value comes from: Art. 15(1)(g) asks, and Art. 20 covers what is provided or observed (WP 242)."""

    PROVIDED = "provided"
    """The person gave it."""
    OBSERVED = "observed"
    """It came about by what the person did."""
    DERIVED = "derived"
    """We worked it out, or wrote it."""
    RECEIVED = "received"
    """Somebody else gave it: `received_from`."""


class EraseRows(enum.StrEnum):
    """What erasure does to a collection's rows."""

    FIELDS = "fields"
    """The row stays; each field follows its own rule."""
    DELETE = "delete"


class Check(enum.StrEnum):
    """What happens to a free text that is written with card numbers, secrets or words of special categories in it."""

    WARN = "warn"
    REDACT = "redact"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Keep:
    """Why a value outlives an erasure: a DPV ground such as `A17LegallyRequired`, the law, how long (ISO 8601)."""

    ground: str
    law: str
    period: str
    start: str | None = None
    """The field of the same row with the day from which the law counts; None: from the erasure."""
    end_of_year: bool = False
    """It counts from the end of that day's year, as § 147(4) AO has it."""


@dataclass(frozen=True, slots=True)
class Reference:
    """This field holds the key of a row elsewhere."""

    dataset: str
    collection: str
    field: str
    outward: bool = False
    """The manifest leads from this row to that one (`direction: to`)."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column. `id` is stable for ever, unique over all datasets, and goes into the associated data of
    every sealed value, so that a rename in the store and here leaves values readable."""

    name: str
    categories: tuple[str, ...] = ()
    id: int | None = None
    primary_key: bool = False
    identity: str | None = None
    """`email` or `phone`: a value by which callers may name the person."""
    reference: Reference | None = None
    data_type: str = "string"
    length: int | None = None
    seal: bool = False
    pad: int = 0
    """Sealed values are filled up to a multiple of so many bytes, so that their length tells less; 0 for none."""
    index: tuple[str, ...] = ()
    """Names of normalisers of the blind indexes, e.g. `email`, `phone`, `exact`."""
    erase: Erase = Erase.NULL
    replace: str | None = None
    keep: Keep | None = None
    pattern: str | None = None
    """A regular expression that the whole of a corrected value must match."""
    identifier_of: str | None = None
    """The recipient whose own key for the person this is: they are told of changes by it (Art. 19)."""
    tells: Tells | None = None
    check: Check | None = None
    """Of a free text, when a module writes it."""
    source: Source | None = None
    received_from: str = ""

    @property
    def is_free_text(self) -> bool:
        """What people write in sentences: it may speak of others."""
        return self.data_type == "string" and any(within(c, (FREE_TEXT,)) for c in self.categories)

    @property
    def personal(self) -> bool:
        return any(is_personal(c) for c in self.categories)

    @property
    def names_somebody(self) -> bool:
        """Whether its value alone says who somebody is."""
        return bool(self.identity) or any(within(c, NAMING) for c in self.categories)

    @property
    def is_key(self) -> bool:
        """Rows are found by it, or hang together by it."""
        return self.primary_key or self.reference is not None

    @property
    def erasable(self) -> bool:
        """Erasure follows `erase` here. Keys stay: they say which rows belong together, and once the rest is
        gone, not whose they were (`datasetchecks` refuses others). What is nobody's data stays too."""
        return self.personal and not self.is_key


@dataclass(frozen=True)
class Collection:
    """One table. `subject` names the kind of person (a fideslang data subject such as `customer`) when each
    row *is* a person; rows of other collections belong to the person their references lead to."""

    dataset: str
    name: str
    fields: tuple[Field, ...]
    subject: str | None = None
    erase_rows: EraseRows = EraseRows.FIELDS
    description: str = ""
    retention: tuple[RowRule, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return {f.name: f for f in self.fields}

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Names of the primary key's fields, in order."""
        return tuple(f.name for f in self.fields if f.primary_key)

    @property
    def path(self) -> str:
        return f"{self.dataset}.{self.name}"

    @cached_property
    def telling(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields if f.tells)

    @cached_property
    def sealed(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields if f.seal)


@dataclass(frozen=True)
class Dataset:
    key: str
    name: str
    collections: tuple[Collection, ...]
    source: str = ""
    """The file it was read from."""

    @cached_property
    def by_name(self) -> Mapping[str, Collection]:
        return {c.name: c for c in self.collections}


@dataclass(frozen=True)
class DataMap:
    datasets: tuple[Dataset, ...] = ()

    @cached_property
    def by_key(self) -> Mapping[str, Dataset]:
        return {d.key: d for d in self.datasets}

    @cached_property
    def ways(self) -> Ways:
        return Ways(tuple(self.collections()))

    def collections(self) -> Iterator[Collection]:
        for dataset in self.datasets:
            yield from dataset.collections

    def collection(self, dataset: str, name: str) -> Collection | None:
        found = self.by_key.get(dataset)
        return found.by_name.get(name) if found else None

    def identities(self, subject: str | None = None) -> tuple[Collection, ...]:
        """Collections whose rows are persons (of one kind), in the order of the files."""
        return tuple(c for c in self.collections() if c.subject and subject in {None, c.subject})

    def owner(self, collection: Collection) -> tuple[tuple[Field, Collection], ...] | None:
        """The chain of references that leads from a row of `collection` to the person it belongs to:
        () for an identity collection, ((field, next collection), …) else, None when none leads there.

        The shortest chain wins; among equals the first in the file. A reference *of* an identity
        collection is never followed: a customer's account manager does not own the customer.
        """
        if collection.subject:
            return ()
        waiting: list[tuple[Collection, tuple[tuple[Field, Collection], ...]]] = [(collection, ())]
        seen = {collection.path}
        while waiting:
            here, chain = waiting.pop(0)
            for field in here.fields:
                ref = field.reference
                target = self.collection(ref.dataset, ref.collection) if ref else None
                if target is None or target.path in seen:
                    continue
                longer = (*chain, (field, target))
                if target.subject:
                    return longer
                seen.add(target.path)
                waiting.append((target, longer))
        return None
