"""The text that a reader of an HTML mail sees, and where each of its characters stands in the mail. Pure.

Names are cut by tags and written with character references; findings are looked for in what is seen, and taken out
where it stands, tag by tag. What stands in tags (a `mailto:` link) is looked at as it is written.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from privacy_svc.pii.finding import Finding

_MARKUP = re.compile(r"</?[a-zA-Z!][^<>]{0,4000}>|&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]{0,20}[\s/>]")
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
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
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def add(shown: str, start: int, end: int | None = None) -> None:
        parts.append(shown)
        starts.extend(range(start, start + len(shown)) if end is None else [start] * len(shown))
        ends.extend(range(start + 1, start + len(shown) + 1) if end is None else [end] * len(shown))

    at = 0
    for found in _MARKUP.finditer(text):
        add(text[at : found.start()], at)
        at = found.end()
        if found[0][0] == "&":
            add(html.unescape(found[0]), found.start(), at)
        elif not _INLINE.match(found[0]):
            add("\n", found.start(), found.start())
    add(text[at:], at)
    return Seen("".join(parts), starts, ends)
