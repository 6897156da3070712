"""Some rows of a file, in one transaction.

What becomes of a row depends on what is recorded, on the suppression list as it is without this file, and on the rows
before it: never on how the file is cut into batches.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, GroupEvent, Log
from privacy_svc.consent.alreadysaid import Rehearsed, already_said, saying
from privacy_svc.consent.judging import Refused, Wanted, Why, Words
from privacy_svc.consent.listing import Listing
from privacy_svc.consent.model import EVIDENCE, Consent
from privacy_svc.consent.suppression import is_empty
from privacy_svc.consent.versions import hold_many, raise_versions, readmissions
from privacy_svc.db import insert_rows, new_id
from privacy_svc.errors import Conflict
from privacy_svc.http import CustomerDirectory, NotAdmitted
from privacy_svc.policy import PolicySet
from privacy_svc.vault import Subject, Vault

_NOT_ADMITTED = {
    NotAdmitted.UNKNOWN: (Why.UNKNOWN_CUSTOMER, "the customer store has no such person"),
    NotAdmitted.AMBIGUOUS: (Why.AMBIGUOUS_CUSTOMER, "several people share this address: name the customer by id"),
}
_SUPPRESSED = (Why.SUPPRESSED, "the address is on the suppression list")
Placed = tuple[Wanted, str]
"""A row and its person."""


@dataclass(frozen=True)
class Hands:
    """What a batch works with."""

    vault: Vault
    log: Log
    directory: CustomerDirectory
    policies: PolicySet
    actor: str


@dataclass
class Batch:
    """`at` is now. `rehearsed`: of a dry run."""

    hands: Hands
    session: Session
    run_id: str
    at: datetime
    rehearsed: Rehearsed | None = None
    refused: list[Refused] = field(default_factory=list)
    recorded: int = 0
    unchanged: int = 0

    def __post_init__(self) -> None:
        by = self.hands
        self._listing = Listing(self.session, by.vault, by.log, by.directory, by.actor, self.run_id)

    def take(self, lines: Sequence[Wanted | Refused]) -> "Batch":
        self.refused += [one for one in lines if isinstance(one, Refused)]
        wanted = [one for one in lines if isinstance(one, Wanted)]
        suppressing = not is_empty(self.session)
        barred = (
            self._listing.against(wanted, {w.line.number: w.contacts for w in wanted}, {}) if suppressing else set()
        )
        placed = self._admitted([w for w in wanted if w.line.number not in barred])
        placed += self._found([w for w in wanted if w.line.number in barred])
        if suppressing and placed:
            known = self.hands.directory.contacts(self.session, {s for _, s in placed})
            contacts = {w.line.number: known.get(s, ()) for w, s in placed}
            subjects = {w.line.number: s for w, s in placed}
            barred |= self._listing.against([w for w, _ in placed], contacts, subjects)
        if placed:
            self._record(sorted(placed, key=lambda one: one[0].line.number), barred)
        self.refused.sort(key=lambda r: r.row)
        return self

    def _refuse(self, wanted: Wanted, why: Why, detail: str) -> None:
        self.refused.append(Refused(wanted.line.number, wanted.line.line, why, detail))

    def _admitted(self, wanted: Sequence[Wanted]) -> list[Placed]:
        subjects = self.hands.directory.admit_many(self.session, [w.customer for w in wanted], self.hands.actor)
        found = []
        for w, subject in zip(wanted, subjects, strict=True):
            if isinstance(subject, NotAdmitted):
                self._refuse(w, *_NOT_ADMITTED[subject])
            else:
                found.append((w, subject))
        return found

    def _found(self, barred: Sequence[Wanted]) -> list[Placed]:
        """Rows with an address that may not be used, of people who are known: what is there already is unchanged. For
        the others nobody comes into being."""
        found = []
        for w in barred:
            subject_id = self._find(w)
            if subject_id is not None:
                found.append((w, subject_id))
            elif self.rehearsed is not None and self.rehearsed.knows(self.session, w):
                self.unchanged += 1
            else:
                self._refuse(w, *_SUPPRESSED)
        return found

    def _find(self, w: Wanted) -> str | None:
        """Whom the row names, who is not erased; None where several people share the address."""
        try:
            found = self.hands.directory.find(self.session, w.customer)
        except Conflict:
            return None
        return None if found is None or self.session.get_one(Subject, found).erased_at is not None else found

    def _record(self, placed: Sequence[Placed], barred: set[int]) -> None:
        versions = hold_many(self.session, {s for _, s in placed})
        there = already_said(self.session, [w for w, _ in placed], versions)
        if self.rehearsed is not None:
            there |= self.rehearsed.among(self.session, placed)
        back = readmissions(self.session, versions)
        new: list[Placed] = []
        for w, subject_id in placed:
            one = saying(w, subject_id)
            if subject_id not in versions:
                self._refuse(w, Why.ERASED, "this person's data were erased")
            elif one in there:
                self.unchanged += 1
            elif w.line.number in barred:
                self._refuse(w, *_SUPPRESSED)
            elif w.permits and subject_id in back and w.given_at < back[subject_id]:
                self._refuse(w, Why.BEFORE_READMISSION, "agreed before this person was erased and came back")
            else:
                there.add(one)
                new.append((w, subject_id))
        self.recorded = len(new)
        if new:
            self._write(new, versions)
            self._listing.follow(new, self.at)
        if self.rehearsed is not None:
            self.rehearsed.add(new)

    def _write(self, new: Sequence[Placed], versions: dict[str, int]) -> None:
        """Versions rise in the order of the file: of two things said at one time, the later line stands."""
        by = self.hands
        told, people = dict[int, str](), dict[str, list[str]]()
        for w, subject_id in new:
            words = told.get(id(w.words)) or told.setdefault(id(w.words), _told(w.words))
            people.setdefault(subject_id, []).append(words)
        raise_versions(self.session, {subject_id: len(said) for subject_id, said in people.items()})
        groups: dict[tuple[str, ...], int] = {}
        about = {
            s: (groups.setdefault(tuple(said), len(groups)), versions[s] + len(said)) for s, said in people.items()
        }
        payload = {"import": self.run_id, "rows": len(new), "groups": [list(g) for g in groups]}
        event = GroupEvent(EventType.CONSENT_IMPORTED, about, payload)
        entry = by.log.append_group(self.session, event, actor=by.actor)
        insert_rows(self.session, Consent, self._rows(new, versions, entry))

    def _rows(self, new: Sequence[Placed], versions: dict[str, int], entry: str) -> list[dict[str, Any]]:
        by = self.hands
        proofs = by.vault.ciphers(self.session, {s for w, s in new if w.sealed}, "evidence")
        same = {"recorded_at": self.at, "recorded_by": by.actor, "policy_version": by.policies.version}
        rows = []
        for w, subject_id in new:
            versions[subject_id] += 1
            row_id, notice = new_id(), w.words.notice
            rows.append(
                {
                    "id": row_id,
                    "subject_id": subject_id,
                    "purpose": w.words.purpose.key,
                    "state": w.words.state,
                    "notice_id": notice.id,
                    "notice_version": notice.version,
                    "notice_language": notice.language,
                    "notice_digest": notice.digest,
                    "channel": w.channel,
                    "method": w.words.method,
                    "guardian": w.guardian,
                    "sealed": proofs[subject_id].seal(EVIDENCE, row_id, w.sealed) if w.sealed else None,
                    "given_at": w.given_at,
                    "valid_until": w.valid_until,
                    "state_version": versions[subject_id],
                    "entry_id": entry,
                    **same,
                }
            )
        return rows


def _told(words: Words) -> str:
    notice = words.notice
    shown = f"{notice.id} {notice.version} {notice.language}" if notice.id else "no notice"
    return f"{words.purpose.key} {words.state}, {shown}, {words.method}"
