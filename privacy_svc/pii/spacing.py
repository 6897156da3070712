"""A text with one plain space where it has another white space sign, a tab or two spaces, and plain hyphens. Pure.

People and programs write numbers with narrow and no-break spaces and align them with tabs; patterns know one space.
Line ends stay, and so do three spaces and more: they are columns.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass

_ODD = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u2010\u2011]|  ")
_SPACES = "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_PLAIN = str.maketrans(dict.fromkeys(_SPACES, " ") | {"\u2010": "-", "\u2011": "-"})
_TWO = re.compile(r"(?<=\S)  (?=\S)")


@dataclass(frozen=True, slots=True)
class Evened:
    text: str
    left_out: tuple[int, ...] = ()
    """Places of this text before which a space of the original was left out."""

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where in the original a part of this text stands that is not empty."""
        if not self.left_out:
            return start, end
        return start + bisect_right(self.left_out, start), end + bisect_right(self.left_out, end - 1)


def evened(text: str) -> Evened:
    if _ODD.search(text) is None:
        return Evened(text)
    plain = text.translate(_PLAIN)
    second = [found.end() - 1 for found in _TWO.finditer(plain)]
    if not second:
        return Evened(plain)
    return Evened(_TWO.sub(" ", plain), tuple(at - n for n, at in enumerate(second)))
