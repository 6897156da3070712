"""Row keys and keyset paging."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, select

from privacy_svc.policy import Collection, Field
from privacy_svc.store.binding import BoundCollection
from privacy_svc.store.errors import UnknownRecord
from privacy_svc.store.rows import batches, beyond, key_values, row_key

PAIR = Collection("d", "pair", (Field("a", primary_key=True), Field("b", primary_key=True), Field("c")))


def bound() -> BoundCollection:
    table = Table("pair", MetaData(), Column("a", String), Column("b", Integer), Column("c", String))
    return BoundCollection(PAIR, table, {"a": String(), "b": Integer(), "c": String()}, frozenset())


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")), st.integers(-(2**63), 2**63 - 1))
def test_composite_key_round_trip(a: str, b: int) -> None:
    """A composite key comes back from its text, whatever characters are in it."""
    assert key_values(bound(), row_key(PAIR, {"a": a, "b": b})) == {"a": a, "b": b}


@pytest.mark.parametrize(
    "key", ["a", "a,", "a,x", "a,1.0", "a, 1", "a,1_0", "a,\uff11", "a,+1", f"a,{2**63}", "%00,1", "a,1,2"]
)
def test_what_can_be_no_key_is_unknown(key: str) -> None:
    """Whatever Python would take for a number and no database holds as one, or at all."""
    with pytest.raises(UnknownRecord):
        key_values(bound(), key)


@given(st.sets(st.tuples(st.sampled_from("xyz"), st.integers(0, 9)), max_size=30), st.integers(1, 7))
def test_batches_visit_each_row_once(keys: set[tuple[str, int]], size: int) -> None:
    """Keyset batches of any size visit every row of a composite-keyed table exactly once, in order."""
    engine = create_engine("sqlite://")
    pair = bound()
    with engine.begin() as connection:
        pair.table.create(connection)
        if keys:
            connection.execute(pair.table.insert(), [{"a": a, "b": b, "c": ""} for a, b in keys])
        seen = [(r["a"], r["b"]) for rows in batches(connection, pair, size) for r in rows]
    assert seen == sorted(keys)


def test_beyond_is_strict() -> None:
    """The row a cursor stands on is not repeated."""
    pair = bound()
    statement = select(pair.table).where(beyond(pair.key_columns, ("x", 1)))
    assert "pair.a > " in str(statement)
    assert "pair.b > " in str(statement)
