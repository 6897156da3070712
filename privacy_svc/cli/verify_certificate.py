"""What a certificate whose signature holds says, and the proof of the log inside of it."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from privacy_svc.auditlog.entry import Envelope
    from privacy_svc.auditlog.handover import Handover

TYPE = "privacy-svc/certificate"
ERASED = "vault:subject:erased"
DONE = ("issued_at", "completed_at", "online_at", "restricted_since")
"""The certificate's own times; each is of what had happened when it was signed."""
HOLDS = frozenset({"fulfilled", "partially_fulfilled"})
"""Results of what is done; another is told as it is."""
NEAR = timedelta(minutes=10)
"""Between the times that one transaction writes."""


def check_certificate(document: Mapping[str, Any], vkey: str, handovers: "Iterable[Handover]") -> dict[str, Any]:
    """Raises NoteError or ProofError."""
    told = {name: document.get(name) for name in ("result", "right", "request", *DONE) if document.get(name)}
    if document.get("right") == "erasure":
        told |= _proven(document, vkey, handovers)
    return told


def _proven(document: Mapping[str, Any], vkey: str, handovers: "Iterable[Handover]") -> dict[str, Any]:
    """By any key of the log that was in force at the proof's size: a later issue bears the proof of the first."""
    from privacy_svc.auditlog import ProofError

    proof = document.get("proof")
    if not isinstance(proof, str) or not proof:
        raise ProofError("it has no proof of the log that the key was destroyed, without which it proves no erasure")
    index, leaf, size = _by_a_key(proof, vkey, handovers)
    entry = _entry(leaf)
    _about_this(document, entry)
    return {
        "log_entry": index,
        "log_size": size,
        "destroyed": entry.time,
        "entry_names_request": _names_request(document, entry),
    }


def _by_a_key(proof: str, vkey: str, handovers: "Iterable[Handover]") -> tuple[int, bytes, int]:
    from privacy_svc.auditlog import NoteError, ProofError, Verifier, verify_proof

    for key, most in ((vkey, None), *((h.old.vkey, h.after) for h in handovers)):
        with suppress(NoteError):
            index, leaf, checkpoint = verify_proof(proof, Verifier.parse(key))
            if most is None or checkpoint.size <= most:
                return index, leaf, checkpoint.size
    raise ProofError(
        "its proof of the log is signed by no key that is known here to have been in force; where the key was "
        "replaced meanwhile, verify with the home folder, which knows the former ones"
    )


def _entry(leaf: bytes) -> "Envelope":
    import msgspec

    from privacy_svc.auditlog import ProofError
    from privacy_svc.auditlog.entry import Envelope

    try:
        return Envelope.decode(leaf)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise ProofError("its proof of the log is of no entry") from None


def _about_this(document: Mapping[str, Any], entry: "Envelope") -> None:
    from privacy_svc.auditlog import ProofError

    if entry.type != ERASED:
        raise ProofError(f"its proof of the log is of an entry of type {entry.type}, and not {ERASED}")
    try:
        controller, begun = document["controller"]["id"], datetime.fromisoformat(document["online_at"]) - NEAR
        early = datetime.fromisoformat(entry.time) < begun
    except (KeyError, TypeError, ValueError):
        raise ProofError("it does not say, as we write it, who erased what when") from None
    if entry.org != controller:
        raise ProofError("its proof of the log is another controller's")
    if early:
        raise ProofError("its proof of the log is of an entry from before the erasure that it tells of")


def _names_request(document: Mapping[str, Any], entry: "Envelope") -> bool:
    """False for those of before the entry's payload was given along. Raises ProofError where it names another."""
    from privacy_svc.auditlog import ProofError
    from privacy_svc.auditlog.entry import Sealable, fits

    given = document.get("proof_payload")
    if given is None:
        return False
    try:
        sealable = Sealable.from_json(given)
    except (KeyError, TypeError, ValueError):
        raise ProofError("the payload beside its proof of the log cannot be read") from None
    if not fits(sealable.to_bytes(), entry.commit):
        raise ProofError("the payload beside its proof of the log is not the one the entry commits to")
    if sealable.payload.get("request") != document.get("request"):
        raise ProofError("its proof of the log is of another request's erasure")
    return True
