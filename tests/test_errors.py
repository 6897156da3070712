"""The way out that a refusal names."""

import pytest

from privacy_svc.errors import LONGEST_WORD, nearest

KNOWN = ["marketing.email", "given_at", "Europe/Berlin"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("marketing.mail", "marketing.email"),
        ("Given-At", "given_at"),
        ("europe/berlin", "Europe/Berlin"),
        ("nothing like it", None),
        ("", None),
        ("given_at" + "x" * LONGEST_WORD, None),
        ("given_at" + " " * 1_000_000, None),
    ],
)
def test_the_word_that_was_meant(word: str, meant: str | None) -> None:
    """As it is known, however it was written; none where none is near, and none to whoever sends a novel."""
    assert nearest(word, KNOWN) == nearest(word, reversed(KNOWN)) == meant
