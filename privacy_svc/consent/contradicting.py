"""Evidence that says itself that nobody consented: a box ticked before, silence, one flag for several purposes.

It is the caller's own and free in form, so this finds what is said in so many words, and only that. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from privacy_svc.consent.states import DOUBLE_OPT_IN

PRETICKED = "a box that was ticked before is no consent (Art. 4(11), recital 32)"
IMPLIED = "silence or going on is no consent (Art. 4(11), recital 32)"
BUNDLED = "a flag for several purposes is no consent (Art. 7(2), recital 43): one record for each"

_KEYS = {
    **dict.fromkeys(("preticked", "prechecked", "preselected", "tickedbefore", "defaultchecked"), PRETICKED),
    **dict.fromkeys(("tickedbydefault", "checkedbydefault", "selectedbydefault"), PRETICKED),
    **dict.fromkeys(("vorangekreuzt", "vorausgewählt", "vorausgewaehlt"), PRETICKED),
    **dict.fromkeys(("implied", "implicit", "tacit", "silence", "presumed", "assumed", "optout"), IMPLIED),
    **dict.fromkeys(("stillschweigend", "stillschweigen"), IMPLIED),
    **dict.fromkeys(("bundled", "bundledconsent"), BUNDLED),
}
"""Small letters alone: `pre_ticked`, `preTicked` and `pre-ticked` are one word."""
_TEXTS = (
    (
        re.compile(
            r"(?<![^\W_])(?:pre[-_ ]?(?:tick|check|select)ed|(?:tick|check|select)ed[-_ ]by[-_ ]default)(?![^\W_])"
            r"|\b(?:vorangekreuzt|vorausgew(?:ä|ae)hlt)",
            re.IGNORECASE,
        ),
        PRETICKED,
    ),
    (
        re.compile(
            r"\b(?:implied|(?:implicit|tacit|presumed|opt[-_ ]?out) consent|by silence)\b|\bstillschweigen",
            re.IGNORECASE,
        ),
        IMPLIED,
    ),
    (re.compile(r"\bbundled\b", re.IGNORECASE), BUNDLED),
)
_HINTS = (
    *("ticked", "checked", "selected", "vorangekreuzt", "vorausgew"),
    *("implied", "consent", "silence", "stillschweigen", "bundled"),
)
"""One of them is in whatever `_TEXTS` finds: a look that takes a tenth of the time, and is right of ASCII alone, where
each letter has one small form."""
_DENIED = re.compile(
    r"(?:\b(?:not|never|no|nor|without|neither|nicht|nie|niemals|kein\w{0,2}|ohne)\b|n't)[^.;!?]{0,40}$", re.IGNORECASE
)
_BEFORE = 60
"""Letters that are looked at for a denial: more than the longest one has."""
_NO = ("", "0", "false", "n", "no", "none", "off", "nein")


def contradictions(evidence: Any) -> Iterator[tuple[str, str]]:
    """JSON pointers within the evidence, each with why that is no consent."""
    if isinstance(evidence, str):
        why = _KEYS.get(_word(evidence)) or _said(evidence)
        if why:
            yield "", why
    elif isinstance(evidence, list):
        for n, item in enumerate(evidence):
            yield from ((f"/{n}{place}", why) for place, why in contradictions(item))
    elif isinstance(evidence, Mapping):
        for name, value in evidence.items():
            step = name.replace("~", "~0").replace("/", "~1")
            yield from ((f"/{step}{place}", why) for place, why in _entry(name, value))


def _entry(name: str, value: Any) -> Iterator[tuple[str, str]]:
    word = _word(name)
    if word in _KEYS:
        if not _is_no(value):
            yield "", _KEYS[word]
    elif word == "purposes" and isinstance(value, list) and len(value) > 1:
        yield "", BUNDLED
    elif name == DOUBLE_OPT_IN and isinstance(value, Mapping):
        yield from contradictions({n: v for n, v in value.items() if n != "address"})  # which may be any word
    else:
        yield from contradictions(value)


def _word(text: str) -> str:
    return "".join(filter(str.isalnum, text[:40])).lower()


def _is_no(value: Any) -> bool:
    return value.strip().lower() in _NO if isinstance(value, str) else not value


def _said(text: str) -> str | None:
    """`not pre-ticked` says the opposite."""
    if text.isascii() and not _hints(text.lower()):
        return None
    for pattern, why in _TEXTS:
        for found in pattern.finditer(text):
            if not _DENIED.search(text[max(0, found.start() - _BEFORE) : found.start()]):
                return why
    return None


def _hints(small: str) -> bool:
    for hint in _HINTS:  # noqa: SIM110 - `any` takes three times as long
        if hint in small:
            return True
    return False
