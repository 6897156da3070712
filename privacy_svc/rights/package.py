"""What a person is given: a zip of JSON, CSV and a page to read. Pure and deterministic.

The same content gives the same bytes, so that two builds can be compared. The zip is a Data Package
(https://datapackage.org): `datapackage.json` describes its tables, `manifest.json` names every file with its sum.
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from privacy_svc.rights.spool import Spool
from privacy_svc.rights.tables import Table, plain

_ALWAYS = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold: real times would make equal packages differ."""


def to_json(value: Any) -> Spool:
    return Spool(msgspec.json.format(msgspec.json.encode(plain(value)), indent=2).decode() + "\n")


def pack(tables: Sequence[Table], more: Mapping[str, Spool], about: Mapping[str, Any]) -> bytes:
    """`about` goes into the manifest; of it `title` and `as_of` into the Data Package as well."""
    files = dict(more)
    for table in tables:
        files |= table.files()
    if tables:  # a Data Package of nothing is none
        files["datapackage.json"] = to_json(_data_package(tables, about))
    listed = [{"path": n, "bytes": files[n].size, "sha256": files[n].sha256} for n in sorted(files)]
    manifest = to_json({**about, "files": listed})
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in [("manifest.json", manifest), *sorted(files.items())]:
            _write(target, name, content)
    return archive.getvalue()


def _data_package(tables: Sequence[Table], about: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "profile": "tabular-data-package",
        "name": "personal-data",
        "title": about.get("title", "Personal data"),
        "created": about.get("as_of"),
        "description": (
            "A text that a spreadsheet would run as a formula starts with an apostrophe here. "
            "The JSON file of the same name has the exact value."
        ),
        "resources": [table.resource() for table in tables],
    }


def _write(archive: zipfile.ZipFile, name: str, content: Spool) -> None:
    entry = zipfile.ZipInfo(name, _ALWAYS)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    entry.create_system = 3
    entry.file_size = content.size
    with archive.open(entry, "w") as target:
        for piece in content.pieces():
            target.write(piece)
