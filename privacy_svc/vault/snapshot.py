"""The key tables, written down outside the database each time the root key rolls: wrapped keys only.

A backup from before a destroyed epoch holds page keys that nothing opens any more. The people who were not erased
are given their keys back from here: the same keys, wrapped under an epoch that lives. One JSON array a line: `page`s
before the `key`s on them. About 200 bytes a key.
"""

import base64
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from privacy_svc.db import Database
from privacy_svc.errors import Misconfigured
from privacy_svc.vault.model import IndexRoot, PageKey, RootEpoch, SubjectKey

FILE = "keys.jsonl"
PAGE, INDEX, KEY = "page", "index", "key"
_NEWEST = select(func.max(RootEpoch.epoch)).where(RootEpoch.retired_at.is_(None))
_PAGE = (PageKey.id, PageKey.page, PageKey.generation, PageKey.epoch, PageKey.wrapped, PageKey.subjects)
_INDEX = (IndexRoot.generation, IndexRoot.epoch, IndexRoot.wrapped, IndexRoot.complete)
_KEY = (
    SubjectKey.subject_id,
    SubjectKey.use,
    SubjectKey.generation,
    SubjectKey.page_key_id,
    SubjectKey.wrapped,
    SubjectKey.commitment,
)


def write(database: Database, folder: Path, organisation: str) -> int:
    """The whole file anew, in its place only when it is whole and on disk. Returns the number of keys."""
    draft = folder / f".{FILE}.{os.urandom(8).hex()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        count = _fill(descriptor, database, organisation)
        draft.replace(folder / FILE)
    finally:
        draft.unlink(missing_ok=True)
    return count


def _fill(descriptor: int, database: Database, organisation: str) -> int:
    count = 0
    with os.fdopen(descriptor, "w", encoding="ascii") as file, _one_moment(database) as connection:
        epoch = connection.execute(_NEWEST).scalar_one_or_none()
        file.write(json.dumps(["snapshot", 2, organisation, epoch]) + "\n")
        for kind, columns in ((PAGE, _PAGE), (INDEX, _INDEX), (KEY, _KEY)):
            statement = select(*columns).execution_options(yield_per=2000)
            for row in connection.execute(statement):
                file.write(json.dumps([kind, *map(_plain, row)]) + "\n")
                count += kind == KEY
        file.flush()
        os.fsync(file.fileno())
    return count


def epoch_of(folder: Path) -> int | None:
    """The root epoch that was the newest when the file was written; None where that is not known."""
    path = folder / FILE
    if not path.exists():
        return None
    with path.open(encoding="ascii") as file:
        head = json.loads(next(file, "null"))
    return head[3] if isinstance(head, list) and len(head) == 4 else None


def read(folder: Path, organisation: str) -> Iterator[tuple[str, list[Any]]]:
    """(kind, values) in the order of the columns; nothing where no epoch was ever rolled. Raises Misconfigured."""
    path = folder / FILE
    if not path.exists():
        return
    with path.open(encoding="ascii") as file:
        head = json.loads(next(file, "null"))
        if not isinstance(head, list) or head[:3] not in (["snapshot", n, organisation] for n in (1, 2)):
            raise Misconfigured(f"{path} is not a key snapshot of {organisation!r}.")
        for line in file:
            kind, *values = json.loads(line)
            yield kind, [base64.b64decode(v["b"]) if isinstance(v, dict) else v for v in values]


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return {"b": base64.b64encode(value).decode()}
    return value.isoformat() if isinstance(value, datetime) else value


def _one_moment(database: Database) -> Connection:
    """All statements see one state: a page replaced between two of them would leave keys without their page."""
    engine = database.engine
    level = "REPEATABLE READ" if engine.dialect.name == "postgresql" else None
    return engine.connect().execution_options(isolation_level=level) if level else engine.connect()
