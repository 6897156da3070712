"""A witness (C2SP tlog-witness) cosigns our checkpoints: it has seen that the log only grew.

Who would show two people two logs, or put an old database back, needs the witness as an accomplice. It is sent the
newest checkpoint with the proof that it contains the last one the witness saw; what it answers is kept beside it.
"""

import base64
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import checkpoint_file
from privacy_svc.auditlog.errors import LogInconsistent, WitnessAway, WitnessContradicts
from privacy_svc.auditlog.merkle import Hash, consistency_proof
from privacy_svc.auditlog.model import Cosignature, SignedCheckpoint, Tree
from privacy_svc.auditlog.signed_note import COSIGNATURE, ML_DSA_44, MOST_SIGNATURES, NoteError, Verifier
from privacy_svc.auditlog.signer import Signer
from privacy_svc.auditlog.stored_checkpoints import last_published
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.auditlog.tree_row import size_of_tree
from privacy_svc.db import Database
from privacy_svc.errors import Misconfigured
from privacy_svc.outbound import LOOPBACK, Networks, Outbound, Unreachable, url_fault

OWN_SIGNATURES = 3
"""Under a checkpoint at most: of Ed25519, of the key before it while one takes over, and of ML-DSA-44."""
SECONDS = 5.0
TRIES = 4
MOST_BYTES = 65_536
_FEW = 20
"""Lines looked at together."""
_SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\n")
_REFUSALS = {
    403: "does not know this log's key: give it the output of `privacy-svc log key`",
    404: "does not know this log: give it the output of `privacy-svc log key`",
}


@dataclass(frozen=True, slots=True)
class Witness:
    """`url` is its submission prefix, `verifier` its cosigning key."""

    url: str
    verifier: Verifier
    outbound: Outbound

    @classmethod
    def of(cls, url: str, vkey: str, log: str, allowed: Networks = ()) -> Self | None:
        """From the settings; None where there is none. It may run on this machine. `log`: our own name, by which nobody
        else cosigns. Raises Misconfigured."""
        if not url and not vkey:
            return None
        if fault := url_fault(url, prefix=True):
            raise Misconfigured(f"witness_url {fault}.")
        try:
            verifier = Verifier.parse(vkey)
        except NoteError as error:
            raise Misconfigured(f"witness_key is the witness's verifier key, name+hash+key: {error}.") from None
        if verifier.kind not in {COSIGNATURE, ML_DSA_44}:
            raise Misconfigured("witness_key is a key of another kind than witnesses cosign with (types 4 and 6).")
        if verifier.name == log:
            raise Misconfigured("witness_key bears this log's own name: it would vouch for itself.")
        return cls(url.rstrip("/"), verifier, Outbound((*LOOPBACK, *allowed)))

    def add_checkpoint(self, old: int, proof: list[Hash], note: str) -> "Answer":
        """Raises WitnessAway."""
        body = "".join([f"old {old}\n", *(f"{_base64(h)}\n" for h in proof), "\n", note])
        try:
            answer = self.outbound.call(
                "POST", f"{self.url}/add-checkpoint", body=body.encode(), seconds=SECONDS, most_bytes=MOST_BYTES
            )
        except Unreachable as error:
            raise WitnessAway(f"The witness {self.verifier.name} does not answer: {error.reason}.") from None
        text = answer.body.decode("utf-8", "replace")
        size = _SIZE.fullmatch(text) if "text/x.tlog.size" in answer.headers.get("content-type", "") else None
        return Answer(answer.status, text, int(size[1]) if size else None)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    text: str
    size: int | None
    """Of a 409: the tree's size the witness has seen last."""


def submit(database: Database, witness: Witness, log: Signer, export: Path) -> int | None:
    """The newest checkpoint, if the witness has not cosigned it yet; its size, None where there is nothing to do.
    What it says is kept in the database and in the export file.

    Raises WitnessAway, to be tried again; WitnessContradicts when the witness has seen another log than this one;
    LogInconsistent when no proof can be made of this one.
    """
    _write_last(database, witness, export)
    told, unsaid = None, 0
    for _ in range(TRIES):
        newest, seen = _newest(database, witness, export)
        if newest is None or newest.size == seen:
            return None
        answer = _ask(database, witness, seen if told is None else told, newest)
        if answer.status != 409:
            lines = _lines(witness, newest.note, answer)
            log.open(newest.note)
            _keep(database, witness, export, newest.size, lines)
            return newest.size
        told, unsaid = answer.size, unsaid + (answer.size is None)
        _require_seen(database, witness, told)
    if unsaid > 1:
        raise _another(witness, 409)
    raise WitnessAway(f"The witness {witness.verifier.name} is asked by others too; it stands elsewhere each time.")


def _newest(database: Database, witness: Witness, export: Path) -> tuple[SignedCheckpoint | None, int]:
    """The newest checkpoint, and which the witness has cosigned; others may have asked it meanwhile."""
    with database.read() as session:
        newest = last_published(session, export)
        return newest, last_cosigned(session, witness) or 0


def last_cosigned(session: Session, witness: Witness) -> int | None:
    """The size of the newest checkpoint it has cosigned, as far as is known here: by its key, as somebody else could
    have written that it has seen more than there is."""
    newest_first = _rows(witness).order_by(Cosignature.size.desc()).limit(_FEW)
    page = session.execute(newest_first).all()
    while page:
        for size, lines, note in page:
            if _has_said(witness, note, lines):
                return size
        page = session.execute(newest_first.where(Cosignature.size < page[-1][0])).all()
    return None


