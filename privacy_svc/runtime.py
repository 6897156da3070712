"""The composed service: every room's parts, built once from the settings, with the checks of the start.

The only place that knows which concrete parts stand behind the rooms' seams. Web processes,
workers and the command line all open it the same way.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from privacy_svc.auditlog import Log, Signer
from privacy_svc.db import Database
from privacy_svc.db.migrate import check as check_migrations
from privacy_svc.db.migrate import upgrade
from privacy_svc.errors import Misconfigured
from privacy_svc.policy import PolicyHolder, remember
from privacy_svc.rights import Mailer, Requests
from privacy_svc.settings import Settings
from privacy_svc.store import DecisionPoint, Directory, Gateway, Sealer, Stores
from privacy_svc.vault import FileKeyProvider, KeyProvider, Vault

KEYS = "keys"
LOG = "log"


@dataclass(frozen=True)
class Runtime:
    """Use `open_runtime`; `close` when done."""

    settings: Settings
    policies: PolicyHolder
    database: Database
    vault: Vault
    signer: Signer
    log: Log
    stores: Stores

    @cached_property
    def directory(self) -> Directory:
        return Directory(self.policies, self.stores, self.vault, self.log)

    @cached_property
    def pdp(self) -> DecisionPoint:
        return DecisionPoint(self.policies, self.directory, self.log)

    @cached_property
    def gateway(self) -> Gateway:
        return Gateway(self.stores, self.vault, self.directory, self.pdp)

    @cached_property
    def requests(self) -> Requests:
        return Requests(
            database=self.database,
            vault=self.vault,
            log=self.log,
            signer=self.signer,
            policies=self.policies,
            stores=self.stores,
            directory=self.directory,
            mailer=Mailer(self.settings),
            settings=self.settings,
        )

    def sealer(self, actor: str) -> Sealer:
        return Sealer(self.database, self.stores, self.vault, self.log, self.policies.current, actor)

    def close(self) -> None:
        self.log.stop()
        self.stores.close()
        self.database.engine.dispose()


def _initialised(settings: Settings) -> bool:
    """A home that was made: it has keys, or a database that needs them."""
    return (settings.home / KEYS).exists() or (settings.home / "privacy.sqlite3").exists()


def _compose(
    settings: Settings, policies: PolicyHolder, provider: KeyProvider, signing: Callable[[Path, str], Signer]
) -> Runtime:
    organisation = policies.current.organisation
    vault = Vault(provider, organisation.id, organisation.phone_region)
    signer = signing(settings.home / KEYS, f"{organisation.id}/privacy-log")
    log = Log(vault, signer, settings.home / LOG / "checkpoints")
    database = Database(settings.privacy_database_url)
    return Runtime(settings, policies, database, vault, signer, log, Stores(settings.stores))


def open_runtime(settings: Settings, *, check_stores: bool = True) -> Runtime:
    """The service as it stands in the home folder. Raises Misconfigured for what is dangerous or does not fit:
    no home, missing keys, tables of another version, policies with an error, a store that changed."""
    if not _initialised(settings):
        raise Misconfigured(f"There is no privacy service in {settings.home}: run `privacy-svc init --store URL`.")
    policies = PolicyHolder(settings.policies)
    runtime = _compose(settings, policies, FileKeyProvider.open(settings.home / KEYS), Signer.load)
    check_migrations(runtime.database)
    if check_stores:
        runtime.stores.check(policies.current.data_map)
    with runtime.database.write() as session:
        remember(session, policies.current)
    return runtime


def create_home(settings: Settings) -> Runtime:
    """The same for `init`: makes the home folder, the keys and the tables where they are missing."""
    settings.home.mkdir(parents=True, exist_ok=True)
    settings.home.chmod(0o700)
    policies = PolicyHolder(settings.policies)
    keys = settings.home / KEYS
    fresh = not _initialised(settings)
    provider = FileKeyProvider.create(keys) if fresh else FileKeyProvider.open(keys)
    runtime = _compose(settings, policies, provider, Signer.create if fresh else Signer.load)
    upgrade(runtime.database)
    if fresh:
        with runtime.database.write() as session:
            runtime.vault.create_index_root(session)
    return runtime


@contextmanager
def opened(settings: Settings) -> Iterator[Runtime]:
    runtime = open_runtime(settings)
    try:
        yield runtime
    finally:
        runtime.close()
