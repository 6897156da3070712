"""Inside a module: only what was released, only for the purpose at hand."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, text

from privacy_svc.client import Decision, Denied, Purpose, Withheld, columns, released
from privacy_svc.client.answers import FieldEffect
from privacy_svc.client.masks import MASKS
from privacy_svc.policy import Mask
from privacy_svc.policy.masks import apply_mask
from tests.client.conftest import Connect
from tests.client.faulty import Faulty, passes, says
from tests.client.test_calls import MAIL, consent
from tests.e2e.service import Installation
from tests.shop import ANA

SUPPORT = "service.support"
FIELDS = ["first_name", "email", "phone", "birth_date"]


@pytest.fixture
def store(live: Installation) -> Iterator[Engine]:
    """The CRM's own database, as its modules open it."""
    engine = create_engine(f"sqlite:///{live.folder / 'shop.sqlite'}")
    yield engine
    engine.dispose()


@given(st.one_of(st.text(), st.integers(), st.booleans(), st.dates(), st.none(), st.emails(), st.binary()))
def test_masks_are_the_services(value: object) -> None:
    """Each mask the SDK knows shows exactly what the service would; it knows all but the hash."""
    assert set(MASKS) == {str(m) for m in Mask if m is not Mask.HASH}
    for name, mask in MASKS.items():
        assert mask(value) == apply_mask(Mask(name), value)


@pytest.mark.parametrize(
    "value",
    ["1990-02-30", "1990-02-28T10:00", "a@b", "a@b.example", "Ana de Sá", "12", datetime(9999, 12, 31, tzinfo=UTC)],
)
def test_masks_of_odd_values(value: object) -> None:
    """The same at the edges of each mask."""
    for name, mask in MASKS.items():
        assert mask(value) == apply_mask(Mask(name), value)


def decided(permitted: bool = True, **fields: str) -> Decision:
    """`permit`, `deny`, or a mask's name."""
    effects = {n: FieldEffect(e) if e in {"permit", "deny"} else FieldEffect("mask", mask=e) for n, e in fields.items()}
    return Decision(permitted, "d", effects)


def test_only_released_fields_are_handed_on() -> None:
    """Permitted, masked as masked; denied, unknown to the decision, and maskable by the service alone: withheld."""
    row = {"name": "Ana", "phone": "+351 21 099 0042", "born": date(1990, 2, 1), "note": "n", "mail": "a@b.c"}
    found = released(row, decided(name="permit", phone="last4", born="deny", mail="hash"))
    assert found.fields == {"name": "Ana", "phone": "+*** ** *** 0042"}
    assert found.withheld == {
        "born": Withheld("deny"),
        "note": Withheld("deny", "not_asked"),
        "mail": Withheld("mask", "hash"),
    }
    with pytest.raises(Denied):
        found["born"]
    with pytest.raises(Denied):
        released(row, decided(permitted=False, name="permit"))


def test_a_row_of_ones_own_for_a_purpose(connect: Connect) -> None:
    """One call decides and releases: what comes out is what reading through the gateway gives."""
    row = {"first_name": ANA["first"], "phone": ANA["phone"], "birth_date": "1990-01-01"}
    with connect("support").purpose(SUPPORT) as p:
        found = p.released("1", row)
        record = p.read("shop", "customers", "1", fields=["first_name", "phone", "birth_date"])
    assert found.fields == record.fields
    assert set(found.withheld) == set(record.withheld) == {"birth_date"}


def test_a_purpose_ends_with_its_block(connect: Connect) -> None:
    """Every call in the block is asked for it; after the block, and after an error in it, all of them are denied."""
    support = connect("support")
    kept: list[Purpose] = []

    def work(p: Purpose) -> None:
        kept.append(p)
        assert p.evaluate("1", ["first_name"])
        assert [bool(d) for d in p.evaluate_many(["1", "4711"], ["first_name"])] == [True, False]
        assert p.find("shop", "customers", email=ANA["email"])[0].key == "1"
        assert set(p.audience(["first_name"], ["1"]).permitted()) == {"1"}
        assert SUPPORT in repr(p)
        raise RuntimeError

    with pytest.raises(RuntimeError), support.purpose(SUPPORT) as purpose:
        work(purpose)
    for call in (
        lambda p: p.evaluate("1"),
        lambda p: p.read("shop", "customers", "1"),
        lambda p: p.audience(),
        lambda p: p.open_rows(sqlite3.connect(":memory:").execute("SELECT 1 AS id"), {}),
    ):
        with pytest.raises(Denied, match="has ended"):
            call(kept[0])


