"""One pass over everybody's texts for many erased people at once.

It reads every text column of the mapped tables, mapped itself or not, a batch at a time: the cost is the store's size,
whatever the number of erasures. Texts that somebody wrote about people and that their keys seal are opened for it;
sealed values of other columns are found by their indexes, see `readback`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import String, select
from sqlalchemy import column as sql_column
from sqlalchemy.orm import Session

from privacy_svc.db import Database
from privacy_svc.errors import Erased
from privacy_svc.policy import Collection, Erase, Field, PolicySet
from privacy_svc.store.binding import BoundCollection, Row, Stores
from privacy_svc.store.kinds import is_sealed
from privacy_svc.store.known import Known, is_about_people
from privacy_svc.store.leftover import Decided, FoundAt, Leftover, leftovers, shown_key
from privacy_svc.store.lens import Lens
from privacy_svc.store.namesakes import Namesakes
from privacy_svc.store.numbers import number_columns, rows_holding
from privacy_svc.store.opening import open_sealed, seal_like
from privacy_svc.store.readback import NOTHING, is_emptied, put, unmapped_texts
from privacy_svc.store.rows import beyond, row_key
from privacy_svc.store.subjects import known as known_subjects
from privacy_svc.store.unsearched import not_searched
from privacy_svc.vault import RowCipher, Tampered, Vault

BATCH = 2_000
Place = tuple[str, str]
"""Collection and field."""


@dataclass(frozen=True, slots=True)
class Searched:
    """An erased person. `decided`: where what is found is taken out of the text."""

    subject_id: str
    known: Known
    decided: Decided = NOTHING


@dataclass
class _Counts:
    left: dict[Place, list[FoundAt]] = field(default_factory=dict)
    treated: dict[Place, list[FoundAt]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Text:
    """`cipher`: whose key seals it; None where it stands in clear."""

    text: str
    cipher: RowCipher | None = None

    def __repr__(self) -> str:
        return "_Text(…)"


class Sweep:
    """Collection by collection, a batch at a time: no transaction is open for longer than that."""

    def __init__(
        self, database: Database, stores: Stores, vault: Vault, policies: PolicySet, people: Mapping[str, Searched]
    ) -> None:
        self._database, self._stores, self._vault, self._policies = database, stores, vault, policies
        self._people = people
        self._lens = Lens({who: p.known for who, p in people.items()})
        self._numbers: dict[str, set[str]] = {}
        for who, person in people.items():
            for number in person.known.numbers:
                self._numbers.setdefault(number, set()).add(who)
        self._namesakes = Namesakes(database, stores, vault, policies)
        self._counts = {who: _Counts() for who in people}
        self.texts = 0
        """How many were read."""
        self.closed = 0
        """How many of them no key of ours opened."""
        self.not_searched: list[str] = []
        """Tables and columns it does not look through."""

    def run(self, go_on: Callable[[], bool] = lambda: True) -> bool:
        """Whether it came to its end. Raises StoreUnavailable."""
        self._stores.look_anew()
        self.not_searched = not_searched(self._stores, self._policies.data_map)
        return all(self._over(collection, go_on) for collection in self._policies.data_map.collections())

    def left(self, who: str) -> list[Leftover]:
        return leftovers(self._counts[who].left)

    def treated(self, who: str) -> list[Leftover]:
        return leftovers(self._counts[who].treated)

    def _over(self, collection: Collection, go_on: Callable[[], bool]) -> bool:
        bound = self._stores.bind(collection)
        if not collection.key:
            return True
        self._look_at_numbers(bound)
        columns = dict(_text_columns(bound))
        if not columns:
            return True
        for rows in _batches(self._stores, bound, list(columns)):
            if not go_on():
                return False
            for name, field_ in columns.items():
                self._look_at(bound, name, field_, rows)
        return True

    def _look_at_numbers(self, bound: BoundCollection) -> None:
        """The store itself finds them: a number has one spelling."""
        hits: dict[str, dict[str, tuple[Row, str]]] = {}
        for name, row, digits in rows_holding(self._stores, bound, number_columns(bound), self._numbers):
            hits.setdefault(name, {})[row_key(bound.collection, row)] = (row, digits)
        for name, found in hits.items():
            rows = {key: row for key, (row, _) in found.items()}
            whose = {key: (_Text(digits), self._numbers[digits]) for key, (_, digits) in found.items()}
            self._judge(bound, name, bound.collection.by_name.get(name), rows, whose)

    def _look_at(self, bound: BoundCollection, name: str, field_: Field | None, rows: Sequence[Row]) -> None:
        names = is_about_people(field_)
        hits: dict[str, tuple[_Text, set[str]]] = {}
        for key, text in self._texts(bound, name, field_, rows):
            self.texts += 1
            if who := self._lens.people_in(text.text, names=names):
                hits[key] = (text, who)
        if hits:
            self._judge(bound, name, field_, {k: r for r in rows if (k := row_key(bound.collection, r)) in hits}, hits)

    def _texts(
        self, bound: BoundCollection, name: str, field_: Field | None, rows: Sequence[Row]
    ) -> Iterator[tuple[str, _Text]]:
        sealed = []
        for row in rows:
            value, key = row[name], row_key(bound.collection, row)
            if is_sealed(value):
                sealed.append(row)
            elif isinstance(value, str) and value and not (field_ and is_emptied(field_, key, value)):
                yield key, _Text(value)
        if sealed and field_ is not None and is_about_people(field_):
            yield from self._opened(bound, field_, sealed)

    def _opened(self, bound: BoundCollection, field_: Field, rows: Sequence[Row]) -> Iterator[tuple[str, _Text]]:
        with self._database.read() as session:
            by_key = {row_key(bound.collection, row): row for row in rows}
            owner_of = _subjects(session, self._namesakes.owners(bound.collection, by_key))
            ciphers = self._vault.ciphers(session, owner_of.values())
        for row in rows:
            key = row_key(bound.collection, row)
            cipher = ciphers.get(owner_of.get(key, ""))
            text = _open(cipher.at(key), field_, row[field_.name]) if cipher else None
            if text is not None and cipher is not None:
                yield key, _Text(text, cipher.at(key))
            else:
                self.closed += 1

    def _judge(
        self,
        bound: BoundCollection,
        name: str,
        field_: Field | None,
        rows: Mapping[str, Row],
        hits: Mapping[str, tuple[_Text, set[str]]],
    ) -> None:
        """Their own kept values are kept; else they are left, or taken out where a person decided so. What the CRM
        wrote anew meanwhile is left: the next pass reads it."""
        place = (bound.collection.path, name)
        whose = self._namesakes.owners(bound.collection, rows)
        with self._database.read() as session:
            owner_of = _subjects(session, whose) if _stays(field_) else {}
        for key, (found, people) in hits.items():
            text, taken_out = found.text, list[tuple[str, FoundAt]]()
            for who in people:
                searched = self._people[who]
                if owner_of.get(key) == searched.subject_id:
                    continue
                namesake = self._namesakes.has(whose.get(key), searched.known, found.text)
                at = FoundAt(shown_key(bound.collection, key), namesake)
                if searched.decided.redacts(".".join(place), key, namesake=namesake):
                    text = searched.known.taken_out(text)
                    taken_out.append((who, at))
                else:
                    self._counts[who].left.setdefault(place, []).append(at)
            done = text == found.text or self._put(bound, name, field_, rows[key], found, text)
            for who, at in taken_out:
                counts = self._counts[who]
                (counts.treated if done else counts.left).setdefault(place, []).append(at)

    def _put(self, bound: BoundCollection, name: str, field_: Field | None, row: Row, found: _Text, text: str) -> bool:
        before, key = row[name], row_key(bound.collection, row)
        return put(self._stores, bound, name, key, before=before, after=_as_held(found, field_, text, before))


def _subjects(session: Session, whose: Mapping[str, tuple[Collection, str]]) -> dict[str, str]:
    """Row key to subject id."""
    found: dict[str, str] = {}
    by_person: dict[Collection, dict[str, str]] = {}
    for key, (person, theirs) in whose.items():
        by_person.setdefault(person, {})[key] = theirs
    for person, keys in by_person.items():
        subjects = known_subjects(session, person, keys.values())
        found |= {key: subjects[p] for key, p in keys.items() if p in subjects}
    return found


def _stays(field_: Field | None) -> bool:
    return field_ is not None and (field_.erase is Erase.KEEP or field_.is_key)


def _open(cipher: RowCipher, field_: Field, value: str | bytes) -> str | None:
    """None where the value is not what was sealed there: the gateway tells of that."""
    assert field_.id is not None
    try:
        opened = open_sealed(cipher, field_.id, value)
    except (Erased, Tampered):
        return None
    return opened if isinstance(opened, str) else None


def _as_held(found: _Text, field_: Field | None, text: str, before: Any) -> str:
    if found.cipher is None or field_ is None:
        return text
    sealed = seal_like(found.cipher, field_, text, before)
    assert isinstance(sealed, str)
    return sealed


def _text_columns(bound: BoundCollection) -> Iterator[tuple[str, Field | None]]:
    yield from ((f.name, f) for f in bound.collection.fields if bound.is_text(f.name))
    yield from ((name, None) for name in unmapped_texts(bound))


def _batches(stores: Stores, bound: BoundCollection, names: Sequence[str]) -> Iterator[Sequence[Row]]:
    """By key, with what leads to the owner. Rows written behind the cursor are of people who are not erased."""
    wanted = dict.fromkeys([*(f.name for f in bound.collection.fields if f.reference), *names])
    columns = [*bound.key_columns, *(_column(bound, n) for n in wanted if n not in bound.collection.key)]
    after: tuple[Any, ...] | None = None
    while True:
        statement = select(*columns).order_by(*bound.key_columns).limit(BATCH)
        if after is not None:
            statement = statement.where(beyond(bound.key_columns, after))
        with stores.read(bound.collection.dataset) as connection:
            rows = connection.execute(statement).mappings().all()
        if not rows:
            return
        yield rows
        after = tuple(rows[-1][name] for name in bound.collection.key)


def _column(bound: BoundCollection, name: str) -> Any:
    return bound.table.c[name] if name in bound.table.c else sql_column(name, String, _selectable=bound.table)
