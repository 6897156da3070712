"""The signature of the tree: once a second over all processes, and never of what contradicts what was signed before."""

from collections.abc import Callable, Collection
from pathlib import Path

from sqlalchemy.orm import Session

from privacy_svc.auditlog import checkpoint_file
from privacy_svc.auditlog.checkpoint import Checkpoint
from privacy_svc.auditlog.clock import milliseconds
from privacy_svc.auditlog.entry_check import Checker
from privacy_svc.auditlog.errors import LogInconsistent
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.grown import Grown
from privacy_svc.auditlog.merkle import ProofError, consistency_proof, verify_consistency
from privacy_svc.auditlog.model import SignedCheckpoint, Tree
from privacy_svc.auditlog.signed_note import NoteError
from privacy_svc.auditlog.signer import Signer
from privacy_svc.auditlog.stored_checkpoints import last_signed

SIGN_MS = 1000
"""Between two checkpoints at least, over all processes, unless somebody waits for one: each is kept for good."""


def promised(session: Session, signer: Signer, export: Path) -> list[Checkpoint]:
    """The newest checkpoints that were signed and exported. Raises LogInconsistent when one is not ours."""
    stored, exported = last_signed(session), checkpoint_file.newest(export)
    if exported is None and checkpoint_file.is_foreign(export, signer.name):
        raise LogInconsistent("The file of exported checkpoints holds none.")
    try:
        notes = (stored.note if stored else None, exported)
        return [signer.open(note) for note in dict.fromkeys(notes) if note]
    except NoteError as error:
        raise LogInconsistent(f"The newest checkpoint is not one that this key signed: {error}.") from None


def sign(
    session: Session,
    tree: Grown,
    signer: Signer,
    export: Path,
    finish: Callable[[SignedCheckpoint], None],
    *,
    at_once: bool,
) -> SignedCheckpoint | None:
    """A log must not sign what contradicts anything it has signed (C2SP tlog-checkpoint). Returns the newest.

    `finish` exports the checkpoint before, so that never more than one is signed and not outside.
    """
    last = last_signed(session)
    if tree.size == 0 or (last is not None and last.size == tree.size) or not (at_once or _is_due(session, tree.row)):
        return last
    tree.require_ours()
    checkpoint = Checkpoint(signer.name, tree.size, tree.root())
    for before in tree.promised:
        try:
            proof = consistency_proof(before.size, tree.size, tree.tiles.node)
            verify_consistency(before.size, tree.size, proof, before.root, checkpoint.root)
        except ProofError:
            raise LogInconsistent("The log does not contain what it has signed before.") from None
    if last is not None:
        finish(last)
    exported = checkpoint_file.newest(export)
    signed = exported if checkpoint_file.size_of(exported) == tree.size else None
    if signed is None and (until := out_of_force(signer, tree.size)):
        if _is_told(session, tree, until):
            return last
        raise LogInconsistent(
            f"The signing key took over after {until} entries, and the log has {tree.size}: it was put back with "
            "`log/`. Bring the newest copy of `log/` back, then `privacy-svc restore replay`. Where there is none, "
            f"`privacy-svc log resume --reason TEXT` lets it go on, unsigned until it has more than {until} entries."
        )
    newest = SignedCheckpoint(size=tree.size, note=signed or signer.sign_note(str(checkpoint)))
    session.add(newest)
    tree.row.signed_ms = milliseconds(session)
    return newest


def out_of_force(signer: Signer, size: int) -> int:
    """Up to how many entries no key that is still here signs, where so many are within; 0 where one does."""
    if signer.rotating:  # both keys sign
        return 0
    return max((handover.after for handover in signer.handovers if size <= handover.after), default=0)


def _is_told(session: Session, tree: Grown, until: int) -> bool:
    """Whether a person has let the log go on without, as an entry says."""
    return until in unsigned_until(Checker(session, tree.vault))


def unsigned_until(checker: Checker) -> Collection[object]:
    """Changes of keys, by after how many entries, to which a person has let the log go on unsigned after a restore."""
    told = checker.told(EventType.LOG_RESUMED)
    return [payload["unsigned_until"] for _, payload in told if "unsigned_until" in payload]


def _is_due(session: Session, tree: Tree) -> bool:
    """A clock that went back, or what somebody else put there, puts nothing off."""
    return not isinstance(tree.signed_ms, int) or not 0 <= milliseconds(session) - tree.signed_ms < SIGN_MS
