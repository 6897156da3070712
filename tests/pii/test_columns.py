"""Whether a column is about a person."""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from stdnum import luhn
from stdnum.de import idnr

from privacy_svc.pii import ColumnFacts, Context, Kind, context_of, guess_column
from privacy_svc.pii.frequencies import effective_values


def category(name: str, kind: Kind = "text", values: Sequence[object] = (), context: Context = "none") -> str | None:
    return guess_column(ColumnFacts(name, kind, tuple(values)), context).category


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Vorname", "user.name.first"),
        ("nom_de_famille", "user.name.last"),
        ("correoElectronico", "user.contact.email"),
        ("numeroTelefono", "user.contact.phone_number"),
        ("geboortedatum", "user.demographic.date_of_birth"),
        ("EMailAddress", "user.contact.email"),
        ("Phone2", "user.contact.phone_number"),
        ("email_status", None),
        ("phone_type", None),
        ("Composer", None),
        ("Title", None),
    ],
)
def test_headers(header: str, expected: str | None) -> None:
    """Headers in six languages are split into words; a last word about the thing itself takes it back."""
    assert category(header) == expected


def test_guards() -> None:
    """Integers are no phones, two-letter codes no names, a preference called mail no address."""
    assert category("phone", "integer", (491234567,)) is None
    assert category("last_name", values=("DE", "FR", "IT")) is None
    assert category("mail", values=("yes", "no") * 5) is None
    assert category("name") is None
    assert category("name", context="person") == "user.name"


@pytest.mark.parametrize(
    "values",
    [
        [f"{n:04}-{(7 * n) % 10_000:04}-{(13 * n) % 10_000:04}" for n in range(40)],
        [f"{n + 10}-{n + 345}-{n + 678}" for n in range(40)],
        [f"2024-{n:06}" for n in range(40)],
        [f"{2000 + n}/{2001 + n}" for n in range(40)],
        [f"{n % 7}.{n % 5}.{n}.{n % 9}" for n in range(31)],
    ],
    ids=["serial", "article", "order", "period", "version"],
)
def test_numbers_of_things_are_nobodys(values: list[str]) -> None:
    """Hyphens make no telephone number of an article's, dots no address of a version; nor do they make the rest of the
    row somebody's."""
    assert category("c1", values=values) is None
    assert context_of([ColumnFacts("c1", "text", tuple(values)), ColumnFacts("title", "text", ("A", "B"))]) == "none"


def with_check(numbers: Iterable[str], compute: Callable[[str], str]) -> list[str]:
    return [n + compute(n) for n in numbers]


CARDS = with_check((f"4{n:014}" for n in range(7_000_001, 7_400_001, 10_007)), luhn.calc_check_digit)
TAX_IDS = [str(n) for n in range(26_954_371_000, 26_954_399_000) if idnr.is_valid(str(n))][:40]


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("text", CARDS, "user.financial.credit_card"),
        ("text", [f"{c[:4]} {c[4:8]} {c[8:12]} {c[12:]}" for c in CARDS], "user.financial.credit_card"),
        ("integer", [int(c) for c in CARDS], "user.financial.credit_card"),
        ("integer", [int(c) + 1 for c in CARDS], None),
        ("text", TAX_IDS, "user.government_id.national_identification_number"),
        ("text", [str(int(i) + 1) for i in TAX_IDS], None),
        ("text", [f"{60 + n}.{n}.{2 * n}.7" for n in range(40)], "user.device.ip_address"),
    ],
)
def test_check_digits_speak_without_a_header(kind: Kind, values: list[Any], expected: str | None) -> None:
    """Nearly all must be right: one of ten is by chance."""
    assert category("c1", kind, values) == expected


