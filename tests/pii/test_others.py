"""Whose data stand in a text: the person's own, or somebody else's who shares something with them."""

import pytest

from privacy_svc.pii import Own, others_and_own_in

ANA = Own(("Ana Figueiredo", "Ana", "Figueiredo", "ana.figueiredo@mail.example", "+351 22 099 0001"))
JAN = Own(("Jan van der Berg", "Jan", "Berg", "jan@mail.example"))


def others(text: str, own: Own, language: str = "en") -> list[str]:
    found, _ = others_and_own_in(text, own, language)
    return sorted(text[f.start : f.end] for f in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Her husband Pedro Figueiredo called.", ["Pedro Figueiredo"]),
        ("I spoke to Ana Costa about it.", ["Ana Costa"]),
        ("I spoke to Ana Figueiredo, and Ms Figueiredo agreed.", []),
        ("I spoke to A. Figueiredo, once A. M. Figueiredo.", []),
        ("I spoke to P. Figueiredo about it.", ["P. Figueiredo"]),
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
        ("Gesproken met Piet van der Meer.", ["Piet van der Meer"]),
        ("Gesproken met Jan van der Berg.", []),
        ("Gesproken met meneer Van der Berg.", []),
    ],
)
def test_a_particle_is_nobodys(text: str, expected: list[str]) -> None:
    """Many are called van der something."""
    assert others(text, JAN, "nl") == expected
