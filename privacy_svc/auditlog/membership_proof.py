"""The proof that somebody is one of the people an entry is about, as a document that is checked offline. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec

from privacy_svc.auditlog.checkpoint import Checkpoint, verify_proof
from privacy_svc.auditlog.entry import Envelope
from privacy_svc.auditlog.members import Membership, check
from privacy_svc.auditlog.merkle import ProofError
from privacy_svc.auditlog.signed_note import NoteError, Verifier

TYPE = "privacy-svc/membership"
VERSION = 1


def membership_document(proof: str, membership: Membership) -> dict[str, Any]:
    """`proof` is the entry's own `.tlog-proof`."""
    return {"type": TYPE, "version": VERSION, "proof": proof, "member": membership.to_json()}


def verify_membership(document: Mapping[str, Any], verifier: Verifier) -> tuple[int, Envelope, Checkpoint]:
    """(index, entry, checkpoint) of a valid one. Raises NoteError or ProofError."""
    try:
        membership = Membership.from_json(document["member"])
    except (KeyError, TypeError, ValueError, OverflowError):
        raise NoteError("not a proof of membership") from None
    index, leaf, checkpoint = verify_proof(str(document.get("proof")), verifier)
    try:
        envelope = Envelope.decode(leaf)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise ProofError("the leaf is no envelope") from None
    check(membership, envelope.members or {})
    return index, envelope, checkpoint
