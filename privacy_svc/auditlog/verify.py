"""Verification of the whole log from what is stored, against every checkpoint ever signed or exported.

1. Entries have the indices 0, 1, 2 … and each column agrees with its leaf.
2. The recomputed tree has the stored tiles and size.
3. At each checkpoint's size, signed or exported or kept by somebody, the tree has the checkpoint's root.
4. A payload that opens fits its commitment. One that is missing was erased by an entry that says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.checkpoint import Checkpoint, open_checkpoint
from privacy_svc.auditlog.entry import Envelope, fits, instant
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.merkle import EMPTY_ROOT, Hash, leaf_hash, node_hash
from privacy_svc.auditlog.model import Entry, Payload, SignedCheckpoint, Tile, Tree
from privacy_svc.auditlog.note import NoteError
from privacy_svc.auditlog.sequencer import exported_notes
from privacy_svc.auditlog.tiles import HEIGHT, SIZE, WIDTH
from privacy_svc.db import Database
from privacy_svc.vault import Tampered

if TYPE_CHECKING:
    from privacy_svc.auditlog.log import Log

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind`: altered, missing, truncated, forked, unsigned, payload_altered or payload_missing."""

    kind: str
    detail: str
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """`erased`: entries whose payload an erasure took, as it should."""

    size: int
    root: str
    checkpoints: int
    erased: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return not self.findings


