"""One consent as a line of a file, the same for import and export: NDJSON, or CSV (RFC 4180) with a header.

`notice` with `notice_version` and `notice_language` says what was shown, `method` how it was said. `evidence` and
`guardian` are text, or an object (in CSV: its JSON). A CSV value that a spreadsheet would run as a formula is
written behind an apostrophe, which is taken away again when it is read.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from privacy_svc.consent.schemas import Guardian, Saying, Text, Word
from privacy_svc.http import check_reading
from privacy_svc.http import holds_nul as json_holds_nul

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
LINE_LIMIT = 65_536
"""Most bytes of one line, and of one row of CSV over several."""
PROOF_LIMIT = 60_000
"""Most bytes of reference, evidence and guardian together in a row of CSV: the rest is for the other columns."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_JSON = ("{", '"')
_SEVERAL = ("evidence", "guardian")


class ImportRow(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Who (`id` is the CRM's own key; else by `email`, else by `phone`; of which `collection` of people), what, when,
    and what proves it."""

    id: Key | int | None = None
    email: Key | None = None
    phone: Key | None = None
    collection: str | None = None
    purpose: str
    state: str
    given_at: str
    expires_at: str | None = None
    notice: str | None = None
    notice_version: int | None = None
    notice_language: str | None = None
    channel: Word | None = None
    method: str | None = None
    reference: Text | None = None
    evidence: dict[str, Any] | Text | None = None
    guardian: Guardian | Saying | None = None

    def __repr__(self) -> str:
        return "ImportRow(…)"


COLUMNS = ImportRow.__struct_fields__
_decoder = msgspec.json.Decoder(ImportRow)
_any = msgspec.json.Decoder(dict[str, Any])


def from_json(raw: bytes) -> ImportRow:
    """Raises msgspec.MsgspecError, RecursionError, InvalidBody."""
    row = _decoder.decode(raw)
    check_reading(raw)
    return row


def from_json_with(raw: bytes, names: Mapping[str, str], fixed: Mapping[str, str]) -> ImportRow:
    """Of a row whose columns have other names; an empty name leaves one out. Raises msgspec.MsgspecError,
    RecursionError, InvalidBody."""
    said = {names.get(name, name): value for name, value in _any.decode(raw).items()}
    check_reading(raw)
    said.pop("", None)
    return msgspec.convert({**fixed, **said}, ImportRow, strict=False)


def from_cells(said: dict[str, Any]) -> ImportRow:
    """Of a CSV row's cells that are not empty. Raises msgspec.MsgspecError, RecursionError, InvalidBody."""
    for name in _SEVERAL:
        text = said.get(name)
        if text is not None and text.startswith(_JSON):
            said[name] = msgspec.json.decode(text)
            check_reading(text.encode())
    return msgspec.convert(said, ImportRow, strict=False)


def holds_nul(name: str, cell: str) -> bool:
    """Whether a cell of CSV holds the character U+0000, in itself or in its JSON."""
    return "\0" in cell or (name in _SEVERAL and cell.startswith(_JSON) and json_holds_nul(cell.encode()))


def proof_size(*proof: object) -> int:
    """Bytes that it takes in a row of CSV at most, where each quote is two."""
    text = json.dumps(msgspec.to_builtins(proof), ensure_ascii=False, separators=(",", ":"))
    return len(text.encode()) + text.count('"')


def to_json(row: Mapping[str, Any]) -> str:
    return json.dumps({k: v for k, v in row.items() if v is not None}, ensure_ascii=False, separators=(",", ":"))


def to_cells(row: Mapping[str, Any]) -> list[str]:
    return [_cell(name, row[name]) for name in COLUMNS]


def _cell(name: str, value: object) -> str:
    """Text as it is, unless it would be read as JSON where JSON may stand."""
    if value is None:
        return ""
    if isinstance(value, str) and not (name in _SEVERAL and value.startswith(_JSON)):
        return guarded(value)
    return str(value) if isinstance(value, int) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def guarded(value: str) -> str:
    return "'" + value if value.startswith(_FORMULA) else value


def unguarded(value: str) -> str:
    return value[1:] if value.startswith("'") and value[1:].startswith(_FORMULA) else value
