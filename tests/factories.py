"""Real parts for tests, made in a folder of the test's own."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log, Signer
from privacy_svc.db import Database
from privacy_svc.policy import PolicyHolder, remember
from privacy_svc.settings import Settings
from privacy_svc.vault import FileKeyProvider, KeyProvider, Lease, Ledger, Vault

if TYPE_CHECKING:
    from privacy_svc.runtime import Runtime

ORGANISATION = "test"


def make_vault(
    folder: Path,
    database: Database | None = None,
    organisation: str = ORGANISATION,
    region: str = "DE",
    lease: Lease = Lease(),  # noqa: B008 - immutable
    provider: KeyProvider | None = None,
) -> Vault:
    """A vault with this or a file key provider; opens the keys where they are already. With a database it knows its
    epochs."""
    keys = folder / "keys"
    if provider is None:
        provider = FileKeyProvider.open(keys) if keys.exists() else FileKeyProvider.create(keys)
    ledger = Ledger(folder / "ledger")
    ledger.create()
    vault = Vault(provider, organisation, ledger, region=region, lease=lease)
    if database is not None:
        with database.write() as session:
            vault.register(session)
    return vault


def make_log(folder: Path, vault: Vault) -> Log:
    """A log that signs with a key of its own and exports to a file of the folder."""
    keys = folder / "signing"
    signer = Signer.load(keys, "test.example/log") if keys.exists() else Signer.create(keys, "test.example/log")
    return Log(vault, signer, folder / "checkpoints")


def check_log(database: Database, log: Log) -> None:
    """Integrates what waits and verifies the whole log: for use after every mutation in any test."""
    log.integrate(database)
    report = log.verify(database)
    assert report.ok, report.findings


def make_runtime(home: Path, database: Database, stores: Mapping[str, str], policies: Path) -> "Runtime":
    """The composed service over a migrated database, as `open_runtime` would make it."""
    from privacy_svc.runtime import Runtime  # only here: a lower room's tests do not need the rooms above it
    from privacy_svc.store import Stores

    holder = PolicyHolder(policies)
    organisation = holder.current.organisation
    vault = make_vault(home, database, organisation.id, organisation.phone_region)
    settings = Settings(home=home, policies=policies, stores=dict(stores))
    log = make_log(home, vault)
    runtime = Runtime(settings, holder, database, vault, log.signer, log, Stores(stores, database))
    with database.write() as session:
        vault.create_index_root(session)
        remember(session, holder.current)
    return runtime


def erase(runtime: "Runtime", session: Session, subject_id: str) -> None:
    """The person's key and log payloads, as an erasure does it at its last step."""
    theirs = runtime.log.theirs(session, subject_id)
    runtime.vault.erase(session, subject_id)
    runtime.log.erase_payloads(session, theirs, actor="test")
