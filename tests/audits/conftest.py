"""A small company in good order, audited with the example checks; each test plants what it wants to see found."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from privacy_svc import consent
from privacy_svc.auditlog import EventType, Log
from privacy_svc.audits import Audits
from privacy_svc.db import Database, now
from privacy_svc.db.tables import metadata
from privacy_svc.http import CustomerRef, Role
from privacy_svc.identity import add_client
from privacy_svc.policy import PolicyHolder, PolicySet
from privacy_svc.settings import Settings
from privacy_svc.store.model import SealedColumn
from privacy_svc.vault import Vault
from tests.factories import make_log, make_vault

QUIET = {"pass", "accepted", "not_applicable"}
TODAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass
class Office:
    """What the tests work on. `ana` is a subject with one consent and one permit under it."""

    database: Database
    vault: Vault
    log: Log
    settings: Settings
    ana: str = ""

    @property
    def audits(self) -> Audits:
        return Audits(self.database, PolicyHolder(self.settings.policies), self.log, self.log.signer, self.settings)

    def run(self, programme: str = "quarterly", as_of: datetime | None = None) -> dict[str, Any]:
        return self.audits.run(programme, "dora", as_of)

    def found(self, programme: str = "quarterly", as_of: datetime | None = None) -> dict[str, str]:
        """Status by check of those that did not pass, without what cannot be asked yet."""
        results = self.run(programme, as_of)["results"]
        return {r["check"]: r["status"] for r in results if r["status"] not in QUIET}

    def check_file(self, name: str) -> Path:
        return self.settings.audits / "checks" / f"{name}.yml"

    def add_check(self, how: str, name: str = "mine") -> None:
        """A check of the DPO's own, the only one of the programme `mine`."""
        self.check_file(name).write_text(
            f"id: {name}\narea: log\ntitle: T\nquestion: Q?\nlaw: [GDPR 5(2)]\nseverity: low\nhow:\n  {how}\n"
            'finding: "{count} found."\nremedy: R\n'
        )
        file = self.settings.audits / "programmes.yml"
        if "  mine:" not in file.read_text():
            file.write_text(f"{file.read_text()}  mine: {{title: Mine, checks: [{name}]}}\n")

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.settings.policies / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    metadata.create_all(database.engine)
    with time_machine.travel(TODAY, tick=True):
        yield _office(database, tmp_path)


def _office(database: Database, folder: Path) -> Office:
    for name in ("policies", "audits"):
        shutil.copytree(REPOSITORY / name, folder / name)
    home = folder / "home"
    home.mkdir(mode=0o700)
    vault = make_vault(home, database)
    settings = Settings(home=home, policies=folder / "policies", audits=folder / "audits")
    office = Office(database, vault, make_log(home, vault), settings)
    with time_machine.travel(TODAY - timedelta(days=30)), database.write() as session:
        office.log.append(session, EventType.POLICY_LOADED, actor="policies", payload={})
    policies = PolicyHolder(settings.policies).current
    with database.write() as session:
        office.ana = vault.create_subject(session).id
        wanted = consent.RecordConsent(
            CustomerRef(subject=office.ana),
            "marketing.email",
            "given",
            consent.Source("web"),
            notice=consent.NoticeRef("newsletter", 2, "en"),
            given_at=now() - timedelta(days=10),
        )
        consent.record(
            session, vault, office.log, policies, actor="shop", subject_id=office.ana, wanted=wanted, at=now()
        )
        add_client(session, office.log, "marketing", Role.MODULE, "operator")
        session.add_all(_sealed(policies))
    with database.write() as session:
        permit(office, session, office.ana, "marketing.email")
    office.log.integrate(database)
    return replace(office)


def _sealed(policies: PolicySet) -> Iterator[SealedColumn]:
    """The store is sealed as the data map says."""
    for collection in policies.data_map.collections():
        for f in collection.fields:
            if f.seal:
                told = {"path": f"{collection.path}.{f.name}", "original_type": "TEXT"}
                yield SealedColumn(field_id=f.id, sealed_at=now(), complete_at=now(), **told)


MODULES = {"service.contract": "shop", "analytics.product": "analytics"}


def permit(office: Office, session: Any, subject_id: str, purpose: str, **more: Any) -> str:
    """The entry of a permit to a module that has the purpose, as the decision point writes it."""
    module = MODULES.get(purpose, "marketing")
    payload = {"module": module, "purpose": purpose, "fields": {"permit": ["email"]}} | more
    return office.log.append(session, EventType.DECISION_PERMIT, actor=module, subject_id=subject_id, payload=payload)
