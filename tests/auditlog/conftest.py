"""A log over a vault, with people to write about."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select

from privacy_svc.auditlog import EntryView, EventType, GroupEvent, Log, Relearned, Report, Verifier
from privacy_svc.db import Base, Database
from privacy_svc.vault import Vault
from tests.factories import make_log, make_vault

TABLES = [t for t in Base.metadata.sorted_tables if t.name.startswith("audit_")]
Backup = dict[Table, list[dict[str, Any]]]


@dataclass
class Logbook:
    """What most tests do with a log, in one line each."""

    database: Database
    vault: Vault
    log: Log

    def person(self) -> str:
        with self.database.write() as session:
            return self.vault.create_subject(session).id

    def write(self, subject_id: str | None = None, *, evidence: bool = False, **payload: Any) -> str:
        """An entry that waits."""
        with self.database.write() as session:
            return self.log.append(
                session,
                EventType.RECORD_READ,
                actor="crm",
                subject_id=subject_id,
                payload=payload or {"fields": ["email"], "why": "ä reason"},
                evidence=evidence,
            )

    def write_group(self, *subject_ids: str) -> str:
        """An entry about several people, which waits."""
        people = {s: (number % 2, 3 + number) for number, s in enumerate(subject_ids)}
        event = GroupEvent(EventType.RECORD_READ, people, {"groups": [{"fields": ["email"]}, {"fields": []}]})
        with self.database.write() as session:
            return self.log.append_group(session, event, actor="crm")

    def fill(self, count: int, subject_id: str | None = None) -> None:
        """Entries in the tree, each batch with a checkpoint of its own."""
        for _ in range(count):
            self.write(subject_id)
            self.integrate()

    def erase(self, subject_id: str) -> int:
        with self.database.write() as session:
            theirs = self.log.theirs(session, subject_id)
            self.vault.erase(session, subject_id)
            return self.log.erase_payloads(session, theirs, actor="worker")

    def integrate(self) -> int:
        return self.log.integrate(self.database)

    def verify(self, known: str | None = None) -> Report:
        return self.log.verify(self.database, known)

    def checkpoint(self) -> str:
        with self.database.read() as session:
            return self.log.checkpoint(session)

    def proof(self, index: int) -> str:
        with self.database.read() as session:
            return self.log.proof(session, index)

    def search(self, **wanted: Any) -> list[EntryView]:
        with self.database.read() as session:
            return self.log.search(session, **wanted)

    def back_up(self) -> Backup:
        """The log's tables as they are."""
        with self.database.read() as session:
            return {t: [dict(r) for r in session.execute(select(t)).mappings()] for t in TABLES}

    def restore(self, backup: Backup) -> None:
        """A backup of the database put back; what lies outside stays."""
        with self.database.write() as session:
            for table, rows in backup.items():
                session.execute(table.delete())
                if rows:
                    session.execute(table.insert(), rows)

    def relearn(self, before: datetime | None = None, *held: str) -> Relearned:
        """As `restore replay` does."""
        with self.database.write() as session:
            return self.log.relearn(session, before, held, actor="cli")

    @property
    def verifier(self) -> Verifier:
        return self.log.signer.verifier


@pytest.fixture
def book(database: Database, tmp_path: Path) -> Logbook:
    vault = make_vault(tmp_path, database)
    return Logbook(database, vault, make_log(tmp_path, vault))
