"""The vault: subjects come into being with their keys, are opened, and are erased."""

import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.db import Database, among, new_id, now
from privacy_svc.errors import Conflict, Erased, NotFound
from privacy_svc.vault import (
    epochs,
    erasure,
    evidence,
    indexroots,
    opening,
    provisioning,
    reinstating,
    restoring,
    rotation,
    scrubbing,
    snapshot,
    status,
    suppression,
    undone,
)
from privacy_svc.vault.cipher import SubjectCipher
from privacy_svc.vault.epochs import Schedule
from privacy_svc.vault.errors import Tampered
from privacy_svc.vault.index import BlindIndex
from privacy_svc.vault.lease import Lease, LeasedKeys
from privacy_svc.vault.ledger import Kind, Ledger, Line, note
from privacy_svc.vault.model import Fence, IndexRoot, LedgerEntry, PageKey, RootEpoch, Subject
from privacy_svc.vault.pages import Pages, current_epoch
from privacy_svc.vault.providers import KeyProvider

DATA, EVIDENCE = erasure.DATA, erasure.EVIDENCE
CHUNK = 500
MANY = 5_000
"""People whose keys are asked for in one statement."""
_HELD = select(Subject.id).where(among(Subject.id, "ids")).order_by(Subject.id).with_for_update(read=True)
_HELD_ERASED = _HELD.where(Subject.erased_at.is_not(None))


_ORGANISATION = "vault.organisation"
_KEPT = "vault.kept"
GUARD_SECONDS = 5.0
SETTLED = timedelta(minutes=1)


@dataclass
class _Kept:
    """Of a transaction that asked for it (`keep_keys`): keys that were opened, by use and person, and who is held."""

    keys: dict[tuple[str, str], SubjectCipher] = field(default_factory=dict)
    held: set[tuple[str, bool]] = field(default_factory=set)


