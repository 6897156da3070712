"""Texts as they are compared: whatever the case, the encoding and, where people leave them out, the accents. Pure.

Every script keeps its letters. Marks are left out of Latin, Greek, Cyrillic, Arabic and Hebrew, whose readers know the
word without them; those of kana, Hangul, Devanagari or Thai make another letter. An umlaut's two dots stay: `ö` is also
written `oe`. What nobody sees (soft hyphens, joiners, marks of direction) is left out.
"""

import re
import unicodedata
from collections.abc import Sequence

UMLAUT = "\u0308"
_HIDDEN = (
    "\u00ad\u061c\u0640\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8"
)
_LEFT_OUT = re.compile(f"[\u0300-\u0307\u0309-\u036f{_HIDDEN}]")
_ACCENTS = re.compile(f"[\u0300-\u036f{_HIDDEN}]+")
_LETTERS = {
    "ø": "o" + UMLAUT,
    "æ": "a" + UMLAUT,
    "œ": "o" + UMLAUT,
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "ħ": "h",
    "\u0131": "i",
}
"""Unicode takes no stroke off a letter."""
_SIGNS = dict.fromkeys("\u2018\u2019\u02bc\u02b9\u2032\u00b4\u0060", "'") | dict.fromkeys(
    "\u2010\u2011\u2012\u2013\u2014\u2212", "-"
)
_DIGITS = {chr(c): str(unicodedata.decimal(chr(c))) for c in range(0x660, 0x1A9A) if chr(c).isdecimal()}
_OTHERWISE = _LETTERS | _SIGNS | _DIGITS
_ODD = re.compile(f"[{''.join(c for c in _OTHERWISE if c != '`')}]")
_FLAT = str.maketrans({c: other.replace(UMLAUT, "") for c, other in _OTHERWISE.items()})

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3031-\u3035\u303b\u3040-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Scripts that stand without blanks between words, or, in Korean, before what is hung onto a name."""

WORD = rf"[^\W_{UNSPACED}]"
"""What makes a word of a script with blanks go on."""
_WHOLLY_UNSPACED = re.compile(f"[{UNSPACED}]+")
JOINTS = r"\s\u30fb\u00b7=_.+-"
"""May stand between the words of a name in such a script."""
_JOINTS = re.compile(f"[{JOINTS}]+")
_RUN = re.compile(f"[{UNSPACED}](?:[{JOINTS}]*[{UNSPACED}])*")


def _marks() -> str:
    """Of all scripts, as ranges of a character class."""
    found, last = list[list[int]](), -1
    for code in (*range(0x300, 0x3100), *range(0xA66F, 0xABEE)):
        if unicodedata.category(chr(code))[0] == "M":
            if code != last + 1:
                found.append([code, code])
            found[-1][1] = last = code
    return "".join(f"{chr(first)}-{chr(end)}" for first, end in found)


MARKS = _marks() + "\u11a8-\u11ff"
"""What makes another letter of the one before; also the consonants that end a Korean syllable."""


def folded(text: str) -> tuple[str, Sequence[int]]:
    """As it is compared, and for each of its characters the place it came from."""
    if text.isascii():
        return text.lower(), range(len(text))
    chars, places, known = list[str](), list[int](), dict[str, str]()
    for place, char in enumerate(text):
        if (parts := known.get(char)) is None:
            parts = known[char] = _folded(char)
        for part in parts:
            chars.append(part)
            places.append(place)
    return "".join(chars), places


def _folded(char: str) -> str:
    if char in _SIGNS:
        return _SIGNS[char]
    lower = _LEFT_OUT.sub("", unicodedata.normalize("NFKD", char).casefold())
    return "".join(_OTHERWISE.get(c, c) for c in lower)


def flat(text: str) -> str:
    """What is left of it in all its spellings but for an umlaut's second letter: quick, without places."""
    if text.isascii():
        return text.lower()
    lower = _ACCENTS.sub("", unicodedata.normalize("NFKD", text).casefold())
    return lower if lower.isascii() or not _ODD.search(lower) else lower.translate(_FLAT)


def is_unspaced(text: str) -> bool:
    """Whether all of it is of scripts without blanks."""
    return _WHOLLY_UNSPACED.fullmatch(text) is not None


def unspaced_runs(flat_text: str) -> list[str]:
    """What of it is of such scripts, without what stands between the words of a name."""
    return [_JOINTS.sub("", run) for run in _RUN.findall(flat_text)]
