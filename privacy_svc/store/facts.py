"""What the customer stores tell of people that decisions need: birth date, country, the end of the relationship.

The data map says which fields tell it (`Tells`). Decisions do not read the stores: what they need of it stands beside
the subject (`vault.Subject`, decision 11), written with the person's admission and whenever it changed. A store that
is away therefore changes nothing that is decided.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.errors import Erased
from privacy_svc.policy import Collection, Facts, Field, PolicySet, Tells, birth_date, country_code, end_date
from privacy_svc.store.binding import Row, Stores
from privacy_svc.store.kinds import is_sealed
from privacy_svc.store.opening import open_with
from privacy_svc.store.rows import by_keys, chunks, row_key
from privacy_svc.vault import RowCipher, Tampered, Vault

Chain = tuple[tuple[Field, Collection], ...]


@dataclass(frozen=True)
class Told:
    """What of one kind of person is told, and where: by the person's own row, and by rows that lead to it."""

    own: Mapping[Tells, tuple[Field, ...]]
    elsewhere: tuple[tuple[Collection, Chain, tuple[str, ...]], ...]

    def __bool__(self) -> bool:
        return bool(self.own or self.elsewhere)


def told_of(policies: PolicySet, person: Collection) -> Told:
    key = ("told_of", person.path)
    if key not in policies.memo:
        policies.memo[key] = _told_of(policies, person)
    found: Told = policies.memo[key]
    return found


def _told_of(policies: PolicySet, person: Collection) -> Told:
    own = {t: fields for t in Tells if (fields := tuple(f for f in person.telling if f.tells is t))}
    elsewhere = []
    for collection in policies.data_map.collections():
        chain = policies.data_map.owner(collection)
        if chain and collection.telling and chain[-1][1].path == person.path:
            elsewhere.append((collection, chain, tuple(f.name for f in collection.telling)))
    return Told(own, tuple(elsewhere))


@dataclass(frozen=True)
class FactReader:
    """Reads them from the stores."""

    stores: Stores
    vault: Vault
    policies: PolicySet

    @property
    def zone(self) -> tzinfo:
        return ZoneInfo(self.policies.organisation.time_zone)

    def today(self) -> date:
        return now().astimezone(self.zone).date()

    def read(self, session: Session, person: Collection, subject_of: Mapping[str, str]) -> dict[str, Facts]:
        """By subject. `subject_of`: subjects by row key. Of whom the store has no row nothing is said. A value that
        does not open is unknown, as one that cannot be read; who asks for the record is told. Raises
        StoreUnavailable, KeyUnavailable."""
        told = told_of(self.policies, person)
        if not told or not subject_of:
            return {}
        rows = dict(self._rows(person, subject_of))
        opened = self._opened(session, told, rows, subject_of)
        ends: dict[str, list[object]] = {key: [] for key in rows}
        for collection, chain, names in told.elsewhere:
            for key, found in self._latest(collection, chain, names, rows):
                ends[key] += found
        return {subject_of[key]: self._facts(opened[key], ends[key]) for key in rows}

    def _facts(self, own: Mapping[Tells, Sequence[object]], elsewhere: Sequence[object]) -> Facts:
        written = (*own.get(Tells.RELATIONSHIP_END, ()), *elsewhere)
        ends = [day for value in written if (day := end_date(value, self.zone))]
        return Facts(
            born=next((birth_date(v, self.today()) for v in own.get(Tells.BIRTH_DATE, ())), None),
            country=next((country_code(v) for v in own.get(Tells.COUNTRY, ())), None),
            ended_on=max(ends, default=None),
        )

    def _rows(self, person: Collection, keys: Iterable[str]) -> Iterator[tuple[str, Row]]:
        bound = self.stores.bind(person)
        with self.stores.read(person.dataset) as connection:
            for some in chunks(keys):
                for row in connection.execute(select(bound.table).where(by_keys(bound, some))).mappings():
                    yield row_key(person, row), row

    def _opened(
        self, session: Session, told: Told, rows: Mapping[str, Row], subject_of: Mapping[str, str]
    ) -> dict[str, dict[Tells, list[object]]]:
        fields = [f for of_one in told.own.values() for f in of_one]
        sealed = {subject_of[key] for key, row in rows.items() if any(is_sealed(row[f.name]) for f in fields)}
        ciphers = self.vault.ciphers(session, sealed) if sealed else {}
        found: dict[str, dict[Tells, list[object]]] = {}
        for key, row in rows.items():
            cipher = ciphers.get(subject_of[key])
            at = cipher.at(key) if cipher else None
            found[key] = {t: [_open(at, f, row[f.name]) for f in of_one] for t, of_one in told.own.items()}
        return found

    def _latest(
        self, collection: Collection, chain: Chain, names: Sequence[str], rows: Mapping[str, Row]
    ) -> Iterator[tuple[str, list[object]]]:
        """Person's key and the latest of each field, found by the store: down the chain from the persons' rows."""
        steps = [collection, *(target for _, target in chain)]
        refers = [field.reference for field, _ in chain]
        last = refers[-1]
        assert last is not None
        at: dict[Any, str] = {row[last.field]: key for key, row in rows.items() if row[last.field] is not None}
        for place in range(len(chain) - 1, 0, -1):
            below = refers[place - 1]
            assert below is not None
            at = {r[1]: at[r[0]] for r in self._below(steps[place], chain[place][0].name, [below.field], at)}
        for value, *latest in self._below(collection, chain[0][0].name, names, at, latest=True):
            yield at[value], latest

    def _below(
        self, collection: Collection, foreign: str, names: Sequence[str], at: Mapping[Any, str], *, latest: bool = False
    ) -> Iterator[Sequence[Any]]:
        """The foreign key and the named columns of rows that refer to these values."""
        table = self.stores.bind(collection).table
        key, wanted = table.c[foreign], [table.c[n] for n in names]
        statement = select(key, *map(func.max, wanted)).group_by(key) if latest else select(key, *wanted)
        with self.stores.read(collection.dataset) as connection:
            for some in chunks(at):
                for row in connection.execute(statement.where(key.in_(some))):
                    if row[0] in at:  # equal to the database alone, in other spelling: not followed
                        yield row


def _open(cipher: RowCipher | None, field: Field, value: object) -> object:
    try:
        return open_with(cipher, field, value)
    except (Erased, Tampered):
        return None
