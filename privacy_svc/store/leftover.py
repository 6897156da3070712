"""What a search after an erasure found, row by row, and what a person decided about it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from privacy_svc.policy import Collection, within

_SAYS_NOTHING = ("system", "user.unique_id")
"""Categories of keys that may stand in our own tables: by themselves they say nothing about anybody."""


@dataclass(frozen=True, slots=True)
class FoundAt:
    """One row. `key` is None where the table's key says something about a person itself. `namesake`: the row belongs to
    another customer, who has the value that was found there themselves, or whose own values do not open."""

    key: str | None
    namesake: bool = False


@dataclass(frozen=True, slots=True)
class Leftover:
    """A place where a known value of an erased person can still be read."""

    collection: str
    field: str
    rows: int
    at: Sequence[FoundAt] = ()
    """The rows, where they have keys."""

    @property
    def place(self) -> str:
        return f"{self.collection}.{self.field}"


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person said, of places and of single rows, which are named `place/key`: at `redact` it is taken out of the
    text, at `accept` it stays."""

    redact: frozenset[str] = frozenset()
    accept: frozenset[str] = frozenset()

    def redacts(self, place: str, key: str, *, namesake: bool) -> bool:
        """A namesake's own row only by a word about that row, never by one about the whole place."""
        row = row_of(place, key)
        return row in self.redact or (place in self.redact and row not in self.accept and not namesake)

    def left(self, found: Leftover) -> Leftover | None:
        """Without what may stay; None where nothing else is there."""
        at = tuple(x for x in found.at if not self._accepts(found.place, x.key))
        return Leftover(found.collection, found.field, len(at), at) if at else None

    def _accepts(self, place: str, key: str | None) -> bool:
        """A word about the row counts before one about the whole place."""
        row = None if key is None else row_of(place, key)
        return row in self.accept or (place in self.accept and row not in self.redact)


def row_of(place: str, key: str) -> str:
    return f"{place}/{key}"


def leftovers(found: Mapping[tuple[str, str], Iterable[FoundAt]]) -> list[Leftover]:
    """By collection and field."""
    each = {place: tuple(at) for place, at in found.items()}
    return [Leftover(path, name, len(at), at) for (path, name), at in each.items()]


def shown_key(collection: Collection, key: str) -> str | None:
    """A key goes into our own tables, so not one that is an address or a name."""
    named = (collection.by_name.get(name) for name in collection.key)
    harmless = all(f is not None and all(within(c, _SAYS_NOTHING) for c in f.categories) for f in named)
    return key if harmless else None