class Vault:
    """`organisation` is bound into every sealed value; a phone number without country code is one of `region`."""

    def __init__(
        self,
        provider: KeyProvider,
        organisation: str,
        ledger: Ledger,
        *,
        region: str = "DE",
        schedule: Schedule = Schedule(),  # noqa: B008 - immutable
        lease: Lease = Lease(),  # noqa: B008 - the same
    ) -> None:
        self.organisation, self.region, self.ledger, self.schedule = organisation, region, ledger, schedule
        self.provider = provider
        self._organisation_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"privacy-svc:{organisation}"))
        self._organisation_seen = False
        self.guarded = False
        """Whether the ledger is looked at while serving; the composed service turns it on."""
        self._look_again = 0.0
        self._looked_to = 0
        self._leased = LeasedKeys(lease)
        self.pages = Pages(provider, organisation, self._leased)
        self._indexes: dict[tuple[int, int, str], BlindIndex] = {}

    def __repr__(self) -> str:
        return f"Vault({self.organisation!r})"

    def register(self, session: Session) -> None:
        """At the start: the provider's root epochs are those we know of. Raises KeyUnavailable when one is missing."""
        epochs.register(session, self.provider)

    @staticmethod
    def in_use(session: Session) -> bool:
        """Whether the database holds wrapped keys."""
        return indexroots.exists(session)

    # People and their keys

    def create_subject(self, session: Session, kind: str = "customer", subject_id: str | None = None) -> Subject:
        """A person with keys, under a new or the given id. Raises Erased for a fenced id, Conflict for a known one."""
        if subject_id is None:
            return session.get_one(Subject, self.create_subjects(session, 1, kind)[0])
        if session.get(Fence, subject_id) is not None:
            raise Erased("This person was erased and comes back only by explicit re-admission.")
        if session.get(Subject, subject_id) is not None:
            raise Conflict("There is a subject with this id already.")
        provisioning.create(session, self.pages, self.organisation, kind, [subject_id])
        return session.get_one(Subject, subject_id)

    def create_subjects(self, session: Session, count: int, kind: str = "customer") -> list[str]:
        """The same of many new ones; their ids."""
        ids = [new_id() for _ in range(count)]
        provisioning.create(session, self.pages, self.organisation, kind, ids)
        return ids

    def readmit(self, session: Session, subject_id: str) -> Subject:
        """An erased person comes back, with a new key; see `provisioning.readmit`."""
        self._forget_keys(session)
        return provisioning.readmit(session, self.pages, self.organisation, subject_id)

    def cipher(self, session: Session, subject_id: str, use: str = DATA) -> SubjectCipher:
        """Raises Erased for a destroyed key, KeyUnavailable when the provider is away, NotFound for no such subject."""
        found = self.ciphers(session, [subject_id], use)
        if subject_id in found:
            return found[subject_id]
        if session.get(Subject, subject_id) is None:
            raise NotFound("There is no such subject.")
        fence = session.get(Fence, subject_id)
        if fence is None or (use == EVIDENCE and fence.evidence_ended_at is None):
            raise Tampered("A subject's key was taken away without an erasure.")
        if use == EVIDENCE:
            raise Erased("What was kept of this erased person as evidence has met its end too.")
        raise Erased("This person's data were erased.")

    def ciphers(self, session: Session, subject_ids: Iterable[str], use: str = DATA) -> dict[str, SubjectCipher]:
        """The same for many; erased and unknown ones are absent. One statement for each 5,000. Raises Restored when the
        database, or rows of erased people in it, were put back into the past under a running service."""
        self._guard(session)
        wanted = list(dict.fromkeys(subject_ids))
        kept: _Kept | None = session.info.get(_KEPT)
        if kept is not None and all((use, i) in kept.keys for i in wanted):
            return {i: kept.keys[use, i] for i in wanted}
        uses = [use] if kept is None else list(dict.fromkeys((use, DATA, EVIDENCE)))
        beside = self._beside(session, wanted, uses)
        found: dict[str, SubjectCipher] = {}
        for start in range(0, len(wanted), MANY):
            chunk = [*wanted[start : start + MANY], *beside]
            opened = opening.of_uses(session, self.pages, self.organisation, chunk, use, uses)
            for ours in beside:
                if ours in opened[DATA]:
                    session.info[_ORGANISATION] = opened[DATA][ours]
            found.update((i, cipher) for i, cipher in opened[use].items() if i not in beside)
            if kept is not None:
                kept.keys.update(((u, i), cipher) for u, ciphers in opened.items() for i, cipher in ciphers.items())
        return found

    @staticmethod
    def keep_keys(session: Session) -> None:
        """From here on a key is opened once, to the end of this transaction or what destroys keys in it: for a short
        one about one person. What was opened before `hold` is opened again after it."""
        session.info[_KEPT] = _Kept()

    @staticmethod
    def _forget_keys(session: Session) -> None:
        kept: _Kept | None = session.info.get(_KEPT)
        if kept is not None:
            kept.keys.clear()

    def _beside(self, session: Session, wanted: Sequence[str], uses: Sequence[str]) -> list[str]:
        """The organisation, whose key most who open somebody's need too, for the log: in the same statement."""
        lacks = DATA in uses and self._organisation_seen and _ORGANISATION not in session.info
        return [self._organisation_id] if lacks and self._organisation_id not in wanted else []

    def _guard(self, session: Session) -> None:
        if self.guarded and time.monotonic() >= self._look_again:
            self.ledger.check(session, settled=SETTLED)
            self._looked_to = undone.look(session, self.ledger, self._looked_to, SETTLED)
            self._look_again = time.monotonic() + GUARD_SECONDS

    @staticmethod
    def hold(session: Session, subject_ids: Iterable[str], *, erased: bool = False) -> None:
        """Until this transaction ends, an erasure of these people waits, and the end of their evidence keys. SQLite
        lets only one transaction write at a time and needs no lock. `erased`: only of those who are."""
        if session.get_bind().dialect.name == "sqlite":
            return
        wanted, kept = sorted(subject_ids), cast("_Kept | None", session.info.get(_KEPT))
        if kept is not None and kept.held.issuperset((i, erased) for i in wanted):
            return
        session.execute(_HELD_ERASED if erased else _HELD, {"ids": wanted})
        if kept is not None and not session.in_nested_transaction():
            kept.held.update((i, erased) for i in wanted)
        Vault._forget_keys(session)

    def organisation_cipher(self, session: Session) -> SubjectCipher:
        """The organisation's own keys, as a subject like any other; made on first use, opened once a session: nothing
        erases or rotates them."""
        if _ORGANISATION not in session.info:
            session.info[_ORGANISATION] = self._organisation_cipher(session)
            self._organisation_seen = True
        cipher: SubjectCipher = session.info[_ORGANISATION]
        return cipher

    def _organisation_cipher(self, session: Session) -> SubjectCipher:
        subject_id = self._organisation_id
        if session.get(Subject, subject_id) is None:
            try:
                with session.begin_nested():
                    self.create_subject(session, rotation.ORGANISATION, subject_id)
            except (IntegrityError, Conflict):
                pass  # another process made it at the same moment; it is there now
        return self.cipher(session, subject_id)

    # Erasure

    def erase(
        self,
        session: Session,
        subject_id: str,
        *,
        request_id: str | None = None,
        about: Mapping[str, Any] | None = None,
        later: bool = False,
    ) -> erasure.ErasedKeys:
        """Destroy the person's data key in this transaction; see `erasure.erase`. `about` goes into the ledger: what
        repeating the erasure after a restore needs to know, no personal data. `later`: the page key is left to
        `replace_due`."""
        done = erasure.erase(session, self.pages, self.organisation, subject_id, request_id, about or {}, later=later)
        self._forget_keys(session)
        return done

    def replace_due(self, session: Session, limit: int = 8) -> int:
        """Replace some of the page keys that an erasure could not, because the provider was away. Returns how many."""
        return erasure.replace_due(session, self.pages, self.organisation, limit)

    def replace_all_due(self, database: Database) -> None:
        """The same until nothing is left that can be."""
        while True:
            with database.write() as session:
                if not self.replace_due(session):
                    return

    def backups_by(self, session: Session, subject_id: str) -> datetime | None:
        """When this erased person is out of reach of every backup; None while the page key is still to be replaced."""
        replaced = session.scalar(select(Fence.page_replaced_at).where(Fence.subject_id == subject_id))
        if replaced is None:
            return None
        return epochs.backups_by(session, self.schedule, self.provider.destruction_delay, replaced)

    # The evidence key of an erased person

    @staticmethod
    def keep_evidence(session: Session, subject_id: str, until: datetime) -> None:
        """When it is to end: then, or on the later date that was said before."""
        evidence.keep(session, subject_id, until)

    @staticmethod
    def evidence_until(session: Session, subject_id: str) -> datetime | None:
        """None where the person is not erased."""
        return session.scalar(select(Fence.evidence_until).where(Fence.subject_id == subject_id))

    @staticmethod
    def undated_evidence(session: Session) -> list[Fence]:
        """Erased people whose evidence key has no end yet: their erasure is from before there was one."""
        return list(evidence.undated(session))

    @staticmethod
    def evidence_over(session: Session, at: datetime) -> list[tuple[str, datetime]]:
        """Erased people whose evidence key should have ended by then, with the date; the oldest first."""
        return evidence.over(session, at)

    @staticmethod
    def hold_evidence(session: Session, subject_id: str) -> Fence | None:
        """The person's fence, whose evidence key nobody uses until the transaction ends; None where it has ended, or
        the person came back."""
        return evidence.lock(session, subject_id)

    def end_evidence(self, session: Session, fence: Fence) -> None:
        """Destroy the key, held by `hold_evidence`; `replace_due` then replaces its page key."""
        evidence.end(session, self.pages, fence)
        self._forget_keys(session)

    @staticmethod
    def keyless(session: Session, subject_ids: Iterable[str]) -> set[str]:
        """Those of them who have no key left at all, rightly."""
        return evidence.ended(session, list(subject_ids))

    # Rotation

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

    # After a restore

    def relearn_keys(self, session: Session) -> tuple[list[Line], restoring.Recovered]:
        """What the ledger has and a restored database lacks, and everybody's keys as far as they can be had; the
        lines are still to be repeated. Raises Misconfigured, KeyUnavailable."""
        self.ledger.number(session)
        lines = self.ledger.missing(session)
        restoring.end_epochs(session, self.pages, lines)
        return lines, restoring.recover_keys(session, self.organisation, self.ledger.folder)

    def repeat(self, session: Session, line: Line) -> None:
        """One of those lines; see `restoring.repeat`."""
        restoring.repeat(session, self.pages, self.organisation, line)

    # After single rows were put back

    def refuse_undone(self, session: Session) -> None:
        """At the start. Raises Restored where an erasure of the ledger does not hold in the database."""
        undone.refuse(session, self.ledger)

    def undone(self, session: Session) -> set[str]:
        """Erased people whose erasure, or whose evidence key's end, does not hold in the database."""
        return undone.undone(session, self.ledger)

    def told_of_undone(self, session: Session) -> list[reinstating.Told]:
        """The same, with what the ledger tells of each; its whole chain is checked. Raises Misconfigured."""
        people = self.undone(session)
        return reinstating.told(self.ledger.lines(), people) if people else []

    def reinstate(self, session: Session, person: reinstating.Told) -> None:
        """Erase again; see `reinstating.reinstate`."""
        reinstating.reinstate(session, self.pages, person)

    # Addresses that are not to be used again

    def address_hasher(self, session: Session, *, write: bool = False) -> suppression.AddressHasher:
        """Under the suppression keys; `write` for who notes an address, which makes the first key."""
        organisation = self.organisation_cipher(session).subject_id
        mine = (self.pages, self.organisation, organisation)
        keys = suppression.living(session, mine)
        if write and not keys:
            suppression.add(session, mine, ())
            keys = suppression.living(session, mine)
        return suppression.AddressHasher(keys, self.region)

    @staticmethod
    def write_down_suppressed(session: Session, addresses: Iterable[suppression.AddressDigest]) -> None:
        """For the ledger outside the database: a restored one would forget whom not to write to. No person is named."""
        told = [[a.kind, a.generation, a.digest.hex()] for a in addresses]
        if told:
            note(session, Kind.SUPPRESSED, {"addresses": told})

    def next_suppression_key(self, session: Session) -> int:
        """What is noted from the commit on is under another key; what was noted before stays. Its generation."""
        mine = (self.pages, self.organisation, self.organisation_cipher(session).subject_id)
        suppression.add(session, mine, list(suppression.living(session, mine)))
        return max(suppression.living(session, mine))

    # Blind indexes

    def indexes(self, session: Session, field_id: int, normaliser: str, *, hold: bool = False) -> dict[int, BlindIndex]:
        """By generation: one, or two while the index is rebuilt. `hold` for who writes entries."""
        roots = self.index_roots(session, hold=hold)
        return {root.generation: self._index(root, field_id, normaliser) for root in roots}

    @staticmethod
    def index_roots(session: Session, *, hold: bool = False) -> list[IndexRoot]:
        """The living generations, read once a transaction."""
        known: list[IndexRoot] | None = session.info.get("index_roots")
        if known is None or (hold and not session.info.get("index_roots_held")):
            known = indexroots.living(session, hold=hold)
            session.info["index_roots"], session.info["index_roots_held"] = known, hold
        return known

    def _index(self, root: IndexRoot, field_id: int, normaliser: str) -> BlindIndex:
        name, place = f"index {root.generation}", (root.generation, field_id, normaliser)
        key = self._leased.valid(name)
        if key is None:
            key = self._leased.renew(name, partial(indexroots.unwrap, root, self.provider, self.organisation))
        if place not in self._indexes:
            self._indexes[place] = BlindIndex(key, field_id, normaliser, self.region)
        return self._indexes[place]

    def create_index_root(self, session: Session) -> None:
        """Once, at `init`, before anything is indexed. Raises Conflict when there is one."""
        if indexroots.exists(session):
            raise Conflict("There is a blind index root already.")
        indexroots.create(session, self.provider, self.organisation, complete=True)

    def next_index_generation(self, session: Session) -> int:
        """From the commit on entries of both generations are written; the new one is still to be filled."""
        return indexroots.create(session, self.provider, self.organisation, complete=False).generation

    def complete_index(
        self, session: Session, behind: Callable[[Session, int], int], drop_before: Callable[[Session, int], None]
    ) -> None:
        """The older generation's entries and key go. Raises Conflict while an entry of it stands alone."""
        indexroots.complete(session, behind, drop_before)

    # What operators see

    def status(self, session: Session) -> status.KeyStatus:
        waiting = select(func.count()).select_from(LedgerEntry).where(LedgerEntry.number.is_(None))
        return status.status(session, self.provider, self.schedule, session.scalar(waiting) or 0)

    def check(self, session: Session) -> None:
        """The provider answers and opens the newest page. Raises KeyUnavailable, Restored; for the health page."""
        epoch = current_epoch(session)
        page = session.scalars(select(PageKey).where(PageKey.epoch == epoch).limit(1)).first()
        if page is not None:
            self.pages.probe(page)
        self.ledger.check(session)

    @staticmethod
    def erased_at(session: Session, subject_id: str) -> datetime | None:
        return session.scalar(select(Subject.erased_at).where(Subject.id == subject_id))
