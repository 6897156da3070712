"""Words with a capital, by what the lists know of them, in runs of those that stand beside each other. Pure."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import regex

from privacy_svc.pii.names import ABBREVIATED, BRANDS, COMPANY, PARTICLES, STREETS
from privacy_svc.pii.wordlists import common_words, first_names, last_names, places

_SMALL = "|".join(sorted(PARTICLES, key=len, reverse=True))
_PART = r"\p{Lu}[\p{L}\p{M}]*+(?:['\u2019]\p{L}[\p{L}\p{M}]*+)*+"
_TOKEN = regex.compile(
    rf"(?<![\w@/\\.#-])(?:Sig\.(?:ra|na)|(?:Dott|Prof)\.ssa|Dipl\.-Ing|{_PART}(?:-{_PART})*+"
    rf"|(?:{_SMALL})(?=[ \t]))(?![\w@/]|\.[\w.-]{{0,64}}@|\.\p{{Ll}}{{2}})"
)
_ELIDED = regex.compile(r"\p{L}{1,5}['\u2019]\p{Ll}")
"""An article before a noun: L'assistenza."""
_BESIDE = regex.compile(r"\.?[ \t\u00a0]{1,2}")
_ENDS = ".!?:;\n>\u2022*|"


@dataclass(slots=True)
class Word:
    """`plain`: lower case, without a genitive's s. What the lists say: `first` and `last` name, `place`, `common`."""

    plain: str
    start: int
    end: int
    first: bool
    last: bool
    place: bool
    common: bool
    initial: bool
    particle: bool
    shouted: bool
    """Two or three capitals: an abbreviation."""

    @property
    def unknown(self) -> bool:
        return not (self.first or self.last or self.place or self.common or self.initial or self.shouted)

    @property
    def company(self) -> bool:
        return self.plain in COMPANY or self.plain in STREETS


def runs(text: str, language: str) -> Iterator[list[Word]]:
    """Capitalised words in the order of the text, those that stand beside each other together."""
    run: list[Word] = []
    for found in _TOKEN.finditer(text):
        word = _word(found[0], found.start(), language)
        if run and not _beside(text, run[-1], word):
            yield from _whole(run)
            run = []
        run.append(word)
    yield from _whole(run)


def starts_sentence(text: str, start: int) -> bool:
    before = text[max(0, start - 8) : start].rstrip(" \t\"'\u201c\u201e\u00ab(-")
    return not before or before[-1] in _ENDS


def _whole(run: list[Word]) -> Iterator[list[Word]]:
    """A run begins and ends with a capital."""
    while run and run[-1].particle:
        run.pop()
    if run and not all(word.particle for word in run):
        yield run


def _beside(text: str, one: Word, other: Word) -> bool:
    gap = text[one.end : other.start]
    if _BESIDE.fullmatch(gap) is None:
        return False
    return gap[0] != "." or one.initial or one.plain in ABBREVIATED


def _word(written: str, start: int, language: str) -> Word:
    if written[-2:] in {"'s", "\u2019s"}:
        written = written[:-2]
    plain = unicodedata.normalize("NFC", written.casefold()).replace("\u2019", "'")
    if _ELIDED.match(written):
        return Word(
            plain, start, start + len(written), *(False,) * 3, common=True, initial=False, particle=False, shouted=False
        )
    parts = plain.split("-")
    first, last = (all(p in known for p in parts) for known in (first_names(), last_names()))
    if not first and not last and len(parts) > 1:
        last = all(p in last_names() or p in first_names() for p in parts)
    return Word(
        plain,
        start,
        start + len(written),
        first,
        last,
        plain in places(),
        plain in common_words(language) or plain in BRANDS,
        initial=len(written) == 1,
        particle=written[0].islower() or plain in PARTICLES,
        shouted=len(written) in {2, 3} and written.isupper(),
    )
