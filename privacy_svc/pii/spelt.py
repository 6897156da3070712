"""The expression that finds a value in all its spellings in a folded text. Pure.

Every part of one is told from what follows by its first character, or is of bounded length: no text makes it look
again and again.
"""

import re

from privacy_svc.pii.scripts import JOINTS, MARKS, UMLAUT, UNSPACED, WORD, is_unspaced

_IN_WORD, _IN_ADDRESS, _MARK = re.compile(WORD), re.compile(rf"[^\W{UNSPACED}]"), re.compile(f"[{MARKS}]")
_BETWEEN_DIGITS = r"[\W_]{0,4}"
_DIGITS, _LETTERS_TOGETHER, _SHORTEST, _LONGEST = 5, 6, 7, 40
_CODE = re.compile(r"[a-z0-9 ./()+:-]+", re.ASCII)
_UNIT = re.compile(
    rf"(?P<umlaut>[aou]){UMLAUT}|(?P<two>[aou])e(?!{UMLAUT})|(?P<vowel>[aeiouy\u0435\u0456\u0438\u03b9\u03c5]){UMLAUT}?"
    rf"|(?P<gap>\s+|(?<=[^\W\d_])[-_.](?=[^\W\d_]))|(?P<apostrophe>')|(?P<other>.){UMLAUT}?",
    re.DOTALL,
)
_INFLECTED = re.compile(rf"[a-z{UMLAUT}]{{3}}$")


def code_of(value: str) -> str:
    """Letters and digits of what is written in groups of any kind: a telephone number, an account, a document, a day;
    else nothing."""
    bare = re.sub(r"[\W_]+", "", value)
    digits = sum(map(str.isdecimal, bare))
    if digits >= _SHORTEST and digits == len(bare):
        return bare
    if digits < _DIGITS or not _SHORTEST <= len(bare) <= _LONGEST or not _CODE.fullmatch(value):
        return ""
    return bare if max(map(len, re.findall("[a-z]+", value))) <= _LETTERS_TOGETHER else ""


def expression(value: str, *, plain: bool) -> str:
    """Without what must not stand beside it: see `stands_alone`. `plain`: for a text in ASCII, where there is no other
    letter to look for."""
    if code := code_of(value):
        return rf"\+?{_BETWEEN_DIGITS.join(code)}"
    is_address = "@" in value
    spelt = "".join(_unit(unit, plain=plain, is_address=is_address) for unit in _UNIT.finditer(value))
    return spelt + ("s?" if not is_address and _INFLECTED.search(value) else "")


def stands_alone(text: str, start: int, end: int) -> bool:
    """As a whole word where the script has such, and without a mark that makes another letter of the last. In Python:
    an expression of all scripts takes longer to build than the text to read."""
    word = _IN_ADDRESS if "@" in text[start:end] else _IN_WORD
    if start and word.match(text[start]) and word.match(text[start - 1]):
        return False
    last = end - 1
    while last > start and _MARK.match(text[last]):
        last -= 1
    return end == len(text) or not (_MARK.match(text[end]) or (word.match(text[last]) and word.match(text[end])))


def _unit(unit: re.Match[str], *, plain: bool, is_address: bool) -> str:
    dots = "" if plain else f"{UMLAUT}?"
    if letter := unit["umlaut"]:
        return f"{letter}e?" if plain else f"{letter}(?:{UMLAUT}|e)?"
    if letter := unit["two"]:
        return f"{letter}e" if plain else f"{letter}(?:e{UMLAUT}?|{UMLAUT})"
    if letter := unit["vowel"]:
        return letter + dots
    if unit["gap"] and not is_address:
        return _gap(unit)
    if unit["apostrophe"]:
        return "'?"
    return re.escape(unit[0]) if unit["gap"] else re.escape(unit["other"]) + (dots if UMLAUT in unit[0] else "")


def _gap(unit: re.Match[str]) -> str:
    """Between letters of a name also what stands there in a file's name or a link; in Chinese nothing."""
    before, after = unit.string[unit.start() - 1], unit.string[unit.end() : unit.end() + 1]
    if is_unspaced(before + after):
        return f"[{JOINTS}]*"
    if before.isalpha() and after.isalpha():
        return r"(?:\s+|[-_.+])"
    return r"\s+" if unit[0].isspace() else re.escape(unit[0])
