"""Whether a column is about a person."""

import pytest

from privacy_svc.pii import ColumnFacts, Context, guess_column


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


def test_facts_hide_values() -> None:
    """The facts' text form does not show sampled values."""
    assert "mail.example" not in repr(ColumnFacts("c", "text", ("a@mail.example",)))
