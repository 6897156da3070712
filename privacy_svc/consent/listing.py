"""The suppression list as an import meets it: what it refuses, and what a file's own withdrawals add.

A row is judged by the list as it is without its file: what a file's withdrawals list stands against everybody else's
imports and checks from their batch's commit on, and against no row of the same file, whoever shares the address. Else
it would depend on the order of the lines and on how they are cut into batches. In the end an address is listed for
everybody in the file whose last word of agreement or withdrawal is a withdrawal, whatever others who share it said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log
from privacy_svc.consent.judging import Wanted
from privacy_svc.consent.model import Consent
from privacy_svc.consent.releasing import release_imported
from privacy_svc.consent.standing import last_words
from privacy_svc.consent.states import State
from privacy_svc.consent.suppression import (
    Cause,
    Owned,
    enlist,
    entries_for,
    entries_of,
    owned,
    scopes_of,
)
from privacy_svc.consent.tables import Suppression
from privacy_svc.http import Contact, CustomerDirectory
from privacy_svc.vault import Vault

Placed = Sequence[tuple[Wanted, str]]


@dataclass(frozen=True)
class Listing:
    """In one transaction of an import."""

    session: Session
    vault: Vault
    log: Log
    directory: CustomerDirectory
    actor: str
    import_id: str

    def against(
        self, wanted: Sequence[Wanted], contacts: Mapping[int, Sequence[Contact]], subjects: Mapping[int, str]
    ) -> set[int]:
        """Numbers of the rows whose addresses, or whose person where that is known, something keeps from their purpose.
        A refusal or withdrawal needs no leave."""
        asking = [w for w in wanted if w.permits]
        listed = entries_of(self.session, self.vault, (c for w in asking for c in contacts[w.line.number]))
        own = entries_for(self.session, self.vault, {s for w in asking if (s := subjects.get(w.line.number))})
        found: set[int] = set()
        for w in asking if listed or own else ():
            scopes, theirs = scopes_of(w.words.purpose), own.get(subjects.get(w.line.number, ""), ())
            at_address = (e for c in contacts[w.line.number] for e in listed.get(c, ()))
            if any(e.scope in scopes and e.import_id != self.import_id for e in chain(at_address, theirs)):
                found.add(w.line.number)
        return found

    def follow(self, recorded: Placed, at: datetime) -> None:
        """After they were recorded: every address that the store holds of who withdrew, and those by which the file
        names them."""
        withdrawn = [one for one in recorded if _unsubscribes(one[0])]
        if not withdrawn:
            return
        contacts = {s: list(c) for s, c in self.directory.contacts(self.session, {s for _, s in withdrawn}).items()}
        for w, subject_id in withdrawn:
            contacts.setdefault(subject_id, []).extend(w.contacts)
        hasher = self.vault.address_hasher(self.session, write=True)
        by_purpose: dict[str, list[Owned]] = {}
        for subject_id, purpose in sorted({(s, w.words.purpose.key) for w, s in withdrawn}):
            by_purpose.setdefault(purpose, []).extend(owned(hasher, subject_id, contacts.get(subject_id, ())))
        for purpose, found in by_purpose.items():
            enlist(self.session, self.log, found, purpose, Cause.UNSUBSCRIBE, self.actor, at, self.import_id)

    def free(self, subject_ids: Sequence[str], purposes: Sequence[str]) -> None:
        """At the end of the file: who agreed after they withdrew is listed by it no more."""
        again: dict[str, list[str]] = {}
        for word in last_words(self.session, list(subject_ids), purposes):
            if word.state == State.GIVEN:
                again.setdefault(word.purpose, []).append(word.subject_id)
        hasher = self.vault.address_hasher(self.session) if again else None
        for purpose, people in again.items():
            assert hasher is not None
            tags = [tag for subject_id in people for tag in hasher.owners(subject_id)]
            release_imported(self.session, self.log, tags, purpose, self.import_id, self.actor)


def _unsubscribes(w: Wanted) -> bool:
    return w.words.purpose.direct_marketing and w.words.state == State.WITHDRAWN


def withdrew(session: Session, import_id: str, since: datetime) -> list[str]:
    """Who may be on the list by this import, whose run began then."""
    if session.scalar(select(Suppression.scope).where(Suppression.import_id == import_id).limit(1)) is None:
        return []
    said = (Consent.state == State.WITHDRAWN.value, Consent.recorded_at >= since)
    return sorted(session.scalars(select(Consent.subject_id).where(*said).distinct()))
