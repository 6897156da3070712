"""The walk over data maps that nobody thought of, against a slow and simple one."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from privacy_svc.db import Database
from privacy_svc.policy import Collection, DataMap, Dataset, Field, PolicySet, Reference
from privacy_svc.store import Stores
from privacy_svc.store.model import SubjectRow
from privacy_svc.store.own_values import OwnValues
from privacy_svc.store.rows import owners, row_key
from privacy_svc.store.walker import Walker
from tests.conftest import ONE_DATABASE
from tests.factories import make_vault
from tests.rights.company import policies

PEOPLE = ("1", "2")
Row = dict[str, Any]
Place = tuple[str, str]


@dataclass
class World:
    data_map: DataMap
    rows: dict[str, list[Row]]

    def collections(self) -> list[Collection]:
        return list(self.data_map.collections())


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """People, and up to six tables in two databases that refer to each other as they like: in circles, to rows that
    are missing, to composite keys, by references that are not set."""
    names = [f"t{n}" for n in range(draw(st.integers(1, 6)))]
    places = {"people": "a", **{name: draw(st.sampled_from("ab")) for name in names}}
    keys = {"people": ("id",), **{n: draw(st.sampled_from([("id",), ("id",), ("k", "l")])) for n in names}}
    collections, values = [], {"people": [{"id": int(key)} for key in PEOPLE]}
    number = st.integers(1, 4)
    for name in names:
        fields = [Field(key, primary_key=True) for key in keys[name]]
        for n in range(draw(st.integers(0, 3))):
            target = draw(st.sampled_from(["people", *names]))
            outward = draw(st.booleans())
            fields += [
                Field(f"r{n}{key}", reference=Reference(places[target], target, key, outward=outward))
                for key in keys[target]
            ]
        collections.append(Collection(places[name], name, tuple(fields)))
        made = draw(st.sets(st.tuples(*(number for _ in keys[name])), max_size=5))
        others = [f.name for f in fields if not f.primary_key]
        values[name] = [
            {**dict(zip(keys[name], key, strict=True)), **{o: draw(st.none() | number) for o in others}}
            for key in sorted(made)
        ]
    people = Collection("a", "people", (Field("id", primary_key=True),), subject="customer")
    chosen = [people, *collections]
    datasets = (Dataset(key, key, tuple(c for c in chosen if c.dataset == key)) for key in "ab")
    return World(DataMap(tuple(datasets)), values)


def slowly(world: World, person: str) -> set[Place]:
    """Every row that belongs to the person, row by row, by the words of `policy.ways`."""
    by_path = {c.path: c for c in world.collections()}
    references = {c.path: list(_references(c, by_path)) for c in world.collections()}
    reach = _reach(world, references)
    found: set[Place] = {("a.people", person)}
    while True:
        more = set()
        for collection in world.collections():
            for row in world.rows[collection.name]:
                place = (collection.path, row_key(collection, row))
                if place in found or collection.subject:
                    continue
                deciding = _deciding(row, references[collection.path], reach)
                if any(parent in found for parent in _met(world, by_path, row, deciding)):
                    more.add(place)
        for path, key in found:
            row = next(r for r in world.rows[by_path[path].name] if row_key(by_path[path], r) == key)
            for names, target, refers, outward in references[path]:
                owned = by_path[target].subject or any(t in reach for _, t, _, _ in references[target])
                if outward and not owned:
                    more.update(_met(world, by_path, row, (names, target, refers)))
        if more <= found:
            return found
        found |= more


def _references(collection: Collection, by_path: dict[str, Collection]) -> Iterator[tuple[Any, str, Any, bool]]:
    """Fields here, target, fields there, whether the manifest leads that way. Names say what goes together."""
    numbers = sorted({f.name[:2] for f in collection.fields if f.reference})
    for number in numbers:
        held = [f for f in collection.fields if f.reference and f.name.startswith(number)]
        ref = held[0].reference
        assert ref is not None
        names = tuple(f.name for f in held)
        yield names, f"{ref.dataset}.{ref.collection}", by_path[f"{ref.dataset}.{ref.collection}"].key, ref.outward


def _reach(world: World, references: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """How far each table is from people: by references alone, else by where the manifest leads."""
    reach = {c.path: (0, 0) for c in world.collections() if c.subject}
    rounds = 0
    while True:
        changed = True
        while changed:
            changed = False
            for path, refs in references.items():
                ways = [(reach[t][0], reach[t][1] + 1) for _, t, _, _ in refs if t in reach]
                if ways and min(ways) < reach.get(path, (99, 99)):
                    reach[path], changed = min(ways), True
        led = [
            (t, (rounds + 1, reach[path][0] * 100 + reach[path][1]))
            for path in list(reach)
            for _, t, _, outward in references[path]
            if outward and t not in reach
        ]
        if not led:
            return reach
        rounds += 1
        for target, far in led:
            reach[target] = min(far, reach.get(target, far))


def _deciding(row: Row, refs: list[Any], reach: dict[str, tuple[int, int]]) -> Any:
    leading = sorted((r for r in refs if r[1] in reach), key=lambda r: reach[r[1]])
    return next((r[:3] for r in leading if all(row[name] is not None for name in r[0])), None)


def _met(world: World, by_path: dict[str, Collection], row: Row, way: Any) -> Iterator[Place]:
    if way is None:
        return
    names, target, refers = way
    collection = by_path[target]
    for other in world.rows[collection.name]:
        if [other[r] for r in refers] == [row[n] for n in names]:
            yield target, row_key(collection, other)


@pytest.fixture(scope="module")
def base() -> PolicySet:
    return policies()


@ONE_DATABASE
def test_as_the_slow_one(database: Database, tmp_path: Path, base: PolicySet) -> None:
    """Over any tables the walk finds exactly the rows of the simple one, each once, and never two people's."""
    vault = make_vault(tmp_path, database)
    with database.write() as session:
        subjects = {key: vault.create_subject(session).id for key in PEOPLE}
        for key, subject_id in subjects.items():
            session.add(SubjectRow(dataset="a", collection="people", key=key, subject_id=subject_id))

    @settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(worlds())
    def check(world: World) -> None:
        with filled(tmp_path, world) as stores, database.read() as session:
            changed = replace(base, data_map=world.data_map)
            found = {}
            for key, subject_id in subjects.items():
                pages = list(Walker(session, stores, changed, subject_id, OwnValues(session)).pages())
                places = [(p.collection.path, row_key(p.collection, row)) for p in pages for row in p.rows]
                assert len(places) == len(set(places))
                assert set(places) == slowly(world, key)
                found[key] = {p for page in pages if not page.shared for p in places if p[0] == page.collection.path}
            led = {w.target.path for c in world.collections() for w in world.data_map.ways.out(c)}
            for collection in world.collections():
                if not led and collection.key:
                    rows = world.rows[collection.name]
                    owned = owners(stores, world.data_map, collection, rows)
                    for key in PEOPLE:
                        mine = {(collection.path, k) for k, (_, person) in owned.items() if person == key}
                        assert mine == {p for p in found[key] if p[0] == collection.path}

    check()


class filled:  # noqa: N801 - used like a function
    def __init__(self, folder: Path, world: World) -> None:
        self.world, self.files = world, {key: folder / f"{key}.sqlite" for key in "ab"}

    def __enter__(self) -> Stores:
        for key, file in self.files.items():
            file.unlink(missing_ok=True)
            engine = create_engine(f"sqlite:///{file}")
            with engine.begin() as connection:
                connection.exec_driver_sql("CREATE TABLE blank (id INTEGER)")
                for collection in self.world.data_map.by_key[key].collections:
                    names = [f.name for f in collection.fields]
                    columns = ", ".join(f"{n} INTEGER" for n in names)
                    connection.exec_driver_sql(
                        f"CREATE TABLE {collection.name} ({columns}, PRIMARY KEY ({', '.join(collection.key)}))"
                    )
                    marks = ", ".join("?" for _ in names)
                    for row in self.world.rows[collection.name]:
                        values = tuple(row[n] for n in names)
                        connection.exec_driver_sql(f"INSERT INTO {collection.name} VALUES ({marks})", values)
            engine.dispose()
        self.stores = Stores({key: f"sqlite:///{file}" for key, file in self.files.items()})
        return self.stores

    def __exit__(self, *_: object) -> None:
        self.stores.close()
