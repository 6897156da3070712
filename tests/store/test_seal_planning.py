"""The planner: from counts, whether an index tells more than it finds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from privacy_svc.store import CannotSeal, plan_indexes, seal
from privacy_svc.store.planning import judge
from tests.store.odd_store import DIALECTS, OddStore, odd_store, people, sealed


@pytest.fixture(params=DIALECTS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OddStore]:
    with odd_store(request.param, request, tmp_path) as store:
        yield store


@pytest.mark.parametrize(
    ("groups", "normaliser", "refused"),
    [
        ([(500_000, 2)], "exact", True),  # a boolean
        ([(600_000, 1), (200_000, 1), (10_000, 20)], "exact", True),  # a country
        ([(16_000, 60)], "year", True),  # birth years of a million
        ([(1, 1_000_000)], "email", False),
        ([(20_000, 1), (100, 5_000), (2, 200_000)], "name", False),
        ([(100, 10_000)], "last4", False),
        ([(30, 35)], "name", False),  # a demo's family names
        ([(28_571, 35)], "name", False),  # the same when it has grown
        ([(1, 5)], "email", False),  # a new shop
        ([(5, 1)], "name", False),  # a family business
        ([(1, 300)], "year", False),
        ([(400_000, 1), (50_000, 10), (1, 100_000)], "domain", True),
    ],
)
def test_judgement(groups: list[tuple[int, int]], normaliser: str, refused: bool) -> None:
    """Few values for many rows are refused; a small table is not, nor a name because the table has grown."""
    assert (judge("d.c.f", normaliser, "text", groups).refusal is not None) is refused


def test_figures() -> None:
    """Equal frequencies: as many effective values as there are, so many rows each, chance matches as 63 bits give."""
    plan = judge("d.c.f", "email", "text", [(4, 1000)])
    assert (plan.rows, plan.values, plan.most) == (4000, 1000, 4)
    assert plan.effective == pytest.approx(1000)
    assert plan.each == pytest.approx(4)
    assert plan.false_positives == 4000 / 2**63


def test_counted_alike_in_clear_and_sealed(store: OddStore) -> None:
    """What is counted in the clear column is what is counted in the index once it is sealed."""
    store.sql("CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(60), iban VARCHAR(40), born DATE)")
    for n in range(1, 61):
        row = {"n": n, "e": f"P{n % 50}@d{n % 20}.example", "i": f"DE{n % 40:018}", "b": f"{1950 + n % 45}-01-02"}
        store.sql("INSERT INTO people VALUES (:n, :e, :i, :b)", **row)
    store.map(
        people("people", sealed("email", "email", "domain"), sealed("iban", "last4", "exact"), sealed("born", "year"))
    )
    clear = plan_indexes(store.sealer)
    assert [(p.normaliser, p.values) for p in clear] == [
        ("email", len({(n % 50, n % 20) for n in range(1, 61)})),
        ("domain", 20),
        ("last4", 40),
        ("exact", 40),
        ("year", 45),
    ]
    seal(store.sealer)
    assert plan_indexes(store.sealer) == clear


def test_seal_refuses_a_telling_index(store: OddStore) -> None:
    """`seal` names the column and the way out, and changes nothing."""
    store.sql("CREATE TABLE people (id INTEGER PRIMARY KEY, sex VARCHAR(1), club BOOLEAN)")
    for n in range(1, 41):
        store.sql("INSERT INTO people VALUES (:n, :s, :c)", n=n, s="fmd"[n % 3], c=bool(n % 2))
    store.map(people("people", sealed("sex", "exact"), sealed("club")))
    before = store.dump("people")
    with pytest.raises(CannotSeal, match=r"people\.sex: index exact: 3 values in 40 rows .* Take it out"):
        seal(store.sealer)
    assert store.dump("people") == before
    store.map(people("people", sealed("sex"), sealed("club")))
    assert seal(store.sealer)[0].sealed == 80