def test_what_was_begun_in_a_block_ends_with_it(connect: Connect, store: Engine) -> None:
    """An audience or a result that is still being read gives nothing more after the block."""
    support, query = connect("support"), text("SELECT id, first_name FROM customers WHERE id < 9")
    with store.connect() as connection:
        with support.purpose(SUPPORT) as p:
            members = iter(p.audience())
            records = p.open_rows(connection.execute(query), columns("shop.customers", ["first_name"]))
            next(members)
            next(records)
        for rest in (members, records):
            with pytest.raises(Denied, match="has ended"):
                next(rest)  # type: ignore[call-overload]


def test_a_function_for_a_purpose(connect: Connect) -> None:
    """The decorator gives the purpose as the first argument, and keeps name, text and result."""
    consent(connect("shop"), "15")
    marketing = connect("marketing")
    kept = []

    @marketing.for_purpose(MAIL)
    def address(p: Purpose, customer: str, *, upper: bool = False) -> str:
        """Where to write to."""
        kept.append(p)
        found: str = p.read("shop", "customers", customer, ["email"])["email"]
        return found.upper() if upper else found

    assert address("15", upper=True) == address("15").upper()
    assert (address.__name__, address.__doc__) == ("address", "Where to write to.")
    with pytest.raises(Denied):
        address("16")
    with pytest.raises(Denied, match="has ended"):
        _ = kept[0].name


def one_by_one(connect: Connect, key: str) -> Mapping[str, Any]:
    record = connect("support").read("shop", "customers", key, purpose=SUPPORT, fields=FIELDS)
    return dict(record.fields) | {n: w.reason for n, w in record.withheld.items()}


def test_a_whole_result_is_opened(connect: Connect, store: Engine) -> None:
    """A SQLAlchemy result, its mappings, and a DB-API cursor alike: each row as reading it alone gives, in order; other
    columns stay as they are."""
    query = f"SELECT id, {', '.join(FIELDS)}, created_at FROM customers WHERE id < 30 ORDER BY id DESC"
    support, wanted = connect("support"), columns("shop.customers", FIELDS)
    with store.connect() as connection:
        raw = connection.execute(text(query)).mappings().all()
        results = [connection.execute(text(query)), connection.execute(text(query)).mappings()]
        found = [list(support.open_rows(result, wanted, purpose=SUPPORT)) for result in results]
    with closing(sqlite3.connect(str(store.url.database))) as connection:
        found.append(list(support.open_rows(connection.execute(query), wanted, purpose=SUPPORT)))
        connection.row_factory = sqlite3.Row
        found.append(list(support.open_rows(connection.execute(query), wanted, purpose=SUPPORT)))
    assert all(f == found[0] or [r.fields for r in f] == [r.fields for r in found[0]] for f in found)
    assert [r.key for r in found[0]] == [str(n) for n in range(29, 0, -1)]
    assert str(raw[0]["email"]).startswith("pcf1.")
    for record, before in zip(found[0], raw, strict=True):
        assert (record["id"], record["created_at"]) == (before["id"], before["created_at"])
        assert record.decision_id
        if int(record.key) in {1, 2, 17, 28}:
            single = one_by_one(connect, record.key)
            assert {n: record.fields.get(n, record.withheld.get(n, Withheld("")).reason) for n in FIELDS} == single


def test_an_empty_column_is_withheld_like_any_other(connect: Connect, store: Engine) -> None:
    """That a person has none is known of them, too: None is handed out only where the purpose permits."""
    query = "SELECT id, NULL AS email, NULL AS birth_date FROM customers WHERE id = 1"
    with store.connect() as connection:
        (record,) = connect("support").open_rows(
            connection.execute(text(query)), columns("shop.customers", ["email", "birth_date"]), purpose=SUPPORT
        )
    assert record["email"] is None
    assert list(record.withheld) == ["birth_date"]


