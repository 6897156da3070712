"""Which folder is the log's record outside the database: it is given an id when it begins, which the database knows.

A second machine that looks for the record in a folder of its own, by mistake, is told so by this from the first entry
on, when nothing was signed yet that the folder could lack.
"""

import os
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.keyfiles import sync_folder
from privacy_svc.auditlog.model import Tree
from privacy_svc.db import new_id

FILE = "id"
_KNOWN = select(Tree.record_id).where(Tree.id == 1)


def known(session: Session) -> str | None:
    return session.connection().scalar(_KNOWN)


def begin(tree: Tree, folder: Path) -> None:
    """From now on this folder is the record, where the database knows of none. `tree`: the log's row, locked. One with
    entries has its MAC first: where the record has an id, a row without one has lost it (tree_check.py)."""
    if tree.record_id is None and (tree.size == 0 or tree.mac is not None):
        tree.record_id = read(folder) or write(folder, new_id())


def is_another(session: Session, folder: Path) -> bool:
    told = known(session)
    return told is not None and told != read(folder)


def read(folder: Path) -> str:
    """Empty where there is none."""
    try:
        return (folder / FILE).read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return ""


def write(folder: Path, record_id: str) -> str:
    """Whole, and on disk when it returns."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    following = folder / f"{FILE}-next"
    with os.fdopen(os.open(following, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(record_id + "\n")
        file.flush()
        os.fsync(file.fileno())
    following.replace(folder / FILE)
    sync_folder(folder)
    return record_id
