"""A signing key's end: who trusts it follows by this to the next, and who trusts the next knows the former ones. Pure.

A handover is a JSON document that the old key signs, within one that the new key signs. Neither key can then be given
a successor, or a past, without its private half: not by whoever has the database, and not by a new key alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from privacy_svc.auditlog.signed_json import verify_json
from privacy_svc.auditlog.signed_note import NoteError, Verifier

TYPE = "privacy-svc/key-handover"
VERSION = 1
MOST = 2**63
"""More entries than a log can have."""


@dataclass(frozen=True, slots=True)
class Handover:
    """Checkpoints of more than `after` entries are signed by `new`; the first of them, and all before, by `old`."""

    old: Verifier
    new: Verifier
    after: int
    at: str
    document: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """As both signed it."""

    def inner(self) -> dict[str, Any]:
        """What the old key signs."""
        told = {"old": self.old.vkey, "new": self.new.vkey, "after": self.after, "at": self.at}
        return {"type": TYPE, "version": VERSION, **told}

    @classmethod
    def verified(cls, document: Mapping[str, Any]) -> Self:
        """Of a document that both keys signed. Raises NoteError."""
        inner = document.get("handover")
        if document.get("type") != TYPE or not isinstance(inner, Mapping) or inner.get("type") != TYPE:
            raise NoteError("not a handover of keys")
        old, new = Verifier.parse(str(inner.get("old"))), Verifier.parse(str(inner.get("new")))
        after, at = inner.get("after"), inner.get("at")
        if old.name != new.name or not isinstance(after, int) or not isinstance(at, str):
            raise NoteError("not a handover of keys")
        verify_json(inner, old.vkey)
        verify_json(document, new.vkey)
        return cls(old, new, after, at, document)


def outer(signed: Mapping[str, Any]) -> dict[str, Any]:
    """What the new key signs, around what the old one did."""
    return {"type": TYPE, "handover": signed}


def chain(to: Verifier, known: Iterable[Handover]) -> Sequence[Handover]:
    """From the first key to this one, oldest first. Of those of other keys none, and none that would have been later
    than the next."""
    by_new = {handover.new.vkey: handover for handover in known}
    found, vkey, before = list[Handover](), to.vkey, MOST
    while (handover := by_new.pop(vkey, None)) is not None and handover.after <= before:
        found.insert(0, handover)
        vkey, before = handover.old.vkey, handover.after
    return found


def verify_handover(document: Mapping[str, Any], vkey: str) -> Handover:
    """By one of its two keys. Raises NoteError."""
    handover = Handover.verified(document)
    if vkey.strip() not in {handover.old.vkey, handover.new.vkey}:
        raise NoteError("it hands over between other keys than the one you trust")
    return handover
