"""All consents as rows of the format that the import reads, oldest first within a person.

Whoever was erased is left out: a file of their consents would be about somebody whom nobody may name any more.
Every batch is logged before it is handed out, with the people whose consents it holds.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, GroupEvent, Log
from privacy_svc.consent.model import EVIDENCE, Consent
from privacy_svc.consent.reading import Format
from privacy_svc.consent.rowformat import COLUMNS, to_cells, to_json
from privacy_svc.db import Database, new_id
from privacy_svc.http import CustomerDirectory, CustomerRef
from privacy_svc.vault import Subject, SubjectCipher, Vault

PEOPLE = 500
"""In one batch, which is one transaction."""
Row = Mapping[str, Any]


def export(database: Database, vault: Vault, log: Log, directory: CustomerDirectory, actor: str) -> Iterator[Row]:
    """Rows with every column of the format. Raises KeyUnavailable, DatabaseBusy, in the middle of it."""
    after, run = "", new_id()
    while True:
        with database.write() as session:
            people = _people(session, after)
            if not people:
                return
            after = people[-1]
            refs = directory.references(session, people)
            rows = list(_rows(session, vault, refs))
            _log(session, log, actor, run, refs, len(rows))
        yield from rows


def _people(session: Session, after: str) -> list[str]:
    said = select(Consent.subject_id).where(Consent.subject_id > after).distinct()
    return list(session.scalars(said.order_by(Consent.subject_id).limit(PEOPLE)))


def _log(session: Session, log: Log, actor: str, run: str, refs: Mapping[str, CustomerRef], rows: int) -> None:
    versions = select(Subject.id, Subject.state_version).where(Subject.id.in_(refs))
    people = {subject_id: (0, version) for subject_id, version in session.execute(versions)}
    if people:
        event = GroupEvent(EventType.CONSENT_EXPORTED, people, {"export": run, "rows": rows})
        log.append_group(session, event, actor=actor)


def _rows(session: Session, vault: Vault, refs: Mapping[str, CustomerRef]) -> Iterable[Row]:
    order = (Consent.subject_id, Consent.given_at, Consent.state_version)
    found = session.scalars(select(Consent).where(Consent.subject_id.in_(refs)).order_by(*order)).all()
    proofs = vault.ciphers(session, {c.subject_id for c in found if c.sealed is not None}, "evidence")
    for consent in found:
        yield _row(consent, refs[consent.subject_id], proofs.get(consent.subject_id))


def _row(consent: Consent, ref: CustomerRef, proof: SubjectCipher | None) -> Row:
    kept = proof.open(EVIDENCE, consent.id, consent.sealed) if proof and consent.sealed is not None else {}
    shown = bool(consent.notice_id)
    said: dict[str, Any] = {
        "id": ref.id,
        "collection": ref.collection,
        "purpose": consent.purpose,
        "state": consent.state,
        "given_at": _time(consent.given_at),
        "expires_at": _time(consent.valid_until) if consent.valid_until else None,
        "notice": consent.notice_id or None,
        "notice_version": consent.notice_version if shown else None,
        "notice_language": consent.notice_language if shown else None,
        "channel": consent.channel,
        "method": consent.method,
        **kept,
    }
    return {name: said.get(name) for name in COLUMNS}


def _time(at: Any) -> str:
    return str(at.isoformat()).replace("+00:00", "Z")


def export_lines(
    database: Database, vault: Vault, log: Log, directory: CustomerDirectory, actor: str, form: Format
) -> Iterator[str]:
    """The same as lines of a file, CSV with its header."""
    rows = export(database, vault, log, directory, actor)
    if form is Format.NDJSON:
        yield from (to_json(row) + "\n" for row in rows)
        return
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for cells in chain([COLUMNS], map(to_cells, rows)):
        writer.writerow(cells)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
