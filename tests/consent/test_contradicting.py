"""Evidence that says itself that there was no consent is found, and evidence that says the opposite is not."""

from typing import Any

import pytest

from privacy_svc.consent.contradicting import contradictions
from privacy_svc.consent.unconsenting import BUNDLED, IMPLIED, PRETICKED

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
    ({"purpose": ["marketing.sms", "marketing.ads"]}, "/purpose", BUNDLED),
    ({"purposes": "marketing.sms,marketing.ads"}, "/purposes", BUNDLED),
    ({"purposes": "news | offers"}, "/purposes", BUNDLED),
    ({"purpose": "marketing.sms marketing.ads"}, "/purpose", BUNDLED),
    ("consent was not explicit but implied by use", "", IMPLIED),
    ("never asked: pre-ticked", "", PRETICKED),
    ("no objection was raised, so consent is implied", "", IMPLIED),
    ("she did not untick the pre-ticked box", "", PRETICKED),
    ("not implied, the box was simply pre-ticked", "", PRETICKED),
    ({"implied_consent": True}, "/implied_consent", IMPLIED),
    ({"preTickedBox": "yes"}, "/preTickedBox", PRETICKED),
    ("implied_by_use", "", IMPLIED),
    ("case pré-cochée", "", PRETICKED),
    ("CASE PRE-COCHEE PAR DEFAUT", "", PRETICKED),
    ("case cochée par défaut", "", PRETICKED),
    ("consentement tacite", "", IMPLIED),
    ({"source": "Consentement implicite"}, "/source", IMPLIED),
    ("casilla premarcada", "", PRETICKED),
    ("casilla marcada por defecto", "", PRETICKED),
    ("opción preseleccionada", "", PRETICKED),
    ("consentimiento tácito", "", IMPLIED),
    ("implícitamente", "", IMPLIED),
    ("caixa pré-marcada", "", PRETICKED),
    ("caixa pre\u0301-assinalada", "", PRETICKED),
    ("caixa marcada por omissão", "", PRETICKED),
    ("opção pré-selecionada", "", PRETICKED),
    ("consentimento presumido", "", IMPLIED),
    ("casella preselezionata", "", PRETICKED),
    ("casella pre-spuntata", "", PRETICKED),
    ("silenzio-assenso", "", IMPLIED),
    ("consenso implicito", "", IMPLIED),
    ("vooraf aangevinkt vakje", "", PRETICKED),
    ("standaard aangevinkt", "", PRETICKED),
    ("stilzwijgende toestemming", "", IMPLIED),
    ("impliciete toestemming", "", IMPLIED),
    ("standardmäßig angekreuzt", "", PRETICKED),
    ("vorab angehakt", "", PRETICKED),
    ("konkludente Einwilligung", "", IMPLIED),
    ("mutmaßliche Einwilligung", "", IMPLIED),
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
    {"purpose": "marketing.sms"},
    {"purpose": "to send you news, offers and the like"},
    {"purposes": "marketing.sms"},
    {"implied_consent": "non", "precochee": False, "not_preticked": True},
    "neither pre-ticked nor implied",
    "not pre-ticked, bundled or implied",
    "The boxes weren't pre-ticked; we do not rely on implied consent",
    "sin casilla premarcada",
    "la casilla no estaba premarcada",
    "aucune case n'était pré-cochée",
    "la case n'était pas pré-cochée",
    "a caixa não estava pré-marcada",
    "la casella non era preselezionata",
    "het vakje was niet vooraf aangevinkt",
    "case cochée par la cliente, marqué par défaut : non",
    "explicit consent, ticked by hand, selected language: es",
    "web",
]


@pytest.mark.parametrize(("evidence", "pointer", "why"), CONTRADICTING)
def test_what_contradicts_is_found_where_it_stands(evidence: Any, pointer: str, why: str) -> None:
    """However it is spelt, and however deep it lies."""
    assert list(contradictions(evidence)) == [(pointer, why)]


@pytest.mark.parametrize("evidence", FINE)
def test_what_does_not_is_left_alone(evidence: Any) -> None:
    """Nor is a denial taken for what it denies."""
    assert list(contradictions(evidence)) == []
