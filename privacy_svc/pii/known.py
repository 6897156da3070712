"""Values of a person that we already know, wherever they stand in a text. Pure.

For notes that speak of somebody, and for the search after an erasure.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from privacy_svc.pii.days import written_day
from privacy_svc.pii.finding import Finding, without_overlaps
from privacy_svc.pii.markup import views
from privacy_svc.pii.names import PARTICLES
from privacy_svc.pii.scripts import UMLAUT, flat, folded
from privacy_svc.pii.spelt import code_of, expression, stands_alone

_TWO_LETTERS = re.compile("([aou])e+")


def known_values_in(text: str, values: Iterable[str], days: Sequence[str] = ()) -> list[Finding]:
    """Where the values stand, as whole words where the script has such, whatever the case, encoding, accents (ä, a + ¨,
    ae), ß or ss, what stands between the words of a name and in a code or long number, and an s at a name's end; in
    HTML also across tags, in links also percent-encoded. Values of one character are not looked for, those of two
    letters only with a capital: Li, not li. `days`: as `1980-01-31`, found however they are written."""
    wanted = sorted({folded(v.strip())[0] for v in values if _is_long_enough(v)} - {""}, key=lambda v: (-len(v), v))
    found = _found(text, wanted, days)
    for view in views(text):
        found += [part for f in _found(view.text, wanted, days) for part in view.placed(f)]
    return without_overlaps(text, found)


def spellings(name: str) -> Iterator[str]:
    """How a full name is also written: `Silva, Ana`, `A. Silva`, `A.M. Silva`."""
    words = name.replace(",", " ").split()
    if len(words) < 2 or not all(word[0].isalpha() for word in words):
        return
    given, family = words[:-1], words[-1]
    yield f"{' '.join(given)} {family}"
    yield f"{family}, {' '.join(given)}"
    for initials in {f"{given[0][0]}.", " ".join(f"{g[0]}." for g in given), "".join(f"{g[0]}." for g in given)}:
        yield f"{initials} {family}"
        yield f"{family}, {initials}"


def name_parts(name: str) -> Iterator[str]:
    """What somebody is called by: an initial or "van" would be everybody's."""
    for part in re.split(r"[\s,-]+", name):
        if len(part) > 1 and part[0].isalpha() and part[-1] != "." and part.casefold() not in PARTICLES:
            yield part


def _is_long_enough(value: str) -> bool:
    return len(unicodedata.normalize("NFC", value.strip())) > 1


def _found(text: str, wanted: Sequence[str], days: Sequence[str]) -> list[Finding]:
    bare = _bare(flat(text))
    codes = re.sub(r"[\W_]+", "", bare)
    possible = [v for v in wanted if _may_hold(bare, codes, v)]
    born = [d for d in days if d[2:4] in codes]
    return list(_matches(text, possible, born)) if possible or born else []


def _matches(text: str, values: Sequence[str], days: Sequence[str]) -> Iterator[Finding]:
    """Looks ahead, so that a value that begins within itself is found too."""
    as_compared, places = folded(text)
    plain = as_compared.isascii()
    for spelt in (*(expression(value, plain=plain) for value in values), *map(written_day, days)):
        for match in re.finditer(f"(?=({spelt}))", as_compared):
            if not stands_alone(as_compared, *match.span(1)):
                continue
            start, end = places[match.start(1)], _end(text, places[match.end(1) - 1] + 1)
            if _is_meant(text, start, end):
                yield Finding("KNOWN_VALUE", "user", start, end, 1.0, "known_values")


def _end(text: str, end: int) -> int:
    """With the accents of its last letter."""
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    return end


def _is_meant(text: str, start: int, end: int) -> bool:
    """Two letters are a name with a capital only, and beside other words where all is in capitals: NA is a code."""
    words = [w for w in re.split(r"[\s_.,+-]+", text[start:end]) if w]
    if any(len(word) > 2 or word.lower() == word.upper() for word in words):
        return True
    return all(w[0].isupper() and (len(w) == 1 or w[1].islower() or len(text) > end - start + 1) for w in words)


def _may_hold(bare: str, codes: str, value: str) -> bool:
    """Cheaper than an expression, which is built only of what the text may hold: nearly never much."""
    if code := code_of(value):
        return _bare(code) in codes
    spelt = _bare(value)
    return spelt in bare if "@" in value else all(word in bare for word in re.findall(r"[^\W_]+", spelt))


def _bare(text: str) -> str:
    """Without the second letter of an umlaut: what all spellings share."""
    return _TWO_LETTERS.sub(r"\1", text.replace(UMLAUT, ""))
