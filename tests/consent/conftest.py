"""A small policy, a vault, a log, and one person."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EntryView, Log
from privacy_svc.consent import ConsentView, Guardian, NoticeRef, Reading, RecordConsent, Source, record
from privacy_svc.db import Database, now
from privacy_svc.http import CustomerRef
from privacy_svc.policy import PolicySet
from privacy_svc.vault import Vault
from tests.factories import make_log, make_vault
from tests.policy.small import compiled

NEWS = NoticeRef("news", 2, "en")
CARE = NoticeRef("care", 1, "de")
WEB = Source("web")
MOTHER = Guardian("id card seen", name="Maria Muster", contact="maria@mail.example")


@pytest.fixture
def vault(database: Database, tmp_path: Path) -> Vault:
    return make_vault(tmp_path, database)


@pytest.fixture
def log(tmp_path: Path, vault: Vault) -> Log:
    return make_log(tmp_path, vault)


@pytest.fixture(scope="session")
def policies() -> PolicySet:
    return compiled()


@pytest.fixture
def subject(database: Database, vault: Vault) -> str:
    with database.write() as session:
        return vault.create_subject(session).id


def wanted(state: Any = "given", **changed: Any) -> RecordConsent:
    """A consent to the newsletter, with some of it replaced."""
    values: dict[str, Any] = {"purpose": "news", "source": WEB, "notice": NEWS}
    return RecordConsent(customer=CustomerRef(id="1001"), state=state, **{**values, **changed})


class Desk:
    """Records for one person, a transaction each."""

    def __init__(self, database: Database, vault: Vault, log: Log, policies: PolicySet, subject: str) -> None:
        self.database, self.vault, self.log, self.policies, self.subject = database, vault, log, policies, subject

    def say(self, state: Any = "given", *, at: datetime | None = None, **changed: Any) -> ConsentView:
        with self.database.write() as session:
            return self.record(session, wanted(state, **changed), at or now())

    def record(self, session: Session, consent: RecordConsent, at: datetime) -> ConsentView:
        return record(
            session,
            self.vault,
            self.log,
            self.policies,
            actor="shop",
            subject_id=self.subject,
            wanted=consent,
            at=at,
        )

    def reading(self, purpose: str, at: datetime | None = None) -> Reading:
        return Reading(self.vault, (self.policies,), purpose, at or now())

    def entries(self) -> list[EntryView]:
        self.log.integrate(self.database)
        with self.database.read() as session:
            return self.log.search(session, limit=1000)[::-1]


@pytest.fixture
def desk(database: Database, vault: Vault, log: Log, policies: PolicySet, subject: str) -> Desk:
    return Desk(database, vault, log, policies, subject)
