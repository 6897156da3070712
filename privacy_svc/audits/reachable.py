"""What the SQL of a check may reach: the documented views by their plain names, and functions that only calculate.

A read-only transaction keeps a query from writing, not from reading: with a schema before its name any table is there
on PostgreSQL, and functions such as `query_to_xml('SELECT …')` run what they are given. So each word is looked at
before the query runs. What this cannot read for certain, such as escapes and quoting with dollars, is refused too.
Pure.
"""

import re
from collections.abc import Collection, Iterator
from itertools import pairwise

# fmt: off
FUNCTIONS = frozenset({
    "abs", "avg", "cast", "coalesce", "count", "lag", "lead", "length", "lower", "max", "min", "nullif", "rank",
    "replace", "round", "row_number", "substr", "sum", "trim", "upper",
})
"""Of both databases. None takes a name or a query as a text."""
_BEFORE_PARENTHESES = frozenset({
    "all", "and", "any", "as", "between", "by", "case", "char", "decimal", "distinct", "else", "except", "exists",
    "filter", "from", "having", "in", "intersect", "is", "join", "like", "limit", "materialized", "not", "numeric",
    "on", "or", "over", "select", "some", "then", "union", "using", "values", "varchar", "when", "where", "with",
})
# fmt: on
_TOKEN = re.compile(
    r"""\s+ | --[^\r\n]*
    | (?P<string>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")+")
    | (?P<word>[^\W\d]\w*)
    | (?P<number>\d+(?:\.\d*)?)
    | (?P<parameter>:\w+) | (?P<cast>::)
    | (?P<sign>[-+*/%<>=!|.,()])""",
    re.VERBOSE | re.ASCII,
)


class OutOfReach(Exception):
    """Says which word of the query it is about, in a sentence."""


def check_reach(sql: str, schemas: Collection[str]) -> None:
    """`schemas`: names that a table can be qualified with. Raises OutOfReach."""
    before: tuple[str, str] = ("", "")
    tokens = [*_tokens(sql), ("end", "")]
    for (kind, text), (_, following) in pairwise(tokens):
        if kind == "name":
            _check_name(text, following, before, schemas)
        before = (kind, text)


def _tokens(sql: str) -> Iterator[tuple[str, str]]:
    """Names as the database folds them."""
    at = 0
    while at < len(sql):
        found = _TOKEN.match(sql, at)
        if found is None or sql.startswith("/*", at):
            raise OutOfReach(f"it has {sql[at : at + 2].strip()!r}, by which its words cannot be read for certain.")
        kind, text = found.lastgroup, found[0]
        at = found.end()
        if kind == "word" and sql[at : at + 1] in {"'", '"', "&", "$"}:
            raise OutOfReach(f"it has {text + sql[at]!r}, by which its words cannot be read for certain.")
        if kind == "word":
            yield "name", text.lower()
        elif kind == "quoted":
            yield "name", text[1:-1].replace('""', '"')
        elif kind is not None:
            yield kind, text


def _check_name(name: str, following: str, before: tuple[str, str], schemas: Collection[str]) -> None:
    if name.startswith(("pg_", "sqlite_")):
        raise OutOfReach(f"it names {name!r}, which is the database's own.")
    if following == "." and name in schemas:
        raise OutOfReach(f"it names the schema {name!r}: views have plain names.")
    if following == "(" and (name not in FUNCTIONS | _BEFORE_PARENTHESES or before == ("sign", ".")):
        raise OutOfReach(
            f"it calls {name!r}, which is none of the functions of a check: {', '.join(sorted(FUNCTIONS))}."
        )
