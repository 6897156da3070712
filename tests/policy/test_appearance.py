"""The organisation's colours: readable, or refused with what to do."""

import pytest

from privacy_svc.policy.appearance import contrast, read_appearance
from privacy_svc.policy.reading import Block, Faults
from privacy_svc.policy.yamlfile import read_yaml


def read(source: str) -> tuple[str, str, list[str]]:
    faults = Faults()
    block = Block(read_yaml("organisation.yml", source.encode(), faults), faults, ("appearance",), "organisation")
    found = read_appearance(block)
    return found.accent, found.accent_dark, [f.detail for f in faults]


def test_contrast_is_that_of_the_specification() -> None:
    """Black on white is 21, grey #767676 on white the darkest that just passes."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ('appearance: {accent: "#ffcc00"}', "take a darker colour"),
        ('appearance: {accent_dark: "#0b2e69"}', "take a lighter colour"),
        ("appearance: {accent: red}", "is a colour such as"),
        ('appearance: {accent: "#0b6e69; } body { display: none"}', "is a colour such as"),
        ('appearance: {acent: "#0b6e69"}', "accent"),
    ],
)
def test_what_cannot_be_read_is_refused(source: str, fault: str) -> None:
    """At the start, by name; nothing of it reaches the style sheet."""
    accent, dark, faults = read(source)
    assert (accent, dark) == ("", "")
    assert any(fault in f for f in faults), faults


def test_colours_are_taken() -> None:
    """Each by itself, or none."""
    assert read('appearance: {accent: "#A02040"}') == ("#a02040", "", [])
    assert read("{}") == ("", "", [])
