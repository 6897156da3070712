"""The suppression list as an import meets it: what it refuses, and what a file's own withdrawals add.

An imported withdrawal from direct marketing is listed as any other, from its batch's commit on, if it stands. What a
file says later of the same person and purpose is judged by its time, in whichever batch it comes: what the same run has
listed is no obstacle to it, and goes again where an agreement stands in the end.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log
from privacy_svc.consent.judging import Wanted
from privacy_svc.consent.standing import latest
from privacy_svc.consent.states import State
from privacy_svc.consent.suppression import (
    Cause,
    Entry,
    Owned,
    enlist,
    entries_for,
    entries_of,
    owned,
    owners,
    release,
    scopes_of,
)
from privacy_svc.http import Contact, CustomerDirectory
from privacy_svc.vault import Vault

Admitted = Sequence[tuple[Wanted, str]]
Place = tuple[str, str]
"""Person and purpose."""


@dataclass
class Listing:
    """In one batch's transaction. `began`: when the run of this file did."""

    session: Session
    vault: Vault
    log: Log
    directory: CustomerDirectory
    actor: str
    began: datetime
    _again: set[Place] = field(default_factory=set)

    def against(
        self, wanted: Sequence[Wanted], contacts: Mapping[int, Sequence[Contact]], subjects: Mapping[int, str]
    ) -> dict[int, list[Entry]]:
        """By row number, what keeps its addresses from its purpose, and what stands for its person where that is known.
        A refusal or withdrawal needs no leave."""
        asking = [w for w in wanted if w.permits]
        listed = entries_of(self.session, self.vault, (c for w in asking for c in contacts[w.line.number]))
        own = entries_for(self.session, self.vault, {s for w in asking if (s := subjects.get(w.line.number))})
        found: dict[int, list[Entry]] = {}
        for w in asking if listed or own else ():
            scopes, theirs = scopes_of(w.words.purpose), own.get(subjects.get(w.line.number, ""), ())
            at_address = (e for c in contacts[w.line.number] for e in listed.get(c, ()))
            stand = [e for e in chain(at_address, theirs) if e.scope in scopes]
            if stand:
                found[w.line.number] = stand
        return found

    def said_here(self, w: Wanted, subject_id: str, stand: Sequence[Entry]) -> bool:
        """Whether nothing but earlier lines of the file stand against it, about the same person and purpose."""
        said = (
            e.reason == Cause.UNSUBSCRIBE and e.scope == w.words.purpose.key and e.since >= self.began for e in stand
        )
        if not all(said):  # nearly always: whose they are is not worked out then
            return False
        if not {e.owner for e in stand} <= set(owners(self.session, self.vault, subject_id)):
            return False
        self._again.add((subject_id, w.words.purpose.key))
        return True

    def follow(self, recorded: Admitted, at: datetime) -> None:
        """After they were recorded."""
        withdrawn = {
            (subject_id, w.words.purpose.key)
            for w, subject_id in recorded
            if w.words.purpose.direct_marketing and w.words.state == State.WITHDRAWN
        }
        stand = self._standing(withdrawn | self._again)
        self._enlist({place for place in withdrawn if stand.get(place) == State.WITHDRAWN}, recorded, at)
        for subject_id, purpose in sorted(p for p in self._again if stand.get(p) == State.GIVEN):
            tags = owners(self.session, self.vault, subject_id)
            release(self.session, self.log, tags, {Cause.UNSUBSCRIBE: [purpose]}, self.actor, "consent imported")

    def _standing(self, places: Collection[Place]) -> dict[Place, str]:
        if not places:
            return {}
        ids, purposes = sorted({s for s, _ in places}), sorted({p for _, p in places})
        return {(c.subject_id, c.purpose): c.state for c in latest(self.session, ids, purposes)}

    def _enlist(self, places: Collection[Place], recorded: Admitted, at: datetime) -> None:
        """Every address that the store holds of them, and those by which the file names them."""
        if not places:
            return
        contacts = {s: list(c) for s, c in self.directory.contacts(self.session, {s for s, _ in places}).items()}
        for w, subject_id in recorded:
            if (subject_id, w.words.purpose.key) in places:
                contacts.setdefault(subject_id, []).extend(w.contacts)
        hasher = self.vault.address_hasher(self.session, write=True)
        by_purpose: dict[str, list[Owned]] = {}
        for subject_id, purpose in sorted(places):
            by_purpose.setdefault(purpose, []).extend(owned(hasher, subject_id, contacts.get(subject_id, ())))
        for purpose, found in by_purpose.items():
            enlist(self.session, self.log, found, purpose, Cause.UNSUBSCRIBE, self.actor, at)
