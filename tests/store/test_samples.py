"""What a column is said to hold depends little on which of its rows were looked at."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from faker import Faker
from sqlalchemy import create_engine, text

from privacy_svc.pii import ColumnGuess, guess_column
from privacy_svc.store import open_store, read_schema
from privacy_svc.store.draft_persons import context_of_table, facts_of

ROWS, SEEDS = 2000, (1, 2, 3, 4, 5)
ALL = 2 * ROWS
"""Half of a sample are the first rows."""
SAMPLES = (50, 200, 1000, ALL)
BOUND = 0.05
"""Most by which the confidence differs from the one of all rows."""
LABELS = {
    "x_first": "user.name.first",
    "c_given": "user.name.first",
    "c_family": "user.name.last",
    "c_whole": "user.name",
    "c_reach": "user.contact.email",
    "c_call": "user.contact.phone_number",
    "c_pay": "user.financial.bank_account",
    "c_where": "user.contact.address.street",
    "agent_email": "user.contact.email",
    "c_team": None,
    "c_mailbox": None,
    "c_hotline": None,
    "c_where2": None,
    "c_firm": None,
    "c_word": None,
    "c_slug": None,
    "c_code": None,
    "c_said": None,
}


def values() -> dict[str, Callable[[], str]]:
    """Headers that say nothing, but of the first and `agent_email`; names are of four countries."""
    some = Faker(["de_DE", "fr_FR", "es_ES", "en_GB"])
    some.seed_instance(7)
    one = random.Random(7)  # noqa: S311 - no secret
    slugs = iter(f"{name}-{n}" for n, name in enumerate(some.first_name().lower() for _ in range(ROWS)))
    codes = iter(f"A{n:06}" for n in range(ROWS))
    few = [some.first_name() for _ in range(9)]
    return {
        "x_first": some.first_name,
        "c_given": some.first_name,
        "c_family": some.last_name,
        "c_whole": lambda: f"{some.last_name()}, {some.first_name()}",
        "c_reach": some.email,
        "c_call": lambda: f"+49 30 {one.randrange(10**7):07}",
        "c_pay": some.iban,
        "c_where": lambda: f"{some.last_name()}straße {one.randrange(1, 90)}",
        "agent_email": lambda: f"agent{one.randrange(4)}@shop.example",
        "c_team": lambda: one.choice(few),
        "c_mailbox": lambda: f"box{one.randrange(9)}@shop.example",
        "c_hotline": lambda: f"+49 30 555 {one.randrange(5)}00",
        "c_where2": lambda: one.choice(TOWNS),
        "c_firm": lambda: f"{some.last_name()} {one.choice(('GmbH', 'Ltd', 'SARL'))}",
        "c_word": lambda: some.word().title(),
        "c_slug": lambda: next(slugs),
        "c_code": lambda: next(codes),
        "c_said": some.sentence,
    }


TOWNS = """Berlin Hamburg München Köln Frankfurt Stuttgart Leipzig Dresden Paris Lyon Nantes Madrid Valencia Sevilla
London Leeds Bristol Oxford Florence Lincoln Jackson Austin Milano Roma""".split()  # noqa: SIM905 - words


def guesses(folder: Path, sample: int) -> dict[str, ColumnGuess]:
    engine = open_store(f"sqlite:///{folder / 'store.sqlite'}", read_only=True)
    table = read_schema(engine, sample).table("t")
    engine.dispose()
    context = context_of_table(table)
    return {c.name: guess_column(facts_of(table, c), context) for c in table.columns if c.name != "id"}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    made = values()
    return [{name: make() for name, make in made.items()} for _ in range(ROWS)]


@pytest.mark.parametrize("seed", SEEDS)
def test_neither_size_nor_order_of_a_sample_matters(tmp_path: Path, rows: list[dict[str, str]], seed: int) -> None:
    """50, 200, 1000 and all rows, in five orders: each column has its label, with nearly the same confidence."""
    shuffled = random.Random(seed).sample(rows, len(rows))  # noqa: S311 - no secret
    engine = create_engine(f"sqlite:///{tmp_path / 'store.sqlite'}")
    with engine.begin() as connection:
        columns = ", ".join(f"{name} TEXT{' UNIQUE' if name == 'c_slug' else ''}" for name in LABELS)
        connection.execute(text(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {columns})"))
        marks = ", ".join(f":{name}" for name in LABELS)
        connection.execute(text(f"INSERT INTO t ({', '.join(LABELS)}) VALUES ({marks})"), shuffled)
    engine.dispose()
    found = {size: guesses(tmp_path, size) for size in SAMPLES}
    wrong = {
        (size, n, guess) for size, each in found.items() for n, guess in each.items() if guess.category != LABELS[n]
    }
    assert not wrong, f"seed {seed}"
    for name, whole in found[ALL].items():
        apart = max(abs(found[size][name].confidence - whole.confidence) for size in SAMPLES)
        assert apart <= BOUND, f"seed {seed}, {name}"
