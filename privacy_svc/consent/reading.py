"""From a file's bytes, which nobody trusts, to rows: every row is one, or says why it is none."""

import csv
import enum
import hashlib
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from typing import Any, BinaryIO, Self

import msgspec

from privacy_svc.consent.rowformat import (
    COLUMNS,
    LINE_LIMIT,
    ImportRow,
    from_cells,
    from_json,
    from_json_with,
    holds_nul,
    unguarded,
)
from privacy_svc.errors import Fault, InvalidBody
from privacy_svc.http import fault as pointed
from privacy_svc.http import holds_nul as json_holds_nul

_BLOCK = 1 << 20
ROW_LINES = 5000
"""Most lines of one row of CSV, more than two texts can have: how far an open quote is looked after."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_. -]{0,40}")


class Format(enum.StrEnum):
    CSV = "csv"
    NDJSON = "ndjson"


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file is read. `names`: its columns by our words, an empty word for one to be left out; `fixed`: what holds
    for all rows."""

    format: Format
    names: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = [w for w in (*self.names.values(), *self.fixed) if w and w not in COLUMNS]
        if unknown:
            raise InvalidBody("There is no such column.", faults=[Fault(w, f"known: {_known()}") for w in unknown])


class Line(msgspec.Struct, frozen=True):
    """Row number (the header counts not) and line of the file; without `row`, `fault` says why."""

    number: int
    line: int
    row: ImportRow | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Inspected:
    """`lines`: as many rows at most."""

    digest: str
    lines: int


def inspect(file: BinaryIO) -> Inspected:
    """The whole file once: is it UTF-8, and which file is it? Left at its beginning. Raises InvalidBody."""
    file.seek(0)
    digest, decoder, lines = hashlib.sha256(), getincrementaldecoder("utf-8")(), 0
    while block := file.read(_BLOCK):
        if not lines and block.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            raise InvalidBody("The file is UTF-16: save it as UTF-8.")
        digest.update(block)
        _check(decoder, block, lines)
        lines += block.count(b"\n")
    _check(decoder, b"", lines, final=True)
    file.seek(0)
    return Inspected(digest.hexdigest(), lines)


def _check(decoder: Any, block: bytes, lines: int, *, final: bool = False) -> None:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError as error:
        place = lines + error.object[: error.start].count(b"\n") + 1
        raise InvalidBody(f"The file is not UTF-8, see line {place}: save it as UTF-8.") from None


def guess_format(name: str, beginning: bytes) -> Format:
    """By the file's name, else by what it begins with."""
    if name.lower().endswith((".ndjson", ".jsonl", ".json")):
        return Format.NDJSON
    if name.lower().endswith((".csv", ".tsv", ".txt")):
        return Format.CSV
    return Format.NDJSON if beginning.removeprefix(BOM_UTF8).lstrip().startswith(b"{") else Format.CSV


def read(file: BinaryIO, shape: Shape) -> Iterator[Line]:
    """Its rows from where it stands, the beginning. Raises InvalidBody at once where the header does not fit."""
    return _csv(file, shape) if shape.format is Format.CSV else _ndjson(file, shape)


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """None for a line that is too long, of which no more is held than the limit."""
    first = True
    while raw := file.readline(LINE_LIMIT + 1):
        if len(raw) > LINE_LIMIT and not raw.endswith(b"\n"):
            while (more := file.readline(LINE_LIMIT)) and not more.endswith(b"\n"):
                pass
            yield None
        else:
            yield raw.removeprefix(BOM_UTF8) if first else raw
        first = False


def _ndjson(file: BinaryIO, shape: Shape) -> Iterator[Line]:
    renamed = bool(shape.names or shape.fixed)
    for number, raw in enumerate(_lines(file), 1):
        if raw is None:
            yield Line(number, number, None, _too_long())
        elif raw.strip():
            try:
                row = from_json_with(raw, shape.names, shape.fixed) if renamed else from_json(raw)
                yield _nul(number, number) if json_holds_nul(raw) else Line(number, number, row)
            except (msgspec.MsgspecError, RecursionError, InvalidBody) as error:
                yield Line(number, number, None, told(error))


def _csv(file: BinaryIO, shape: Shape) -> Iterator[Line]:
    lines = _Physical(_lines(file))
    head = lines.peek()
    reader = csv.reader(lines, strict=True, delimiter=max(",;\t", key=head.count))
    return _records(lines, reader, _header(reader, shape), shape)


