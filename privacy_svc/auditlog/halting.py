"""The log is halted by what a witness says, and goes on when a person has looked: an entry tells of both."""

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import outside, tree_row
from privacy_svc.auditlog.errors import WitnessContradicts
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.model import Tree
from privacy_svc.auditlog.signing import out_of_force
from privacy_svc.auditlog.stored_checkpoints import last_signed
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.auditlog.tree_check import lacks_its_mac, put_mac, require_ours
from privacy_svc.auditlog.witness import submit, write_outside
from privacy_svc.db import Database
from privacy_svc.errors import Conflict

if TYPE_CHECKING:
    from privacy_svc.auditlog.log import Log

WITNESS = "witness"
"""Actor of what a witness caused."""


def halted(session: Session) -> str | None:
    return session.scalar(select(Tree.halted).where(Tree.id == 1))


def ask_witness(log: "Log", database: Database) -> int | None:
    """See `witness.submit`."""
    if log.witness is None:
        return None
    try:
        return submit(database, log.witness, log.signer, log.export)
    except WitnessContradicts as error:
        with database.write() as session:
            if tree_row.halt(session, error.detail):
                log.append(session, EventType.LOG_HALTED, actor=WITNESS, payload={"why": error.detail})
        raise


def resume(log: "Log", database: Database, reason: str, actor: str) -> str:
    """Returns what the record outside lacked, which is written anew once the entry that says so is committed: after a
    crash nothing else would tell. Asked again, it writes the rest. Raises Conflict where nothing holds the log up."""
    with database.write() as session:
        why, lacking = tree_row.resume(session), outside.outside_lacks(session, log.export, log.mirror)
        unsigned = out_of_force(log.signer, tree_row.size_of_tree(session))
        lost = lacks_its_mac(tree_row.locked(session), log.export.parent)
        if why is None and not lacking and not unsigned and not lost and not tree_row.was_halted(session):
            raise Conflict("The log is not halted.")
        if lacking or lost:
            _first(log, session)
        if lost:
            put_mac(session, log.vault, tree_row.locked(session))
        payload: dict[str, str | int | None] = {"halted": why, "reason": reason}
        payload |= {"outside": lacking} if lacking else {}
        payload |= {"mac": "lost"} if lost else {}
        payload |= {"unsigned_until": unsigned} if unsigned else {}
        log.append(session, EventType.LOG_RESUMED, actor=actor, payload=payload)
    if lacking:
        with database.write() as session:
            outside.write_outside(database, session, log.export, log.mirror, _first(log, session))
            if log.witness is not None:
                write_outside(session, log.witness, log.export)
    return lacking


def _first(log: "Log", session: Session) -> int:
    """Where the log begins, which is locked. Raises LogInconsistent where the tree is not ours."""
    tree, last = tree_row.locked(session), last_signed(session)
    signed = [log.signer.open(last.note)] if last is not None else []
    require_ours(session, log.vault, tree, Tiles(session), signed)
    return tree.first
