"""Built-in checks of keys and of the erasures that rest on them."""

import stat
from collections.abc import Iterator
from datetime import timedelta

from privacy_svc.audits.context import Context, Evidence

LATE = timedelta(hours=1)
"""The worker looks every half minute."""


def key_files_open_to_others(context: Context) -> Iterator[Evidence]:
    """Modes of the key folder and its files, as they are now. A key service elsewhere has no files to look at."""
    folder = context.run.settings.home / "keys"
    for path in [folder, *sorted(folder.glob("*"))] if folder.exists() else []:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Evidence(f"keys/{path.name}" if path != folder else "keys")


def erasures_undone(context: Context) -> Iterator[Evidence]:
    """The fence ledger, which lies outside the database, against its fences and keys, as they are now."""
    with context.run.database.read() as session:
        yield from map(Evidence, context.run.log.vault.undone(session))


def root_keys_overdue(context: Context) -> Iterator[Evidence]:
    """Root epochs that should have rolled, should be destroyed, or still wrap keys though they are retired, as now."""
    vault, at = context.run.log.vault, context.run.as_of
    with context.run.database.read() as session:
        found = vault.status(session).epochs
    for epoch in found:
        if epoch.destroyed_at is not None:
            continue
        due = epoch.created_at + vault.schedule.every if epoch.retired_at is None else epoch.destroy_at
        still_wraps = epoch.retired_at is not None and epoch.page_keys + epoch.index_roots > 0
        if still_wraps or (due is not None and due < at - LATE):
            yield Evidence(f"epoch:{epoch.epoch}", due)


KEY_CHECKS = {f.__name__: f for f in (key_files_open_to_others, erasures_undone, root_keys_overdue)}
