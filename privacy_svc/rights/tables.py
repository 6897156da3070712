"""The person's rows of one collection as files: JSON, CSV, and the JSON Schema and Table Schema of them. Pure.

CSV by RFC 4180; a text that a spreadsheet would run as a formula starts with an apostrophe, the JSON beside it holds
the exact value. File names are ours; no value of the person is ever part of one.
"""

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from privacy_svc.policy import Collection, DataMap, Field
from privacy_svc.rights.spool import Spool

SHOWN = 50
"""Rows that the page shows of one table."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (Decimal, "decimal"),
    (datetime, "datetime"),
    (date, "date"),
)
_AS_IT_IS = frozenset({str, int, float, bool, type(None)})
_NUMBERS = {"integer", "number", "decimal"}
_IN_CSV = {"decimal": "number", "datetime": "any"}
_IN_JSON: Mapping[str, Mapping[str, str]] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "date": {"type": "string", "format": "date"},
}


def plain(value: Any) -> Any:
    """A value as JSON has it; what JSON has no word for becomes text."""
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return value.isoformat() if isinstance(value, date) else value.hex() if isinstance(value, bytes) else str(value)


def neutral(value: Any) -> Any:
    """A CSV cell that no spreadsheet runs. Numbers stay numbers."""
    cell = plain(value)
    if isinstance(cell, str) and not isinstance(value, Decimal) and cell.startswith(_FORMULA):
        return "'" + cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return json.dumps(cell, ensure_ascii=False) if isinstance(cell, list | dict) else cell


@dataclass
class Table:
    """Written row by row; a long one is never in memory as a whole. Values never appear in `repr`."""

    collection: Collection
    file: str
    fields: tuple[Field, ...]
    rows: int = 0
    first: list[Mapping[str, Any]] = field(default_factory=list)
    """As many as the page shows."""
    _json: Spool = field(default_factory=Spool)
    _csv: Spool = field(default_factory=Spool)
    _kinds: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lines = csv.writer(self._csv)
        self._lines.writerow([neutral(f.name) for f in self.fields])

    def __repr__(self) -> str:
        return f"Table({self.name}, {self.rows} rows)"

    @property
    def name(self) -> str:
        return self.collection.path

    def add(self, values: Mapping[str, Any]) -> None:
        row = {f.name: values.get(f.name) for f in self.fields}
        self._json.write((",\n " if self.rows else "[\n ") + msgspec.json.encode(plain(row)).decode())
        self._lines.writerow([neutral(value) for value in row.values()])
        for name, value in row.items():
            if value is not None:
                self._kinds.setdefault(name, set()).add(_kind(value))
        if self.rows < SHOWN:
            self.first.append(row)
        self.rows += 1

    def files(self) -> dict[str, Spool]:
        """By path in the package; no more rows afterwards."""
        self._json.write("\n]\n" if self.rows else "[]\n")
        schema = msgspec.json.format(msgspec.json.encode(self._json_schema()), indent=2).decode() + "\n"
        return {
            f"data/{self.file}.json": self._json,
            f"data/{self.file}.csv": self._csv,
            f"schema/{self.file}.schema.json": Spool(schema),
        }

    def resource(self) -> dict[str, Any]:
        """The CSV as a resource of a Data Package (https://datapackage.org/standard/)."""
        fields = [
            {"name": str(neutral(f.name)), "type": _IN_CSV.get(kind := self._kind(f), kind), **_described(f)}
            for f in self.fields
        ]
        about = {"description": self.collection.description} if self.collection.description else {}
        return {
            "name": _UNSAFE.sub("-", self.file).lower(),
            "title": self.name,
            **about,
            "path": f"data/{self.file}.csv",
            "profile": "tabular-data-resource",
            "scheme": "file",
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "bytes": self._csv.size,
            "hash": f"sha256:{self._csv.sha256}",
            "schema": {"fields": fields},
        }

    def _kind(self, named: Field) -> str:
        """What all values are; text where they differ."""
        kinds = self._kinds.get(named.name, set())
        if len(kinds) == 1:
            return next(iter(kinds))
        return "number" if kinds and kinds <= _NUMBERS and "decimal" not in kinds else "string"

    def _json_schema(self) -> dict[str, Any]:
        properties = {
            f.name: {"anyOf": [{"type": "null"}, _in_json(self._kinds.get(f.name, set()))], **_described(f)}
            for f in self.fields
        }
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.name,
            "type": "array",
            "items": {
                "type": "object",
                "properties": properties,
                "required": [f.name for f in self.fields],
                "additionalProperties": False,
            },
        }


def _kind(value: Any) -> str:
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "string" if _is_text(value) else "any")


def _is_text(value: Any) -> bool:
    return not isinstance(value, Mapping | list | tuple | set | frozenset)


def _in_json(kinds: set[str]) -> dict[str, Any]:
    if "any" in kinds:
        return {}
    ways = {json.dumps(_IN_JSON.get(kind, {"type": "string"})) for kind in kinds or {"string"}}
    found = [json.loads(way) for way in sorted(ways)]
    return found[0] if len(found) == 1 else {"anyOf": found}


def _described(named: Field) -> dict[str, Any]:
    """Our own words begin with `x-`, as both kinds of schema let pass."""
    source = {"x-source": named.source.value} if named.source else {}
    return {"x-categories": list(named.categories), **source}


def file_names(data_map: DataMap) -> dict[str, str]:
    """By path of the collection. The dataset is part of the name only where two tables share theirs."""
    paths = [c.path for c in data_map.collections()]
    short = [path.rpartition(".")[2].lower() for path in paths]
    names = [path if short.count(s) > 1 else path.rpartition(".")[2] for path, s in zip(paths, short, strict=True)]
    return {path: _UNSAFE.sub("_", name) for path, name in zip(paths, names, strict=True)}