@pytest.mark.parametrize(
    ("header", "kind", "values", "context", "expected"),
    [
        ("phone", "integer", [4_930_901_820_00 + n for n in range(40)], "none", "user.contact.phone_number"),
        ("phone", "integer", list(range(40)), "person", None),
        ("ip", "other", [], "none", "user.device.ip_address"),
        ("emails", "other", [], "none", None),
        ("email", "other", [], "none", "user.contact.email"),
        ("free", "text", [f"Call {n} back, or a{n}@mail.example" for n in range(40)], "none", "user.content.private"),
        ("free", "text", [f"Ask @support for parcel {n}" for n in range(40)], "none", None),
        ("iban", "text", [], "none", "user.financial.bank_account"),
        ("account_number", "text", [], "none", None),
        ("cap", "text", ["red", "blue", "green", "black", "white"], "person", None),
        ("via", "text", ["post", "courier", "pick-up", "locker", "shop"], "person", None),
        ("via", "text", ["Via Roma 1", "Via Po 2", "Corso Italia 3", "Via Dante 4", "Via Verdi 5"], "person", "street"),
    ],
)
def test_types_and_values_beside_a_header(
    header: str, kind: Kind, values: list[Any], context: Context, expected: str | None
) -> None:
    """A number that can be dialled is a phone where the header says so; types we cannot read speak by their header;
    what no value looks like is something else."""
    street = "user.contact.address.street"
    assert category(header, kind, values, context) == (street if expected == "street" else expected)


def test_values_alone() -> None:
    """E-mail addresses and written phone numbers are seen without a header; dates and article numbers are not."""
    assert category("c7", values=("a@mail.example", "b@mail.example")) == "user.contact.email"
    assert category("c8", values=("+49 30 23125 001", "(030) 23125-002")) == "user.contact.phone_number"
    assert category("c9", values=("2026-01-02", "2026-01-03")) is None
    assert category("c10", values=("40043213", "40043214")) is None


FIRST = (
    "Anna",
    "Bernd",
    "Chloé",
    "Dieter",
    "Emma",
    "Friedrich",
    "Giulia",
    "Hans",
    "Ingrid",
    "Jürgen",
    "Karin",
    "Lucía",
)
LAST = (
    "Schmidt",
    "Müller",
    "Dupont",
    "García",
    "Rossi",
    "Smith",
    "Meyer",
    "Jansen",
    "Fischer",
    "Weber",
    "Hoffmann",
    "Schäfer",
)
FULL = tuple(f"{first} {last}" for first, last in zip(FIRST, LAST, strict=True))


@pytest.mark.parametrize(
    ("values", "context", "expected"),
    [
        (FIRST, "none", "user.name.first"),
        (LAST, "owned", "user.name.last"),
        (LAST, "none", None),
        (FULL, "none", "user.name"),
        (tuple(f"{last}, {first}" for first, last in zip(FIRST, LAST, strict=True)), "none", "user.name"),
        (
            ("Berlin", "Paris", "Florence", "London", "Hamburg", "Madrid", "Jackson", "Lincoln", "Austin", "Sofia"),
            "person",
            None,
        ),
        (tuple(f"{last} GmbH" for last in LAST), "person", None),
        (tuple(f"{first}-{n}" for n, first in enumerate(FIRST)), "person", None),
        (FIRST[:5], "person", None),
    ],
)
def test_names_by_their_values(values: tuple[object, ...], context: Context, expected: str | None) -> None:
    """Names are seen whatever the header; brands, places, companies and codes are none, nor are a handful of values."""
    assert category("c1", values=values, context=context) == expected


def test_a_unique_column_holds_no_names() -> None:
    """People's names repeat; what must not is a code or a title."""
    assert guess_column(ColumnFacts("c1", "text", FIRST)).category == "user.name.first"
    assert guess_column(ColumnFacts("c1", "text", FIRST, unique=True)).category is None


@pytest.mark.parametrize(
    "values", [FIRST[:6], FULL[:6], ("a@mail.example", "b@mail.example"), ("+49 30 23125 001", "(030) 23125-002")]
)
def test_few_values_of_many_rows_are_nobodys(values: tuple[object, ...]) -> None:
    """Teams, mailboxes and hotlines: personal only where the header says so."""
    assert category("c1", values=values * 20, context="person") is None
    assert category("email", values=("a@mail.example", "b@mail.example") * 20) == "user.contact.email"


def test_how_many_values_is_not_a_question_of_the_sample() -> None:
    """A thousand rows of a hundred values look like two hundred of them, and both like a hundred."""
    one = random.Random(1)  # noqa: S311 - no secret
    whole = [str(one.randrange(100)) for _ in range(1000)]
    assert 80 < effective_values(whole) < 125
    assert 50 < effective_values(whole[:200]) < 200
    assert effective_values(["x", "x"]) == math.inf


def test_facts_hide_values() -> None:
    """The facts' text form does not show sampled values."""
    assert "mail.example" not in repr(ColumnFacts("c", "text", ("a@mail.example",)))
