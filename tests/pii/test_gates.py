"""The gates before the recognisers: the same findings as Presidio's own engine makes with the same recognisers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.pii_texts import labelled
from benchmarks.pii_values import REGIONS
from privacy_svc.pii import detect, without_overlaps
from privacy_svc.pii.engine import finding_of
from privacy_svc.pii.entities import counts
from privacy_svc.pii.names import LANGUAGES
from privacy_svc.pii.plain import analyzer

PLAIN = {language: analyzer(language, (REGIONS[language],)) for language in LANGUAGES}
PARTS = st.sampled_from(
    """phone iban born passport SSN BSN tel. +49 030 2312500 06-12345678 86095742719 12.03.1984 3 March 1984 a@b.example
    4111-1111 1111 :: fe80::1 192.168.1.1 00:1A:2b:3c:4D:5e X1234567 12345678Z Anna Rose Schmidt in Berlin Street rue 12
    Hauptstraße 5 years old DE89370400440532013000 ( ) / - . , \n é \u0301 https://x.example/y www.x.example H1234567
    license account number 123456789 1234567890123 550e8400-e29b-41d4-a716-446655440000 \u0661\u0662\u0663""".split(" ")
)


def plain(text: str, language: str) -> list[tuple[object, ...]]:
    found = [r for r in PLAIN[language].analyze(text, language) if counts(r.entity_type, r.score)]
    return _shown(without_overlaps(text, (finding_of(r, 0, "") for r in found)))


def _shown(found: object) -> list[tuple[object, ...]]:
    return [(f.entity, f.start, f.end, f.score) for f in found]  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_findings(language: str) -> None:
    """On mails, notes and reviews nothing is found more, less or elsewhere."""
    for each in labelled(40, seed=3):
        if each.language == language:
            assert _shown(detect(each.text, language, REGIONS[language])) == plain(each.text, language)


@settings(max_examples=100, deadline=None)
@given(st.lists(PARTS, max_size=14), st.sampled_from(LANGUAGES), st.sampled_from([" ", "", "  "]))
def test_the_same_findings_in_anything(parts: list[str], language: str, gap: str) -> None:
    """Nor on texts that are made of pieces of identifiers."""
    text = gap.join(parts)
    assert _shown(detect(text, language, REGIONS[language])) == plain(text, language)


@pytest.mark.parametrize(
    ("text", "language", "region"),
    [("Tél.: 0612345678", "fr", "FR"), ("Mob: 07911123456", "en", "GB"), ("Ph: 4155550123", "en", "US")],
)
def test_a_label_opens_the_gate_for_bare_digits(text: str, language: str, region: str) -> None:
    """What a pattern knows as a label is asked for."""
    assert [f.entity for f in detect(text, language, region)] == ["PHONE_NUMBER"]
