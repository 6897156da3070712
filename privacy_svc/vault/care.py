"""The vault's part about new keys for old: root epochs, page keys, people's data keys."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.db import Database, now
from privacy_svc.vault import epochs, erasure, rotation, scrubbing, snapshot
from privacy_svc.vault.ledger import Kind, note
from privacy_svc.vault.model import PageKey, RootEpoch
from privacy_svc.vault.people import People

CHUNK = 500


class Care(People):
    """What workers and operators have done."""

    def roll_epoch(self, database: Database) -> int:
        """A new root epoch, and everything moved under it, in batches; then the key tables are written down outside the
        database. A run that was broken off is completed by the next. Returns the epoch."""
        with database.write() as session:
            epoch = epochs.roll(session, self.provider)
        self.move_pages(database)
        return epoch

    def move_pages(self, database: Database) -> int:
        """What older epochs still wrap moves under the newest. Returns how many keys moved."""
        moved = 0
        while True:
            with database.write() as session:
                batch = epochs.move_pages(session, self.pages, self.organisation)
            if not batch:
                break
            moved += batch
        self.keep_snapshot(database, anew=bool(moved))
        if moved:
            scrubbing.scrub(database, rewrite=False)
        self.ledger.export(database)
        return moved

    def keep_snapshot(self, database: Database, *, anew: bool = False) -> None:
        """The copy of the key tables is of the newest epoch, also after a run that ended before it was written."""
        with database.read() as session:
            newest = epochs.newest(session)
        if anew or (newest > 1 and snapshot.epoch_of(self.ledger.folder) != newest):
            snapshot.write(database, self.ledger.folder, self.organisation)

    def destroy_epoch(self, database: Database, epoch: int) -> RootEpoch:
        """Final: backups of the key tables from before the epoch's end cannot be opened any more."""
        with database.write() as session:
            epochs.order_destruction(session, epoch)
        self.keep_snapshot(database)
        with database.write() as session:
            done = epochs.destroy(session, self.provider, epoch)
        self.ledger.export(database)
        return done

    def keep_schedule(self, database: Database) -> tuple[int | None, list[int]]:
        """Rolls and destroys what is due: the epoch begun and those destroyed. For the worker."""
        with database.write() as session:
            due = epochs.due(session, self.schedule, now())
            rolled = epochs.roll(session, self.provider) if due else None
        self.move_pages(database)
        with database.read() as session:
            over = epochs.destroyable(session, self.schedule, now())
        return rolled, [self.destroy_epoch(database, epoch).epoch for epoch in over]

    def scrub(self, database: Database, *, rewrite: bool = False) -> None:
        """Old copies of key rows leave the database's files, see `scrubbing.scrub`; with `rewrite` the copy of the key
        tables outside of it as well."""
        scrubbing.scrub(database, rewrite=rewrite)
        self.keep_snapshot(database, anew=rewrite)

    def replace_old_pages(self, database: Database, older_than: datetime) -> int:
        """New page keys for all pages whose key was made before this instant, in batches. Returns how many."""
        replaced = 0
        while True:
            with database.write() as session:
                batch = self._replace_pages(session, older_than)
            if not batch:
                return replaced
            replaced += batch

    def _replace_pages(self, session: Session, older_than: datetime, limit: int = 8) -> int:
        old = select(PageKey).where(PageKey.created_at < older_than).order_by(PageKey.id).limit(limit)
        found = session.scalars(old.with_for_update(skip_locked=True).execution_options(populate_existing=True)).all()
        for page in found:
            erasure.replace_page(session, self.pages, self.organisation, page)
        return len(found)

    def next_generation(self, session: Session, subject_ids: Iterable[str]) -> int:
        """A newer data key for each of them; see `rotation`."""
        self._forget_keys(session)
        return rotation.next_generation(session, self.pages, self.organisation, list(subject_ids))

    def write_down(self, database: Database) -> None:
        """New keys, outside the database before anything depends on them, and that there are some: a database from
        before would otherwise look whole and open nothing."""
        snapshot.write(database, self.ledger.folder, self.organisation)
        with database.write() as session:
            note(session, Kind.KEYS_ROTATED, {})
        self.ledger.export(database)

    def outdated(self, session: Session, before: datetime, limit: int) -> list[str]:
        """People whose data key was made before this instant, and who have no older one beside it."""
        return rotation.older_than(session, before, limit)

    def rotating(self, session: Session, limit: int, after: str = "") -> list[str]:
        """People, by id, who still have an older data key beside their newest."""
        return rotation.with_older(session, limit, after)

    def retirable(self, session: Session, before: datetime) -> bool:
        """Whether somebody has an older data key, and a newest one made before this instant."""
        return bool(rotation.settled(session, rotation.with_older(session, CHUNK), before))

    def retire_older(self, session: Session, subject_ids: Iterable[str], before: datetime) -> int:
        """Destroy the older data keys of those whose newest was made before this instant; the caller has seen that
        nothing needs them. Returns how many keys."""
        self._forget_keys(session)
        return rotation.retire_older(session, self.pages, rotation.settled(session, subject_ids, before))
