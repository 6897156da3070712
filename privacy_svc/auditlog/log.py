"""The log as the other rooms use it: append in their transaction, search, prove, verify."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.auditlog import (
    appending,
    crowds,
    erasing,
    halting,
    outside,
    proving,
    pruning,
    record_id,
    retention,
    rotating,
    searching,
    sequencer,
    stored_checkpoints,
    stored_members,
    tree_row,
    waiting,
    whom,
)
from privacy_svc.auditlog.appending import NONE, Ciphers, Event, GroupEvent
from privacy_svc.auditlog.background import Integrator
from privacy_svc.auditlog.erasing import Theirs
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.exporting import export
from privacy_svc.auditlog.gathering import People
from privacy_svc.auditlog.members import Membership
from privacy_svc.auditlog.mirror import Mirror
from privacy_svc.auditlog.opening import DATA, EVIDENCE
from privacy_svc.auditlog.progress import Progress, unseen
from privacy_svc.auditlog.relearning import Over, Relearned, relearn
from privacy_svc.auditlog.retention import Held, nobody
from privacy_svc.auditlog.searching import EntryView, Placed, Wanted
from privacy_svc.auditlog.sharing import share
from privacy_svc.auditlog.signer import Signer
from privacy_svc.auditlog.told import Told, told
from privacy_svc.auditlog.unsaid import Unsaid, unsaid
from privacy_svc.auditlog.untold import untold_erasures
from privacy_svc.auditlog.verify import Report, verify
from privacy_svc.auditlog.witness import Witness
from privacy_svc.db import Database, now
from privacy_svc.vault import Vault


class Log:
    """One log. `export` is the append-only file of checkpoints outside the database; the leaves are mirrored beside."""

    def __init__(self, vault: Vault, signer: Signer, export: Path, witness: Witness | None = None) -> None:
        self.vault, self.signer, self.export, self.witness = vault, signer, export, witness
        self.mirror = Mirror(export.parent / "entries")
        self._integrator = Integrator(self)

    def __repr__(self) -> str:
        return f"Log({self.signer.name!r})"

    def append(
        self,
        session: Session,
        type: EventType,  # noqa: A002 - the field's own word
        *,
        actor: str,
        subject_id: str | None = None,
        payload: Mapping[str, Any],
        evidence: bool = False,
        ciphers: Ciphers = NONE,
    ) -> str:
        """Write an entry in the caller's transaction; returns its id. It enters the tree after the commit.

        `evidence` seals the payload with the key that outlives an erasure, for what a legal claim may need.
        """
        event = Event(type, subject_id, payload)
        return self.append_many(session, [event], actor=actor, evidence=evidence, ciphers=ciphers)[0]

    def append_many(
        self, session: Session, events: Sequence[Event], *, actor: str, evidence: bool = False, ciphers: Ciphers = NONE
    ) -> list[str]:
        """The same for several, with one look at their keys. An erased person's entries use the evidence key; where
        that has ended too, they are about nobody."""
        ids = appending.append(session, self.vault, events, actor, evidence=evidence, ciphers=ciphers)
        self._integrator.wake_after(session)
        return ids

    def append_group(self, session: Session, event: GroupEvent, *, actor: str, ciphers: Ciphers = NONE) -> str:
        """One entry about many people, each of whom finds it, and can prove being in it (`membership`)."""
        entry_id = appending.append_group(session, self.vault, event, actor, ciphers)
        self._integrator.wake_after(session)
        return entry_id

    def append_people(
        self, session: Session, kind: EventType, people: People, payload: Mapping[str, Any], *, actor: str
    ) -> str:
        """The same about people who were gathered, in any number. Raises Conflict when their month is over."""
        entry_id = appending.append_people(session, self.vault, kind, people, payload, actor)
        self._integrator.wake_after(session)
        return entry_id

    def make_tags_ahead(self, session: Session) -> int:
        """In a month's last days, some of what the next month's first audience would have to make of each person.
        How many; in small pieces, because others wait."""
        return crowds.make_ahead(session, self.vault, now())

    def integrate(self, database: Database, *, patient: bool = False) -> int:
        """Bring what waits into the tree, sign and export; returns how many entries. Any process may call it. A
        `patient` one leaves it to a later call to sign, where that was done within a second (`all_signed`)."""
        if self.signer.rotating:
            rotating.resume(self, database)
        done = sequencer.integrate(database, self.vault, self.signer, self.export, self.mirror, patient=patient)
        if self.signer.rotating:
            rotating.finish(self, database)
        return done

    def all_signed(self, database: Database) -> bool:
        """Whether the newest checkpoint is of all entries of the tree."""
        return sequencer.all_signed(database)

    def rotate_key(self, database: Database, *, actor: str, reason: str) -> None:
        """A new signing key takes over; see `rotating.rotate`."""
        rotating.rotate(self, database, actor=actor, reason=reason)

    def relearn(self, session: Session, before: datetime | None, held: Collection[str], *, actor: str) -> Relearned:
        """After a restore: the entries since the backup, from outside the database. What was pruned since goes again,
        where it is older than `before` and about nobody `held`. Raises LogInconsistent."""
        found = relearn(session, self.vault, self.export, self.mirror, self.signer, Over(before, held))
        if found.until > found.first or found.cut:
            self.append(session, EventType.LOG_RELEARNED, actor=actor, payload=found.to_payload())
        if found.pruned:
            self.append(session, EventType.LOG_PRUNED, actor=actor, payload=found.pruned)
        return found

    def untold_erasures(self, session: Session, erased: Mapping[str, datetime]) -> int:
        """How many erasures only the log knows of; see `untold`."""
        return untold_erasures(session, self.vault, erased)

    def unsaid(self, session: Session, kinds: Collection[EventType]) -> list[Unsaid]:
        """Who said something after a backup that was restored; see `unsaid`."""
        return unsaid(session, kinds)

    def lacks(self, database: Database) -> int:
        """How many entries are outside that the database does not have: it was put back into the past. Raises
        LogInconsistent."""
        return outside.database_lacks(database, self.export, self.mirror)

    def record_is_elsewhere(self, session: Session) -> bool:
        """Whether this process looks at another folder than the one that all is exported to."""
        return outside.is_elsewhere(session, self.export, self.mirror)

    def begin_record(self, session: Session) -> None:
        """This folder is the record from now on, where the database knows of none."""
        if record_id.known(session) is None:
            record_id.begin(tree_row.locked(session), self.export.parent)

    def record_lacks(self, session: Session) -> str:
        """What the record outside the database should have and has not, in words."""
        return outside.outside_lacks(session, self.export, self.mirror)

    def start(self, database: Database) -> None:
        """Integrate in the background of this process, within a quarter of a second of an entry's commit."""
        self._integrator.start(database)

    def wake(self) -> None:
        """Integrate soon, e.g. what another process has written."""
        self._integrator.wake()

    def stop(self) -> None:
        self._integrator.stop()

    def backlog(self, session: Session) -> waiting.Backlog:
        return waiting.backlog(session)

    def checkpoint(self, session: Session) -> str:
        """The newest checkpoint that is exported, with what our witness has said of it. Raises NotFound where there is
        none."""
        return proving.checkpoint(self, session)

    def published(self, session: Session) -> int:
        """Of how many entries the newest checkpoint is that is exported: what lies beyond may still be rolled back."""
        found = stored_checkpoints.last_published(session, self.export)
        return found.size if found else 0

    def ask_witness(self, database: Database) -> int | None:
        """Have the newest checkpoint cosigned, where there is a witness; see `witness.submit`. Where it has seen
        another log, this one is halted."""
        return halting.ask_witness(self, database)

    def halted(self, session: Session) -> str | None:
        """Why nothing is signed until a person has looked."""
        return halting.halted(session)

    def resume(self, database: Database, reason: str, *, actor: str) -> str:
        """Sign again, after a person has looked; also where somebody took the halt out of the database. Where the
        record outside was cut or lost, it is written anew from the database; returns what it lacked. Raises Conflict
        where nothing holds the log up."""
        return halting.resume(self, database, reason, actor)

    def proof(self, session: Session, index: int) -> str:
        """The `.tlog-proof` of an entry against the newest checkpoint, with the entry as its `extra`. Raises NotFound,
        of which NotYet."""
        return proving.proof(self, session, index)

    def disclosed(self, session: Session, index: int) -> dict[str, Any] | None:
        """The payload of an entry and its salt, with which who has the proof sees what the entry commits to; None
        where its key is destroyed."""
        return proving.disclosed(self, session, index)

    def place_of(self, session: Session, entry: str) -> Placed | None:
        """Of an entry by its index or id. Its proof may yet have to wait."""
        return searching.place_of(session, entry)

    def looked_at(self, database: Database, actor: str, subject_id: str | None, what: Mapping[str, str]) -> None:
        """An entry that says so, durable before what was looked for is handed out. `subject_id`: whom it is about."""
        with database.write() as session:
            self.append(session, EventType.LOG_READ, actor=actor, subject_id=subject_id, payload=what)

    def people(self, session: Session, entry_id: str) -> dict[str, int]:
        """Those an entry about many is about and still names, with the number of their group."""
        return stored_members.named(session, entry_id)

    def members(self, session: Session, entry_ids: Sequence[str]) -> dict[str, list[whom.Told]]:
        """Of each entry about a few people: who, with the number of their group; None for each who was erased."""
        return whom.members(session, entry_ids)

    def crowds(self, session: Session, entry_ids: Sequence[str]) -> dict[str, list[str]]:
        """Those of the entries that are about crowds, by their month, for `in_crowds`."""
        return whom.crowds(session, entry_ids)

    def in_crowds(self, session: Session, month: str, entry_ids: Sequence[str]) -> Iterator[tuple[str, whom.Told]]:
        """Everybody in them, as `members` tells. Opens everybody's key once."""
        return whom.in_crowds(session, self.vault, month, entry_ids)

    def membership(self, session: Session, index: int, subject_id: str) -> Membership:
        """That this person is one of those an entry is about; to be checked with the entry's own proof.
        Raises NotFound."""
        return stored_members.membership(session, self.vault, index, subject_id)

    def group_of(self, session: Session, index: int, subject_id: str) -> int | None:
        """The number of this person's group in an entry about many; None where it is not about them."""
        return stored_members.group_of(session, self.vault, index, subject_id)

    def indices(self, session: Session, ids: Collection[str]) -> dict[str, int]:
        """The place in the tree of each of these entries; those that wait for one, or were pruned, are absent."""
        return searching.indices(session, ids)

    def search(  # noqa: PLR0913 - what one can search by
        self,
        session: Session,
        *,
        subject_id: str | None = None,
        type: str | None = None,  # noqa: A002 - the field's own word
        actor: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        after: int | None = None,
        limit: int = 50,
        types: tuple[EventType, ...] = (),
        about_people: bool = True,
    ) -> list[EntryView]:
        """`find` by keywords; below index `after`."""
        wanted = Wanted(subject_id, type, since, until, after, limit, actor, types)
        return self.find(session, wanted, about_people=about_people)

    def find(self, session: Session, wanted: Wanted, *, about_people: bool = True) -> list[EntryView]:
        """Entries of the tree, newest first. Payloads whose key lives are opened; without `about_people` only those
        about nobody. What waits in the outbox is found once it is in the tree."""
        return searching.find(session, self.vault, wanted, about_people=about_people)

    def told(self, session: Session, kinds: Collection[EventType], person: str | None = None) -> list[Told]:
        """What every entry of these types says, of everybody or about one; also those that wait. See `told`."""
        return told(session, self.vault, kinds, person)

    def export_entries(
        self, database: Database, wanted: Wanted | None = None, *, about_people: bool = True
    ) -> Iterator[str]:
        """Entries with proofs as lines of JSON; see `exporting.export`."""
        return export(self, database, wanted or Wanted(), about_people=about_people)

    def share(self, session: Session, subject_id: str) -> Iterator[str]:
        """Everything about one person, with proofs and without payloads, for themselves; see `sharing.share`."""
        return share(self, session, subject_id)

    def theirs(self, session: Session, subject_id: str, use: str = DATA) -> Theirs:
        """How this person's entries are recognised, for `erase_payloads`; ask before their key is destroyed."""
        return erasing.theirs(session, self.vault, subject_id, use)

    def erase_payloads(self, session: Session, person: Theirs, *, actor: str) -> int:
        """At erasure, in its transaction and after the key's end: tombstones take the place of payloads under the
        person's data key, and their entries no longer say who it was. One more entry says how many, and how many
        payloads were not those of their entries: they stay, for `verify` to tell.

        Entries keep their place and their proofs; those under the evidence key stay until its own end, when this is
        asked again with what `theirs` says of that key.
        """
        gone = erasing.erase(session, self.vault, person)
        told = gone.to_payload()
        if person.use == EVIDENCE:
            told.pop("members")
            self.append(session, EventType.EVIDENCE_ENDED, actor=actor, payload=told)
        elif any(told.values()):
            self.append(session, EventType.PAYLOADS_ERASED, actor=actor, payload=told)
        return gone.entries

    def prunable(self, database: Database, before: datetime, held: Held = nobody) -> int:
        """How many entries `prune` would delete."""
        return retention.prunable(self, database, before, held)

    def caution(self, database: Database, count: int) -> str:
        """Why a person should look before so many are pruned, in words; see `pruning.caution`."""
        with database.read() as session:
            return pruning.caution(session, count, now())

    def prune(
        self,
        database: Database,
        before: datetime,
        held: Held = nobody,
        *,
        actor: str,
        automatic: bool = False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> int:
        """Delete entries whose retention is over; how many. See `retention.prune`. Raises LogInconsistent."""
        return retention.prune(self, database, before, held, actor, automatic=automatic, progress=progress)

    def verify(
        self,
        database: Database,
        known: str | None = None,
        progress: Progress = unseen,
    ) -> Report:
        """Recompute everything; `known` is a signed checkpoint somebody kept. See `verify.verify`."""
        return verify(self, database, known, progress)
