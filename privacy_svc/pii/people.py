"""Names of people and places in a text, by lists and by the words around them. Pure.

A first name that is no other word is a person's; a surname, a name that is also a word (Rose, Mark) or a place
(Florence), and a name on no list need a companion or a word before or after: a title, "my name is", "called". Who
was named in full is known by each part of the name in the rest of the text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import regex

from privacy_svc.pii.capitals import Word, runs, starts_sentence
from privacy_svc.pii.names import AND, LABELS, LEXICONS, MAIL_LABELS, NOBODY, NOUN_ENDS, WRITERS, Lexicon
from privacy_svc.pii.wordlists import common_words, places

Kind = Literal["PERSON", "LOCATION"]

SURE, LIKELY, FAIR, POSSIBLE = 0.85, 0.7, 0.6, 0.5
_LONGEST = 4
"""Words of a name."""
_PLACE_WORDS = 4
_WINDOW, _JOINED = 48, 6
_WORDS = regex.compile(r"[\w'\u2019]+")
_LABELLED = regex.compile(
    rf"(?:(?<!\w)(?:{'|'.join(' '.join(label.split()) for label in LABELS.split(','))})"
    rf"|^[ \t>*]*(?:{MAIL_LABELS.replace(' ', '|')}))[ \u00a0]?:[ \t\u00a0\"'<*]*\Z",
    regex.MULTILINE,
)
_WRITER = regex.compile(rf"[ \t,]*(?:{'|'.join(WRITERS)})[ \u00a0]?:")
_WRITTEN_BY = regex.compile(r"(?<!\w)(?:schrieb|schreef|wrote)[ ]$")
_QUOTED = regex.compile(r"[ \t]*(?:<[^<>\n]{0,80}>)?[ ]?:")
_NOUNS_HAVE_CAPITALS = frozenset({"de"})


@dataclass(frozen=True, slots=True)
class Named:
    kind: Kind
    start: int
    end: int
    score: float


def named_in(text: str, language: str) -> list[Named]:
    """People and places, disjoint."""
    return _Reader(text, language).read()


class _Reader:
    def __init__(self, text: str, language: str) -> None:
        self._text, self._language = text, language
        self._lexicon = _with_english(language)
        self._nouns = language in _NOUNS_HAVE_CAPITALS
        self._known: set[str] = set()
        self._left: list[Word] = []
        self._weakly = False
        """Whether a word stands before the run that also stands before companies."""
        self._last_person = -1
        """Where the last person's name ended."""

    def read(self) -> list[Named]:
        found = [named for run in runs(self._text, self._language) for named in self._run(run)]
        found += [Named("PERSON", w.start, w.end, FAIR) for w in self._left if self._is_known(w)]
        return sorted(found, key=lambda n: n.start)

    def _run(self, run: Sequence[Word]) -> Iterator[Named]:
        around = _around(self._text, run[0].start, run[-1].end)
        at, introduced = 0, self._introduced(around, run[0].start)
        self._weakly = not introduced and around.follows(self._lexicon.weak)
        while at < len(run):
            word = run[at]
            if word.plain in self._lexicon.titles or self._greets(run, at):
                at, introduced = at + 1, True
                continue
            if word.particle and at + 1 < len(run) and self._is_of(run, at):
                at, introduced = at + 1, False
                continue
            end = self._place(run, at)
            if end and (not introduced or (at == 0 and self._last_word(word.start) in self._lexicon.at)):
                yield Named("LOCATION", word.start, run[end - 1].end, FAIR)
            else:
                end, score = self._person(run, at, introduced=introduced)
                if end:
                    self._learn(run[at:end], score)
                    self._last_person = run[end - 1].end
                    yield Named("PERSON", word.start, self._last_person, score)
                elif end := self._place(run, at):
                    yield Named("LOCATION", word.start, run[end - 1].end, FAIR)
                elif not self._is_company(run, at + 1):
                    self._left.append(word)
            at, introduced = end or at + 1, introduced and word.particle and not end

    def _greets(self, run: Sequence[Word], at: int) -> bool:
        word, begins = run[at], at == 0 and len(run) > 1
        return word.plain in self._lexicon.greetings and (begins or not word.first)

    def _is_of(self, run: Sequence[Word], at: int) -> bool:
        """A particle that belongs to no name: "de Sra. Gil", "de Paris"."""
        return run[at + 1].plain in self._lexicon.titles or (
            run[at].plain in self._lexicon.at and self._place(run, at + 1) > 0
        )

    def _place(self, run: Sequence[Word], at: int) -> int:
        """Where the longest place that begins here ends; 0 if there is none, or if it may as well be a name or word."""
        for end in range(min(len(run), at + _PLACE_WORDS), at + 1, -1):
            if self._text[run[at].start : run[end - 1].end].casefold() in places():
                return end
        word = run[at]
        if not word.place or word.common or word.shouted or self._is_company(run, at + 1):
            return 0
        if (word.first or word.last) and (len(run) > at + 1 or self._last_word(word.start) not in self._lexicon.at):
            return 0
        return at + 1

    def _person(self, run: Sequence[Word], at: int, *, introduced: bool) -> tuple[int, float]:
        begin = at
        while introduced and begin < len(run) - 1 and run[begin].particle:
            begin += 1
        word = run[begin]
        end = self._end(run, begin, introduced=introduced)
        if self._is_company(run, end) or word.plain in NOBODY or word.company:
            return 0, 0.0
        companions = [w for w in run[begin + 1 : end] if not w.particle]
        if word.particle or (word.initial and not companions):
            return 0, 0.0
        if introduced and not word.shouted and (not word.common or word.first or word.last):
            return end, SURE if companions else LIKELY
        if self._in_full(word, companions):
            return end, SURE
        if word.first and not (word.common or word.place or word.shouted):
            return end, FAIR
        return self._weaker(run, begin, end, companions)

    def _in_full(self, word: Word, companions: Sequence[Word]) -> bool:
        """A first name or an initial, and what may be a surname."""
        if not companions:
            return False
        if word.initial:
            return not companions[0].common
        return word.first and (not word.common or any(w.last for w in companions))

    def _weaker(self, run: Sequence[Word], at: int, end: int, companions: Sequence[Word]) -> tuple[int, float]:
        word = run[at]
        plain = not (word.common or word.place or word.shouted or word.initial)
        if companions:
            certain = any(w.last and not w.common and not w.place for w in companions)
            known = certain or word.last or self._weakly
            return (end, FAIR) if plain and not self._nouns and known else (0, 0.0)
        if len(run) == at + 1 and (word.first or plain) and self._acts(word.end):
            return (end, FAIR) if word.first or word.last or not self._nouns else (0, 0.0)
        lone = word.last and plain and len(run) == 1 and len(word.plain) > 3
        return (end, POSSIBLE) if lone and not starts_sentence(self._text, word.start) else (0, 0.0)

    def _end(self, run: Sequence[Word], at: int, *, introduced: bool) -> int:
        """Where the name that begins here ends: the words after it that may belong to it."""
        end = at + 1
        for n in range(at + 1, min(len(run), at + _LONGEST + 2)):
            word = run[n]
            if word.particle and not word.last:
                continue
            if word.place and run[n - 1].plain in self._lexicon.at and n - at > 2:
                break
            unlisted = word.unknown and self._may_end(run[at], word, introduced=introduced)
            fits = word.last or word.initial or (word.first and not word.common) or unlisted
            if not fits or word.plain in NOBODY or word.company or (word.shouted and not word.last):
                break
            end = n + 1
        return end

    def _may_end(self, first: Word, word: Word, *, introduced: bool) -> bool:
        """Whether a word on no list is a surname: where nouns have capitals, only after a first name."""
        if not self._nouns:
            return True
        if not (introduced or (first.first and not first.common)) or word.plain.endswith(NOUN_ENDS):
            return False
        words = common_words(self._language)
        return (introduced and first.first) or not any(word.plain[n:] in words for n in range(2, len(word.plain) - 4))

    def _is_company(self, run: Sequence[Word], end: int) -> bool:
        if end < len(run):
            return run[end].company
        return self._text[run[-1].end : run[-1].end + 3].strip()[:1] == "&"

    def _introduced(self, around: "_Around", start: int) -> bool:
        """By a title, a greeting, a label, a role or another person before it, a line's end or "wrote:" after it."""
        if 0 <= self._last_person < start <= self._last_person + _JOINED:
            gap = self._text[self._last_person : start]
            return "\n" not in gap and gap.strip().casefold() in AND
        if around.written() or around.labelled() or around.signs(self._lexicon.closings):
            return True
        last, sign = around.words[-1] if around.words else "", around.gap.strip(" \t\u00a0")
        if last in self._lexicon.titles:
            return sign in {"", "."}
        return (last in self._lexicon.greetings and sign == ":") or around.follows(self._lexicon.before)

    def _acts(self, end: int) -> bool:
        after = self._text[end : end + _WINDOW].casefold()
        if after[:2] in {"'s", "\u2019s"}:
            return after[2:].lstrip().startswith(("wife", "husband", "mother", "father", "phone", "email", "address"))
        return after[:1] == " " and after[1:].startswith(self._lexicon.after)

    def _last_word(self, start: int) -> str:
        words = _WORDS.findall(self._text[max(0, start - 16) : start].casefold())
        return words[-1] if words else ""

    def _learn(self, words: Sequence[Word], score: float) -> None:
        if score >= LIKELY:
            named = [w for w in words if len(w.plain) > 2 and not w.particle]
            self._known.update(w.plain for w in named if w.last or not w.place)

    def _is_known(self, word: Word) -> bool:
        if word.plain not in self._known or word.company:
            return False
        return not word.common or not (self._nouns or starts_sentence(self._text, word.start))


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands before and after a run, without case."""

    before: str
    after: str
    words: list[str]
    gap: str
    """Behind the last of the words."""
    phrase: str

    def written(self) -> bool:
        if ":" not in self.after:
            return False
        return bool(_WRITER.match(self.after) or (_WRITTEN_BY.search(self.before) and _QUOTED.match(self.after)))

    def labelled(self) -> bool:
        return ":" in self.gap and _LABELLED.search(self.before) is not None

    def signs(self, closings: tuple[str, ...]) -> bool:
        """Alone at a line's end, below or after "regards"."""
        if "\n" not in self.gap and "," not in self.gap:
            return False
        return not self.after.partition("\n")[0].strip(" \t\r,.") and self.phrase.endswith(closings)

    def follows(self, phrases: tuple[str, ...]) -> bool:
        """Whether one of the phrases stands before, in the same sentence and line."""
        return self.phrase.endswith(phrases) and not any(c in self.gap for c in ".!;?\n")


def _around(text: str, start: int, end: int) -> _Around:
    before = text[max(0, start - _WINDOW) : start].casefold()
    words, gap = _WORDS.findall(before), before[len(before.rstrip(" \t\r\n:,.!;?\"'(*>-\u2013")) :]
    return _Around(before, text[end : end + _WINDOW].casefold(), words, gap, f" {' '.join(words)}")


@cache
def _with_english(language: str) -> Lexicon:
    """English words stand in texts of any language. Phrases begin at a word's beginning."""
    both = [LEXICONS[code] for code in dict.fromkeys((language, "en"))]
    before, weak, closings = (
        tuple(f" {phrase}" for each in both for phrase in getattr(each, name))
        for name in ("before", "weak", "closings")
    )
    titles, greetings = (frozenset().union(*(getattr(each, n) for each in both)) for n in ("titles", "greetings"))
    return Lexicon(titles, greetings, before, weak, closings, tuple(p for each in both for p in each.after), both[0].at)
