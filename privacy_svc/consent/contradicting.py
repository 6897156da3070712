"""Evidence that says itself that nobody consented: a box ticked before, silence, one flag for several purposes.

It is the caller's own and free in form, so this finds what is said in so many words, and only that. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from privacy_svc.consent.states import DOUBLE_OPT_IN
from privacy_svc.consent.unconsenting import ALSO, BUNDLED, IMPLIED, PRETICKED, TEXTS, hints, is_denied, plain

_KEYS = {
    **dict.fromkeys(("preticked", "prechecked", "preselected", "tickedbefore", "defaultchecked"), PRETICKED),
    **dict.fromkeys(("tickedbydefault", "checkedbydefault", "selectedbydefault"), PRETICKED),
    **dict.fromkeys(("implied", "implicit", "tacit", "silence", "presumed", "assumed", "optout"), IMPLIED),
    **dict.fromkeys(("bundled", "bundledconsent"), BUNDLED),
}
"""Small letters alone: `pre_ticked`, `preTicked` and `pre-ticked` are one word."""
_PURPOSES = frozenset({"purpose", "purposes", "zweck", "zwecke"})
_SEVERAL = re.compile(r"\s*[\w.-]+(?:\s*[,;|+&]\s*[\w.-]+)+\s*|\s*[\w-]+\.[\w.-]+(?:\s+[\w-]+\.[\w.-]+)+\s*")
"""Names of purposes with a sign between them, or keys such as `marketing.sms`; no sentence."""
_NO = frozenset({"", "0", "false", "n", "no", "none", "off", "nein", "non", "nao", "nee", "aucun", "nicht", "kein"})


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
    why = _KEYS.get(word) or _said(_parted(name))
    if why:
        if not _is_no(value):
            yield "", why
    elif word in _PURPOSES and _are_several(value):
        yield "", BUNDLED
    elif name == DOUBLE_OPT_IN and isinstance(value, Mapping):
        yield from contradictions({n: v for n, v in value.items() if n != "address"})  # which may be any word
    else:
        yield from contradictions(value)


def _are_several(purposes: Any) -> bool:
    if isinstance(purposes, str):
        return _SEVERAL.fullmatch(purposes) is not None
    return isinstance(purposes, list) and len(purposes) > 1


def _word(text: str) -> str:
    return "".join(filter(str.isalnum, plain(text[:40])))


def _parted(name: str) -> str:
    """`preTickedBox` as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)


def _is_no(value: Any) -> bool:
    return plain(value.strip()) in _NO if isinstance(value, str) else not value


def _said(text: str) -> str | None:
    """`not pre-ticked` says the opposite, and `neither pre-ticked nor implied` of both."""
    small = plain(text)
    if not hints(small):
        return None
    found = sorted((f.start(), f.end(), why) for pattern, why in TEXTS for f in pattern.finditer(small))
    denied = -1
    for start, end, why in found:
        with_it = denied >= 0 and ALSO.fullmatch(small[denied:start])
        if not with_it and not is_denied(small, start):
            return why
        denied = end
    return None
