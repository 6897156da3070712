"""What a person is given: a zip of JSON, CSV and a page to read. Pure and deterministic.

The same content gives the same bytes, so that two builds can be compared. File names are ours; no value
of the person is ever part of one. CSV by RFC 4180; cells that a spreadsheet would run as a formula start
with an apostrophe, the JSON beside it holds the exact value.
"""

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_ALWAYS = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold: real times would make equal packages differ."""
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True, slots=True)
class Table:
    """The person's rows of one collection. Values never appear in `repr`."""

    name: str
    """dataset.collection"""
    title: str
    fields: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]

    def __repr__(self) -> str:
        return f"Table({self.name}, {len(self.rows)} rows)"


def plain(value: Any) -> Any:
    """A value as JSON has it; what JSON has no word for becomes text."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return value.isoformat() if isinstance(value, date) else value.hex() if isinstance(value, bytes) else str(value)


def neutral(value: Any) -> Any:
    """A CSV cell that no spreadsheet runs. Numbers stay numbers."""
    value = plain(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def to_csv(table: Table) -> str:
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow([neutral(f) for f in table.fields])
    lines.writerows([neutral(row.get(f)) for f in table.fields] for row in table.rows)
    return text.getvalue()


def to_json(value: Any) -> str:
    return json.dumps(plain(value), ensure_ascii=False, indent=2) + "\n"


def table_files(tables: Sequence[Table]) -> dict[str, str]:
    """data/<collection>.json and .csv; the dataset is named only where two tables share a name."""
    files: dict[str, str] = {}
    for table in tables:
        name = _file_name(table, tables)
        files[f"data/{name}.json"] = to_json([{f: row.get(f) for f in table.fields} for row in table.rows])
        files[f"data/{name}.csv"] = to_csv(table)
    return files


def _file_name(table: Table, tables: Sequence[Table]) -> str:
    short = table.name.rpartition(".")[2]
    shared = sum(t.name.rpartition(".")[2].lower() == short.lower() for t in tables) > 1
    return _UNSAFE.sub("_", table.name if shared else short)


def pack(files: Mapping[str, str], about: Mapping[str, Any]) -> bytes:
    """The zip, with a manifest.json that says `about` and names each file's length and sha256."""
    contents = {name: files[name].encode() for name in sorted(files)}
    listed = [{"path": n, "bytes": len(c), "sha256": hashlib.sha256(c).hexdigest()} for n, c in contents.items()]
    manifest = to_json({**about, "files": listed}).encode()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in {"manifest.json": manifest, **contents}.items():
            entry = zipfile.ZipInfo(name, _ALWAYS)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            entry.create_system = 3
            target.writestr(entry, content)
    return archive.getvalue()
