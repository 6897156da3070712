"""Whose data stand in a text: the person's own, or somebody else's who shares something with them."""

import pytest

from privacy_svc.pii import Own, others_and_own_in

ANA = Own(
    ("Ana Figueiredo", "Ana", "Figueiredo", "ana.figueiredo@mail.example", "+351 22 099 0001", "Berlin"),
    ("ana", "figueiredo"),
)
JAN = Own(("Jan van der Berg", "Jan", "Berg", "jan@mail.example"), ("jan", "van", "der", "berg"))
RITA = Own(("Rita Silva Costa", "Rita", "Silva", "Costa"), ("rita", "silva", "costa"))


def others(text: str, own: Own, *languages: str) -> list[str]:
    found, _ = others_and_own_in(text, own, languages or ("en",))
    return sorted(text[f.start : f.end] for f in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Her husband Pedro Figueiredo called.", ["Pedro Figueiredo"]),
        ("I spoke to Ana Costa about it.", ["Ana Costa"]),
        ("I spoke to Ana Figueiredo, and Ms Figueiredo agreed.", []),
        ("I spoke to A. Figueiredo, once A. M. Figueiredo.", []),
        ("I spoke to P. Figueiredo about it.", ["P. Figueiredo"]),
        ("I spoke to B. Figueiredo about it.", ["B. Figueiredo"]),
        ("I spoke to Ana Maria Figueiredo about it.", []),
        ("Write to pedro.figueiredo@mail.example.", ["pedro.figueiredo@mail.example"]),
        ("Write to ana.figueiredo@mail.example or Ana.Figueiredo@Mail.Example.", []),
        ("Call +351 22 099 0001, not +351 22 099 0002.", ["+351 22 099 0002"]),
    ],
)
def test_who_shares_a_word_is_somebody_else(text: str, expected: list[str]) -> None:
    """A surname in the family, a first name of many, a mailbox beside theirs; their own stay in every form."""
    assert others(text, ANA) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I spoke to Rui Silva Costa about it.", ["Rui Silva Costa"]),
        ("I spoke to Rita Silva Costa about it.", []),
        ("I spoke to Rita Maria Costa about it.", []),
    ],
)
def test_a_brother_has_both_surnames(text: str, expected: list[str]) -> None:
    """Two parts of a name make nobody them who is called by another first name."""
    assert others(text, RITA) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Gesproken met Piet van der Meer.", ["Piet van der Meer"]),
        ("Gesproken met Jan van der Berg.", []),
        ("Gesproken met meneer Van der Berg.", []),
    ],
)
def test_a_particle_is_nobodys(text: str, expected: list[str]) -> None:
    """Many are called van der something."""
    assert others(text, JAN, "nl") == expected


def test_a_note_is_read_in_the_language_of_who_wrote_it() -> None:
    """Who asks in English is given no names of a German note."""
    note = "Gesprochen mit Frau Okonjola wegen der Rechnung."
    assert others(note, ANA, "de", "en") == others(note, ANA, "de") == ["Okonjola"]


def test_ones_own_year_of_birth_stays() -> None:
    """And another's goes."""
    own = Own(days=("1980-01-31",))
    assert others("Jahrgang 1980, geboren am 31.1.1980", own, "de") == []
    assert others("Kunde geboren am 31.1.1981", own, "de") == ["31.1.1981"]
