"""What can stand in the way of sealing a column, each with its way out, and what a catalogue tells of a column."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

KEY = "it is part of the primary key: rows are found by it. Leave it in clear; a key should say nothing of a person"
UNIQUE = "it is unique ({}): equal values would no longer be noticed. Drop that, and let the CRM look before it inserts"
REFERS = "it refers to {}: rows hang together by it. Leave it in clear and seal what it leads to"
REFERRED = "{} refers to it: rows hang together by it. Let that refer to the primary key, or leave it in clear"
CHECKED = "{} tests its value, and a sealed one would not pass. Drop it while the column is sealed"
COMPUTED = "the database computes it from other columns. Seal those, and drop this one"
SOURCE = "{} is computed from it, in clear. Drop that column"
EXPRESSION = "index {} holds an expression of it, or is limited by it. Drop it: sealed values are found by our index"
VIEW = "{} uses it, so its type cannot be changed. Drop the view and make it again after sealing"
COPY = "materialized view {} holds a copy in clear. Drop it"
TYPE = "it holds {}, which cannot be sealed. Change its type to text in the CRM first, or leave it in clear"
TRIGGER = (
    "trigger {} runs on every update and looks at the old row, so it could copy what is sealed in clear. Map and "
    "empty the table it writes, then disable the trigger while sealing"
)
_OLD = re.compile(r"\bold\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Facts:
    """One column as the database's catalogue tells it. `target` is the type it needs to become, None: it fits."""

    kind: str
    original: str
    target: str | None = None
    wide: bool = False
    """It may be one that was widened already: only what it was before can tell."""
    default: str | None = None
    indexes: tuple[str, ...] = ()
    """Indexes that need a prefix length of the column once it is text."""
    hindrances: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableFacts:
    columns: dict[str, Facts]
    hindrances: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    """Columns that the database would stamp at every update; sealing puts their old value."""
    stamped: tuple[str, ...] = ()
    """Triggers that run at every row sealed, and look only at what is new."""


def looks_back(*source: str) -> bool:
    """Whether a trigger's text speaks of the row as it was."""
    return any(_OLD.search(s) for s in source)


def mentions(sql: str, name: str) -> bool:
    """Whether a piece of SQL names the column."""
    return re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", sql, re.IGNORECASE) is not None


def bodies(sql: str, word: str) -> Iterator[str]:
    """What stands in parentheses after each `word` of a CREATE TABLE statement."""
    for found in re.finditer(rf"\b{word}\s*\(", sql, re.IGNORECASE):
        depth, start = 1, found.end()
        for at in range(start, len(sql)):
            depth += {"(": 1, ")": -1}.get(sql[at], 0)
            if depth == 0:
                yield sql[start:at]
                break
