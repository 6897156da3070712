"""Evidence that says itself that there was no consent is found, and evidence that says the opposite is not."""

from typing import Any

import pytest

from privacy_svc.consent.contradicting import BUNDLED, IMPLIED, PRETICKED, contradictions

CONTRADICTING: list[tuple[Any, str, str]] = [
    ({"preticked": True}, "/preticked", PRETICKED),
    ({"Pre-Ticked": "yes"}, "/Pre-Ticked", PRETICKED),
    ({"form": {"boxes": [{"preChecked": 1}]}}, "/form/boxes/0/preChecked", PRETICKED),
    ({"checkbox": "pre-ticked"}, "/checkbox", PRETICKED),
    ({"a/b~c": "implied"}, "/a~1b~0c", IMPLIED),
    ({"opt_out": True}, "/opt_out", IMPLIED),
    ({"bundled": ["news", "offers"]}, "/bundled", BUNDLED),
    ({"purposes": ["news", "offers"]}, "/purposes", BUNDLED),
    ("The box was preselected, the customer left it so.", "", PRETICKED),
    ("checked by default", "", PRETICKED),
    ("Implied consent: went on browsing", "", IMPLIED),
    ("not asked. Pre-ticked on the form of 2016", "", PRETICKED),
    ("bundled with the terms", "", BUNDLED),
    ({"checked_by_default": True}, "/checked_by_default", PRETICKED),
    ("form_checked_by_default", "", PRETICKED),
    ({"box": "Selected_by-default"}, "/box", PRETICKED),
    ("Das Kästchen war vorangekreuzt.", "", PRETICKED),
    ({"vorausgewählt": "ja"}, "/vorausgewählt", PRETICKED),
    ("vorausgewaehltes Feld", "", PRETICKED),
    ("Stillschweigende Einwilligung beim Kauf", "", IMPLIED),
    ({"stillschweigend": True}, "/stillschweigend", IMPLIED),
]
FINE: list[Any] = [
    None,
    "screenshot 4711 of the form, box ticked by hand",
    "the box was not pre-ticked",
    "not one of the boxes of this old form was pre-ticked",
    "Das Kästchen war nicht vorangekreuzt",
    "kein Feld war vorausgewählt",
    {"vorangekreuzt": "nein"},
    "No box of this form is ever preselected",
    "the form also showed how to opt out",
    {"preticked": False, "implied": "no", "bundled": None, "pre_checked": "false"},
    {"purposes": ["news"]},
    {"purposes": {"news": True, "offers": False}},
    {"flow": "double opt-in", "ticked": ["news", "offers"], "seen": 7},
    {"impliedness": 0.5},
]


@pytest.mark.parametrize(("evidence", "pointer", "why"), CONTRADICTING)
def test_what_contradicts_is_found_where_it_stands(evidence: Any, pointer: str, why: str) -> None:
    """However it is spelt, and however deep it lies."""
    assert list(contradictions(evidence)) == [(pointer, why)]


@pytest.mark.parametrize("evidence", FINE)
def test_what_does_not_is_left_alone(evidence: Any) -> None:
    """Nor is a denial taken for what it denies."""
    assert list(contradictions(evidence)) == []