@dataclass
class _Tree:
    """The tree recomputed leaf by leaf: the complete subtrees so far, largest first, and the tiles as they grow."""

    size: int = 0
    peaks: list[tuple[int, Hash]] = field(default_factory=list)
    tiles: dict[tuple[int, int], bytearray] = field(default_factory=dict)

    def add(self, leaf: Hash) -> None:
        self._tile(0, self.size, leaf)
        level, value, index = 0, leaf, self.size
        while self.peaks and self.peaks[-1][0] == level:
            value = node_hash(self.peaks.pop()[1], value)
            level, index = level + 1, index >> 1
            if level % HEIGHT == 0:
                self._tile(level // HEIGHT, index, value)
        self.peaks.append((level, value))
        self.size += 1

    def _tile(self, level: int, index: int, value: Hash) -> None:
        self.tiles.setdefault((level, index // WIDTH), bytearray()).extend(value)

    def root(self) -> Hash:
        if not self.peaks:
            return EMPTY_ROOT
        value = self.peaks[-1][1]
        for _, left in reversed(self.peaks[:-1]):
            value = node_hash(left, value)
        return value


def verify(log: "Log", database: Database, known: str | None = None) -> Report:
    with database.read() as session:
        findings: list[Finding] = []
        checkpoints = _checkpoints(log, session, known, findings)
        tree, erased = _Tree(), 0
        claimed = _erased_entries(log, session)
        _compare(tree, checkpoints, findings)
        for entry, payload in _entries(session):
            if entry.index != tree.size:
                findings.append(
                    Finding("missing", f"entries {tree.size} to {entry.index - 1} are not there", tree.size)
                )
                break
            tree.add(leaf_hash(entry.leaf))
            findings.extend(_check_entry(entry))
            problem = _check_payload(log, session, entry, payload, claimed)
            erased += problem is None and payload is None
            findings.extend([problem] if problem else [])
            _compare(tree, checkpoints, findings)
        _compare_stored(session, tree, findings)
        largest = max(checkpoints, default=0)
        if largest > tree.size:
            findings.append(
                Finding("truncated", f"a checkpoint was signed for {largest} entries, {tree.size} are there")
            )
        return Report(tree.size, tree.root().hex(), sum(map(len, checkpoints.values())), erased, tuple(findings))


def _checkpoints(
    log: "Log", session: Session, known: str | None, findings: list[Finding]
) -> dict[int, list[tuple[str, Checkpoint]]]:
    found: dict[int, list[tuple[str, Checkpoint]]] = {}
    rows = session.execute(select(SignedCheckpoint.size, SignedCheckpoint.note)).all()
    sources = [("signed", note) for _, note in rows] + [("exported", n) for n in exported_notes(log.export)]
    for source, note in sources + ([("kept", known)] if known else []):
        try:
            checkpoint = open_checkpoint(note, log.signer.verifier)
            found.setdefault(checkpoint.size, []).append((source, checkpoint))
        except NoteError as error:
            findings.append(Finding("unsigned", f"a {source} checkpoint is not valid: {error}"))
    findings.extend(
        Finding("altered", f"the checkpoint stored for size {size} is of another size")
        for size, note in rows
        if f"\n{size}\n" not in note
    )
    return found


def _compare(tree: _Tree, checkpoints: dict[int, list[tuple[str, Checkpoint]]], findings: list[Finding]) -> None:
    for source, checkpoint in checkpoints.get(tree.size, ()):
        if checkpoint.root != tree.root():
            detail = f"the {source} checkpoint of {tree.size} entries has another root: history was rewritten"
            findings.append(Finding("forked", detail, tree.size - 1))


def _entries(session: Session) -> Iterator[tuple[Entry, Payload | None]]:
    after = -1
    while True:
        statement = select(Entry, Payload).outerjoin(Payload, Payload.entry_id == Entry.id).where(Entry.index > after)
        rows = session.execute(statement.order_by(Entry.index).limit(PAGE)).all()
        if not rows:
            return
        yield from ((entry, payload) for entry, payload in rows)
        after = rows[-1][0].index
        session.expunge_all()


def _check_entry(entry: Entry) -> Iterator[Finding]:
    try:
        envelope = Envelope.decode(entry.leaf)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        yield Finding("altered", "the leaf is no envelope", entry.index)
        return
    columns = {"id": entry.id, "type": entry.type, "time": instant(entry.at)}
    for name, value in columns.items():
        if getattr(envelope, name) != value:
            yield Finding("altered", f"the column {name} says something else than the leaf", entry.index)


def _check_payload(
    log: "Log", session: Session, entry: Entry, payload: Payload | None, claimed: set[str]
) -> Finding | None:
    if payload is None:
        if entry.id in claimed:
            return None
        return Finding("payload_missing", "the payload is gone, and no erasure says so", entry.index)
    try:
        opened = log.open_payload(session, payload)
    except Tampered:
        return Finding("payload_altered", "the sealed payload does not open", entry.index)
    if opened is None:
        return Finding("payload_missing", "the payload's key is gone, and no erasure says so", entry.index)
    envelope = Envelope.decode(entry.leaf)
    if not fits(opened, envelope.commit):
        return Finding("payload_altered", "the payload is not the one committed to", entry.index)
    return _check_people(log, session, entry, payload, envelope)


def _check_people(log: "Log", session: Session, entry: Entry, payload: Payload, envelope: Envelope) -> Finding | None:
    """The searchable columns `actor` and `subject_id` agree with the tags in the leaf."""
    month = envelope.time[:7]
    organisation = log.vault.organisation_cipher(session)
    if organisation.tag_text(f"audit-actor|{entry.actor}|{month}") != envelope.actor:
        return Finding("altered", "the column actor says something else than the leaf", entry.index)
    owner = log.vault.cipher(session, payload.owner_id, payload.use)
    tag = owner.tag_text(f"audit-tag|{month}") if entry.subject_id else None
    if tag != envelope.subject or (entry.subject_id and payload.owner_id != entry.subject_id):
        return Finding("altered", "the column subject_id says something else than the leaf", entry.index)
    return None


def _erased_entries(log: "Log", session: Session) -> set[str]:
    """Ids of the entries whose payloads were erased, as the erasures' own entries say."""
    statement = select(Payload).join(Entry, Entry.id == Payload.entry_id)
    claimed: set[str] = set()
    for payload in session.scalars(statement.where(Entry.type == EventType.PAYLOADS_ERASED)):
        try:
            opened = log.open_payload(session, payload)
        except Tampered:
            continue  # reported at the entry itself
        claimed.update(opened.payload["entries"] if opened else ())
    return claimed


def _compare_stored(session: Session, tree: _Tree, findings: list[Finding]) -> None:
    size = session.scalar(select(Tree.size)) or 0
    if size > tree.size:
        findings.append(Finding("truncated", f"the tree had {size} entries, {tree.size} are there"))
    elif size < tree.size:
        findings.append(Finding("altered", f"the tree's size was {size}, {tree.size} entries are there"))
    stored = {(t.level, t.number): t.hashes for t in session.scalars(select(Tile))}
    for place in sorted(stored.keys() | tree.tiles.keys()):
        if stored.get(place, b"") != bytes(tree.tiles.get(place, b"")):
            level, number = place
            index = number * WIDTH if level == 0 else None
            if level == 0 and place in stored and place in tree.tiles:
                pairs = zip(_hashes(stored[place]), _hashes(bytes(tree.tiles[place])), strict=False)
                index = next((number * WIDTH + i for i, (a, b) in enumerate(pairs) if a != b), index)
            findings.append(Finding("altered", f"tile {level}/{number} does not fit the entries", index))


def _hashes(tile: bytes) -> list[bytes]:
    return [tile[i : i + SIZE] for i in range(0, len(tile), SIZE)]
