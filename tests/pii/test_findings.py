"""Findings that overlap, and texts without them: properties."""

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy_svc.pii import Finding, Style, known_values_in, redact, spellings, without_overlaps

TEXTS = st.text("ab1 @.-é", min_size=1, max_size=30)


@st.composite
def texts_with_findings(draw: st.DrawFn) -> tuple[str, list[Finding]]:
    text = draw(TEXTS)
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).filter(lambda p: p[0] < p[1])
    scores = st.sampled_from([0.4, 0.5, 1.0])
    found = st.builds(lambda p, s: Finding(f"E{s}", "user", *p, s, "test"), places, scores)
    return text, draw(st.lists(found, max_size=8))


@given(texts_with_findings())
def test_disjoint_and_complete(given: tuple[str, list[Finding]]) -> None:
    """What remains is in order, disjoint, and covers every letter and digit that was covered before."""
    text, findings = given
    kept = without_overlaps(text, findings)
    assert all(a.end <= b.start for a, b in pairwise(kept))
    before = {n for f in findings for n in range(f.start, f.end) if text[n].isalnum()}
    after = {n for f in kept for n in range(f.start, f.end) if text[n].isalnum()}
    assert before == after


@given(texts_with_findings())
def test_the_order_of_findings_says_nothing(given: tuple[str, list[Finding]]) -> None:
    """The same findings in another order give the same result."""
    text, findings = given
    assert without_overlaps(text, findings) == without_overlaps(text, findings[::-1])


@given(texts_with_findings(), st.sampled_from(["label", "mask", "drop"]))
def test_nothing_found_remains(given: tuple[str, list[Finding]], style: Style) -> None:
    """Redaction keeps all that was not found and nothing that was; a mask keeps the length."""
    text, findings = given
    kept = without_overlaps(text, findings)
    outside = "".join(c for n, c in enumerate(text) if not any(f.start <= n < f.end for f in kept))
    redacted = redact(text, findings, style)
    if style == "drop":
        assert redacted == outside
    if style == "mask":
        assert len(redacted) == len(text)
        assert redacted.replace("*", "") == outside


@given(st.lists(st.sampled_from(["Ana", "Köhler", "Theodor-Heuss-Straße 34", "ana@mail.example", "x"]), max_size=6))
def test_every_known_value_is_found(words: list[str]) -> None:
    """Upper case, decomposed accents and line breaks hide none of the known values."""
    values = ["Ana", "Köhler", "Theodor-Heuss-Straße 34", "ana@mail.example"]
    text = unicodedata.normalize("NFD", "\n".join(words).upper())
    found = known_values_in(text, values)
    assert redact(text, found, "drop").split() == ["X"] * words.count("x")


def test_values_that_share_a_word() -> None:
    """Two known values that share a word are both covered."""
    text = "Meyer Anna Schmidt"
    assert redact(text, known_values_in(text, ["Meyer Anna", "Anna Schmidt"]), "drop").strip() == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("José", "JOSE jose\u0301 José"),
        ("Jose", "José"),
        ("Müller", "Mueller, Muller, MÜLLER, Mu\u0308ller"),
        ("Mueller", "Müller"),
        ("Ana Silva", "<b>Ana</b>&nbsp;<i>Silva</i>"),
        ("ana@mail.example", "<p>ana&#64;mail.example"),
    ],
)
def test_spellings_of_a_known_value(value: str, text: str) -> None:
    """With or without accents, an umlaut as two letters, across tags and character references of HTML."""
    left = redact(text, known_values_in(text, [value]), "drop")
    assert not any(c.isalnum() for c in re.sub(r"</?\w>", "", left)), left


def test_spellings_of_a_full_name() -> None:
    """Somebody is also written with initials, and surname first."""
    assert {"Ana Silva", "A. Silva", "Silva, A.", "Silva, Ana"} <= set(spellings("Ana Silva"))
    assert {"A. M. Silva", "A.M. Silva", "A. Silva"} <= set(spellings("Ana Maria Silva"))
    assert list(spellings("Ana")) == list(spellings("12 Main")) == []


def test_whole_words_only() -> None:
    """`Jo` is not found in Jörg however the ö is written, nor a number in a longer one; a timestamp is found."""
    assert known_values_in("Jo\u0308rg, Jörg, Joe", ["Jo"]) == []
    assert known_values_in("no 912345678", ["1234567"]) == []
    assert len(known_values_in("on 1962-02-18 00:00:00", ["1962-02-18 00:00:00"])) == 1
    assert known_values_in("a b", ["a", "", " "]) == []
