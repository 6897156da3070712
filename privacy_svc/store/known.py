"""What a person is known by: to take it out of texts that stay, and to look for it after an erasure. Pure.

Any value of theirs counts in their own rows. In other people's only what names one person counts: an address, a long
number, their hashes; in what is written about people also a full name. Many share a first name, a city, a birthday.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from itertools import combinations
from typing import Any, Self

from privacy_svc.pii import is_unspaced, known_values_in, name_parts, redact, spellings
from privacy_svc.policy import Erase, EraseRows, Field, PolicySet, within
from privacy_svc.store.binding import Stores
from privacy_svc.store.dates import date_columns, day_of
from privacy_svc.store.numbers import as_text, number_columns
from privacy_svc.store.telling import LONGEST, as_numbers, telling
from privacy_svc.store.walk import FoundRow

LABEL = "erased"
"""Stands, in brackets, where a person was named."""
GONE = f"[{LABEL}]"
"""Stands in a NOT NULL text column whose value the data map wants null, or that was never sealed."""
_NAMES, _DATES = ("user.name",), ("user.demographic.date_of_birth",)
_WHOLE_NAME = "user.name"
_PLACES = ("user.contact.address",)
"""A postal code may be as long as a telephone number, and names a street full of people."""
_TEXTS = ("user.content",)
_COARSE = ("user.contact.address.country", "user.demographic", "user.privacy_preferences", "user.behavior")
"""Shared by too many to say anything, even in a person's own rows."""
_SHORTEST, _SHORTEST_NAME = 3, 2
_KINDS = ("own", "telling", "names", "numbers", "days")


@dataclass(frozen=True, slots=True)
class Known:
    """`own`: searched in the person's own rows; `telling`: everywhere; `names`: in everybody's texts. Values never
    appear in `repr`."""

    own: Sequence[str] = ()
    telling: Sequence[str] = ()
    names: Sequence[str] = ()
    numbers: Sequence[str] = ()
    """Those of `telling` that a column of numbers may hold: digits without zeros at the beginning."""
    days: Sequence[str] = ()
    """Of birth, as a column of dates has them: `1980-01-31`. Searched in the person's own rows, in texts however it is
    written."""

    def __repr__(self) -> str:
        return f"Known({len(self.own)}, {len(self.telling)}, {len(self.names)})"

    def __len__(self) -> int:
        return len({*self.own, *self.telling, *self.names})

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        return cls(**{name: tuple(plain.get(name, ())) for name in _KINDS})

    def with_(self, other: Self) -> Self:
        both = {n: tuple(dict.fromkeys((*getattr(self, n), *getattr(other, n)))) for n in _KINDS}
        return type(self)(**both)

    def in_own(self, text: str) -> bool:
        return bool(known_values_in(text, (*self.own, *self.telling), self.days))

    def taken_out(self, text: str) -> str:
        """The text without anything of it."""
        return _without(text, (*self.own, *self.telling, *self.names), self.days)

    @property
    def own_numbers(self) -> Sequence[str]:
        """As a column of numbers may hold them, in their own rows."""
        return (*self.numbers, *(day.replace("-", "") for day in self.days))

    @property
    def alone(self) -> Sequence[str]:
        """What means nobody else, also where it stands in a record of several people."""
        return (*self.telling, *self.names)

    def taken_out_of_shared(self, text: str) -> str | None:
        """The text of a record that is others' as well without what means this person alone; None where nothing else
        stands there."""
        found = _without(text, self.alone)
        return None if found == GONE else found


def _without(text: str, values: Iterable[str], days: Sequence[str] = ()) -> str:
    return redact(text, (replace(f, entity=LABEL) for f in known_values_in(text, values, days)))


def known_of(rows: Iterable[FoundRow], region: str) -> Known:
    """Of everything that the erasure takes away. `region`: whose phone numbers are written without a country."""
    own: dict[str, None] = {}
    telling_: dict[str, None] = {}
    names: dict[str, None] = {}
    numbers: dict[str, None] = {}
    days: dict[str, None] = {}
    for row in (r for r in rows if not r.shared):
        values = {f: v for f in row.collection.fields if (v := _text(row, f))}
        for field, value in values.items():
            if _is(field, _COARSE) and not _is(field, _DATES):
                continue
            own.update(dict.fromkeys(_parts(field, value)))
            if _is(field, _DATES) and (day := day_of(value)):
                days[day] = None
            if not _is(field, _DATES + _PLACES):
                said = list(telling(value, region))
                telling_.update(dict.fromkeys(said))
                numbers.update(
                    dict.fromkeys(as_numbers(said) if field.names_somebody and not _is(field, _TEXTS) else ())
                )
        full = list(_full_names({f: v for f, v in values.items() if _is(f, _NAMES)}))
        names.update(dict.fromkeys(full))
        own.update(dict.fromkeys(s for n in full for s in spellings(n) if len(s) <= LONGEST))
    return Known(tuple(own), tuple(telling_), tuple(names), tuple(numbers), tuple(days))


def _text(row: FoundRow, field: Field) -> str | None:
    held = row.values[field.name]
    value = day_of(held) if isinstance(held, date) and _is(field, _DATES) else as_text(field, held)
    deleted = row.collection.erase_rows is EraseRows.DELETE
    goes = field.erasable and (deleted or field.erase not in {Erase.KEEP, Erase.REDACT})
    return value if goes and value and not stands_for_nothing(value, row.key) else None


def stands_for_nothing(value: str, key: str) -> bool:
    """Also in a column without duplicates, where the row's key tells one from the other."""
    return value in {GONE, f"{GONE} {key}"}


def _is(field: Field, categories: Sequence[str]) -> bool:
    return any(within(c, categories) for c in field.categories)


def _parts(field: Field, value: str) -> Iterator[str]:
    """Of a name also each of its words: in notes people are called by one of them."""
    is_name = _is(field, _NAMES)
    least = _SHORTEST_NAME if is_name or is_unspaced(value) else _SHORTEST
    found = [value, *(name_parts(value) if is_name else ())]
    yield from (v for v in found if least <= len(v) <= LONGEST)


def _full_names(names: Mapping[Field, str]) -> Iterator[str]:
    """A name of several words, or in a script without blanks, and any two fields in either order."""
    yield from (n for f, n in names.items() if " " in n or (_WHOLE_NAME in f.categories and is_unspaced(n)))
    for one, other in combinations(names.values(), 2):
        if " " not in one + other:
            yield from (f"{one} {other}", f"{other} {one}", f"{other}, {one}")


def is_about_people(field: Field | None) -> bool:
    """Whether a column is text that somebody wrote, where people are named: not a column for a name or an address.
    Nobody knows what an unmapped one (None) holds."""
    return field is None or not field.personal or _is(field, _TEXTS)


def is_redactable(stores: Stores, policies: PolicySet, place: str) -> bool:
    """Whether a part of what stands there may go: a text about people, or a column that nobody mapped. Of a number or a
    date no part can go. Raises StoreUnavailable."""
    dataset, _, rest = place.partition(".")
    name, _, column = rest.partition(".")
    collection = policies.data_map.collection(dataset, name)
    if collection is None or not is_about_people(collection.by_name.get(column)):
        return False
    bound = stores.bind(collection)
    return column not in {*number_columns(bound), *date_columns(bound)}
