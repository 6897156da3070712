"""The text that a reader of an HTML mail or of a link sees, and where each of its characters stands in the mail. Pure.

Names are cut by tags and written with character references; findings are looked for in what is seen, and taken out
where it stands, tag by tag. What stands in tags (a `mailto:` link) is looked at as it is written.
"""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from privacy_svc.pii.finding import Finding

_MARKUP = re.compile(r"</?[a-zA-Z!][^<>]{0,4000}>|&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]{0,20}[\s/>]")
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_ENCODED = re.compile(
    r"%[2-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-4](?:%[89ab][0-9a-f]){3}",
    re.IGNORECASE,
)
"""One character, in UTF-8."""
_INLINE = re.compile(r"</?(?:a|abbr|b|big|em|font|i|mark|small|span|strong|sub|sup|u)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Seen:
    text: str
    starts: list[int]
    ends: list[int]
    """By character of the text: where it stands in the mail. A line's end that a tag makes stands nowhere."""

    def placed(self, found: Finding) -> Iterator[Finding]:
        """The finding in the mail, in as many parts as tags cut it into."""
        begin = found.start
        for at in range(found.start, found.end):
            last = at + 1 == found.end
            if last or self.starts[at + 1] != self.ends[at]:
                start, end = self.starts[begin], self.ends[at]
                begin = at + 1
                if start < end:
                    yield replace(found, start=start, end=end)


def is_markup(text: str) -> bool:
    return ("<" in text and _TAG.search(text) is not None) or ("&" in text and _REFERENCE.search(text) is not None)


def seen(text: str) -> Seen:
    return _read(text, _MARKUP, _shown)


def views(text: str) -> Iterator[Seen]:
    """How else it can be read: as a reader of the HTML sees it, and with what a link writes as `%40`."""
    yield from (_read(text, marks, shown) for marks, shown in _ways(text))


def readings(text: str) -> Iterator[str]:
    """The text and its views, without places."""
    yield text
    for marks, shown in _ways(text):
        yield marks.sub(lambda found, shown=shown: shown(found)[0], text)  # type: ignore[misc]


_Shown = Callable[[re.Match[str]], tuple[str, int]]
"""What is seen in the place of a mark, and where in the text it ends."""


def _ways(text: str) -> Iterator[tuple[re.Pattern[str], _Shown]]:
    if is_markup(text):
        yield _MARKUP, _shown
    if "%" in text and _ENCODED.search(text):
        yield _ENCODED, _decoded


def _shown(found: re.Match[str]) -> tuple[str, int]:
    if found[0][0] == "&":
        return html.unescape(found[0]), found.end()
    return "" if _INLINE.match(found[0]) else "\n", found.start()


def _decoded(found: re.Match[str]) -> tuple[str, int]:
    """What is no character stays as it is."""
    try:
        return bytes.fromhex(found[0].replace("%", "")).decode(), found.end()
    except UnicodeDecodeError:
        return found[0], found.end()


def _read(text: str, marks: re.Pattern[str], shown: _Shown) -> Seen:
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def add(said: str, start: int, end: int | None = None) -> None:
        parts.append(said)
        starts.extend(range(start, start + len(said)) if end is None else [start] * len(said))
        ends.extend(range(start + 1, start + len(said) + 1) if end is None else [end] * len(said))

    at = 0
    for found in marks.finditer(text):
        add(text[at : found.start()], at)
        at = found.end()
        add(shown(found)[0], found.start(), shown(found)[1])
    add(text[at:], at)
    return Seen("".join(parts), starts, ends)