def _ask(database: Database, witness: Witness, old: int, newest: SignedCheckpoint) -> "Answer":
    if old > newest.size:
        raise WitnessAway(f"The witness {witness.verifier.name} has seen a checkpoint that is not published here yet.")
    return witness.add_checkpoint(old, _proof(database, witness, old, newest.size) if old else [], newest.note)


def _proof(database: Database, witness: Witness, old: int, size: int) -> list[Hash]:
    """Raises WitnessAway where what it would need was pruned: that is no other log."""
    with database.read() as session:
        try:
            return consistency_proof(old, size, Tiles(session).node)
        except LogInconsistent:
            first = session.scalar(select(Tree.first)) or 0
            if old >= first:
                raise
    stands = f"The witness {witness.verifier.name} has seen {old} entries, and the log was pruned to {first} since"
    raise WitnessAway(f"{stands}: no proof begins there. Ask its operator to let it begin anew with this log.")


def _require_seen(database: Database, witness: Witness, told: int | None) -> None:
    """Other workers ask the same witness, so it may know a larger tree than we did: but none larger than there is."""
    with database.read() as session:
        size = size_of_tree(session)
    if told is not None and told > size:
        seen = f"The witness {witness.verifier.name} has seen {told} entries of this log"
        raise WitnessContradicts(f"{seen}, {size} are here.")


def _keep(database: Database, witness: Witness, export: Path, size: int, lines: str) -> None:
    with database.write() as session:
        session.merge(Cosignature(size=size, witness=witness.verifier.name, lines=lines))
    checkpoint_file.append_cosignatures(export, size, lines)


def _write_last(database: Database, witness: Witness, export: Path) -> None:
    """What it said last is outside the database too, where a process died between the two."""
    with database.read() as session:
        last = _said(session, witness, Cosignature.size == last_cosigned(session, witness))
    for size, lines in last:
        if not checkpoint_file.has_cosigned(export, size, lines):
            checkpoint_file.append_cosignatures(export, size, lines)


def write_outside(session: Session, witness: Witness, export: Path) -> None:
    """All that it has said and that is not there. Once its key is replaced, nothing else tells that it was said."""
    there = set(checkpoint_file.cosignatures(export))
    for size, lines in _said(session, witness):
        if (size, lines) not in there:
            checkpoint_file.append_cosignatures(export, size, lines)


def _said(session: Session, witness: Witness, *where: ColumnElement[bool]) -> list[tuple[int, str]]:
    """By its key, whatever else somebody put beside a checkpoint."""
    rows = session.execute(_rows(witness).where(*where).order_by(Cosignature.size)).all()
    return [(size, lines) for size, lines, note in rows if _has_said(witness, note, lines)]


def _rows(witness: Witness) -> Select[int, str, str]:
    """What stands in its name, beside which checkpoint."""
    beside = SignedCheckpoint.size == Cosignature.size
    mine = select(Cosignature.size, Cosignature.lines, SignedCheckpoint.note).join(SignedCheckpoint, beside)
    return mine.where(Cosignature.witness == witness.verifier.name)


def _has_said(witness: Witness, note: str, lines: str) -> bool:
    return bool(lines) and lines == witness.verifier.signed_lines(note, lines)


def _lines(witness: Witness, note: str, answer: "Answer") -> str:
    name = witness.verifier.name
    if answer.status == 422:
        raise _another(witness, 422)
    if answer.status in _REFUSALS:
        raise WitnessAway(f"The witness {name} {_REFUSALS[answer.status]}.")
    if answer.status != 200:
        raise WitnessAway(f"The witness {name} answers {answer.status}.")
    return _mine(witness, note, answer.text)


def _another(witness: Witness, status: int) -> WitnessContradicts:
    name = witness.verifier.name
    return WitnessContradicts(f"The witness {name} has seen another log under this name: it answers {status}.")


def _mine(witness: Witness, note: str, text: str) -> str:
    """Its lines that verify. Raises WitnessAway for an answer without, or with lines that are none of a note's."""
    if not all(text.split("\n")[:-1]):
        raise WitnessAway(f"The witness {witness.verifier.name} answers with an empty line among its signatures.")
    try:
        witness.verifier.open(note + text)
    except NoteError as error:
        raise WitnessAway(_by_another_key(witness, note + text, error)) from None
    return witness.verifier.signed_lines(note, text)


def _by_another_key(witness: Witness, note: str, error: NoteError) -> str:
    name = witness.verifier.name
    if f"\n— {name} " not in note or witness.verifier.signs(note):
        return f"The witness {name} gave no cosignature of its key: {error}."
    return (
        f"The witness {name} cosigns by another key than `witness_key`. Ask its operator, on another way than this "
        "connection; where it was replaced, name the new one in the settings and start the service anew."
    )


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def said_by(session: Session, checkpoint: SignedCheckpoint, witness: Verifier) -> str:
    """Only what the witness's key has signed: whoever writes to the database could put lines there."""
    row = session.get(Cosignature, (checkpoint.size, witness.name))
    lines = witness.signed_lines(checkpoint.note, row.lines) if row else ""
    return "".join(lines.splitlines(keepends=True)[: MOST_SIGNATURES - OWN_SIGNATURES])