class _Broken(csv.Error):
    """A record that is longer than one may be, in words for its refusal."""


class _Physical:
    """The lines of a file for a csv.reader, which can go back to the second line of the record it reads."""

    def __init__(self, lines: Iterator[bytes | None]) -> None:
        self._lines, self._back = lines, deque[bytes | None]()
        self._taken, self._size = list[bytes | None](), 0
        self.line = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        raw = self._back.popleft() if self._back else next(self._lines)
        self.line += 1
        self._taken.append(raw)
        if raw is None:
            raise _Broken(_too_long())
        self._size += len(raw)
        if self._size > LINE_LIMIT + 1 or len(self._taken) > ROW_LINES:
            raise _Broken(f"has a quote that does not end within {LINE_LIMIT:,} bytes and {ROW_LINES:,} lines")
        return raw.decode()

    def peek(self) -> str:
        self._back.extend(islice(self._lines, 1))
        return (self._back[0] or b"").decode() if self._back else ""

    def begin(self) -> int:
        """A record; at which line it begins."""
        self._taken, self._size = [], 0
        return self.line + 1

    def back(self) -> None:
        """To the record's second line."""
        rest = self._taken[1:]
        self._back.extendleft(reversed(rest))
        self.line -= len(rest)


def _records(lines: _Physical, reader: Iterator[list[str]], columns: list[str], shape: Shape) -> Iterator[Line]:
    """What is no row ends with its first line, whatever a stray quote makes of it: no line is swallowed uncounted."""
    number = 0
    while True:
        begins = lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            number += 1
            lines.back()
            yield Line(number, begins, None, str(error) if isinstance(error, _Broken) else "the quoting is broken")
            continue
        if cells:
            number += 1
            found = _row(number, begins, columns, cells, shape)
            if found.row is None:
                lines.back()
            yield found


def _header(reader: Iterator[list[str]], shape: Shape) -> list[str]:
    """Our word for each column; empty for one that is left out."""
    try:
        found = [name.strip() for name in next(reader, [])]
    except csv.Error:
        raise InvalidBody("The first line is no header of CSV.") from None
    columns = [shape.names.get(name, name.lower()) for name in found]
    unknown = [n for n, c in zip(found, columns, strict=True) if c and c not in COLUMNS]
    faults = [Fault(n if _NAME.fullmatch(n) else "a column", _way_out()) for n in unknown]
    twice = {c for c in columns if c and columns.count(c) > 1}
    faults += [Fault(c, "stands twice in the header") for c in sorted(twice)]
    missing = {"purpose", "state", "given_at"} - {*columns, *shape.fixed}
    faults += [Fault(c, "is missing in the header") for c in sorted(missing)]
    if faults:
        raise InvalidBody("The header does not fit.", faults=faults)
    return columns


def _row(number: int, begins: int, columns: Sequence[str], cells: list[str], shape: Shape) -> Line:
    if len(cells) != len(columns):
        return Line(number, begins, None, f"has {len(cells)} cells where the header has {len(columns)}")
    said: dict[str, Any] = dict(shape.fixed)
    for column, cell in zip_longest(columns, cells):
        if cell and column:
            if holds_nul(column, cell):
                return _nul(number, begins)
            said[column] = unguarded(cell) if cell[0] == "'" else cell
    try:
        return Line(number, begins, from_cells(said))
    except (msgspec.MsgspecError, RecursionError, InvalidBody) as error:
        return Line(number, begins, None, told(error))


def told(error: Exception) -> str:
    """Which column and what is wrong, never what stands there."""
    if isinstance(error, InvalidBody):
        return "has a name twice in one object, or is nested too deeply"
    if not isinstance(error, msgspec.ValidationError):
        return "is not JSON, or is nested too deeply"
    found = pointed(error, ImportRow)
    name = found.pointer.strip("/")
    if "unknown field" in found.detail:
        return f"the column {name} is unknown" if _NAME.fullmatch(name) else "has an unknown column"
    return f"{name.split('/')[0]}: {found.detail}" if name else found.detail


def _nul(number: int, line: int) -> Line:
    return Line(number, line, None, "holds a NUL byte")


def _too_long() -> str:
    return f"is longer than {LINE_LIMIT:,} bytes"


def _known() -> str:
    return ", ".join(COLUMNS)


def _way_out() -> str:
    return f"is unknown: name it with --map COLUMN=NAME, or leave it out with --map COLUMN= (known: {_known()})"
