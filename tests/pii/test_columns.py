"""Whether a column is about a person."""

import math
import random

import pytest

from privacy_svc.pii import ColumnFacts, Context, guess_column
from privacy_svc.pii.frequencies import effective_values


def category(name: str, kind: str = "text", values: tuple[object, ...] = (), context: Context = "none") -> str | None:
    return guess_column(ColumnFacts(name, kind, values), context).category  # type: ignore[arg-type] # kinds as text


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