def test_a_join_names_where_each_column_comes_from(connect: Connect, store: Engine) -> None:
    """Columns of two collections under names of their own; an outer join's empty side stays empty."""
    query = (
        "SELECT c.id AS customer, c.email AS mail, n.id AS number, n.note AS said FROM customers c "
        "LEFT JOIN call_notes n ON n.customer_id = c.id AND n.id % 2 = 0 WHERE c.id < 6 ORDER BY c.id, n.id"
    )
    wanted = columns("shop.customers", {"mail": "email"}, key="customer")
    wanted |= columns("shop.call_notes", {"said": "note"}, key="number")
    support = connect("support")
    with store.connect() as connection:
        found = list(support.open_rows(connection.execute(text(query)), wanted, purpose=SUPPORT))
    assert {r["customer"] for r in found} == set(range(1, 6))
    assert all("@" in r["mail"] for r in found)
    assert any(r["number"] is None for r in found)
    for record in found:
        if record["number"] is None:
            assert record["said"] is None
        else:
            note = support.read("shop", "call_notes", str(record["number"]), purpose=SUPPORT, fields=["note"])
            assert record["said"] == note["note"]


def test_chunks_change_nothing(
    connect: Connect, store: Engine, faulty: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut small by rows, by items or by bytes, the rows are the same, and more requests are made; one that fails ends
    it, after what came before."""
    faulty.script = [passes]
    support, wanted = connect("support", faulty.url, retries=0), columns("shop.customers", ["first_name", "phone"])
    query = text("SELECT id, first_name, phone FROM customers WHERE id < 30 ORDER BY id")

    def rows() -> list[Mapping[str, Any]]:
        with store.connect() as connection:
            return [r.fields for r in support.open_rows(connection.execute(query), wanted, purpose=SUPPORT)]

    whole = rows()
    assert len(faulty.seen) == 1
    for name, value, requests in (("FETCHED", 3, 1), ("MOST_ITEMS", 10, 6), ("MOST_BYTES", 1, 29)):
        faulty.seen.clear()
        monkeypatch.setattr(f"privacy_svc.client.rows.{name}", value)
        assert rows() == whole
        assert len(faulty.seen) == requests
    faulty.script = [passes, says(503)]
    with store.connect() as connection:
        records = support.open_rows(connection.execute(query), wanted, purpose=SUPPORT)
        assert next(records).key == "1"
        with pytest.raises(Denied):
            next(records)


def test_what_cannot_be_opened_as_asked(connect: Connect, store: Engine) -> None:
    """A column that is not there or is there twice, and what is no result, are said before anything is asked."""
    support, wanted = connect("support"), columns("shop.customers", ["email"])
    with store.connect() as connection:
        for query in ("SELECT email FROM customers", "SELECT a.id, b.id, a.email FROM customers a, customers b"):
            with pytest.raises(ValueError, match=r"exactly one column of each of these names: id"):
                list(support.open_rows(connection.execute(text(query)), wanted, purpose=SUPPORT))
    with closing(sqlite3.connect(":memory:")) as other, pytest.raises(TypeError):
        list(support.open_rows(other.cursor(), wanted, purpose=SUPPORT))
    with pytest.raises(ValueError, match=r"dataset\.collection"):
        columns("customers", ["email"])


def test_a_row_that_is_sealed_for_writing(connect: Connect, store: Engine) -> None:
    """What a module seals and writes itself is what everybody reads; what it may not read whole is withheld."""
    support = connect("support")
    sealed = support.seal("shop", "customers", "20", {"email": "neu@example.org", "phone": "1"}, purpose=SUPPORT)
    assert sealed["email"].startswith("pcf1.")
    assert sealed.withheld == {"phone": Withheld("mask", "masked")}
    with store.begin() as connection:
        connection.execute(text("UPDATE customers SET email = :email WHERE id = 20"), dict(sealed.fields))
    (found,) = support.find("shop", "customers", purpose=SUPPORT, email="neu@example.org")
    assert found.key == "20"
