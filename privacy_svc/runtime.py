"""The composed service: every room's parts, built once from the settings, with the checks of the start.

The only place that knows which concrete parts stand behind the rooms' seams. Web processes,
workers and the command line all open it the same way.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log, Signer, Witness, reseal_payloads
from privacy_svc.consent import Brought, Choices, Intake, Taken, send_due
from privacy_svc.db import Database, Together, now
from privacy_svc.db.migrate import check as check_migrations
from privacy_svc.db.migrate import upgrade
from privacy_svc.errors import KeyUnavailable, Misconfigured
from privacy_svc.identity import ByProvider, Provider, registration_of
from privacy_svc.mail import Mailer
from privacy_svc.outbound import Outbound, networks
from privacy_svc.pii import use_model
from privacy_svc.policy import PolicyHolder, PolicySet, newest, surely_before
from privacy_svc.rights import Requests, held_people, opendsr_signing, reseal_packages
from privacy_svc.settings import Settings
from privacy_svc.store import (
    Answer,
    Answered,
    Audiences,
    Boxcar,
    Case,
    DecisionPoint,
    Directory,
    Evaluations,
    Gateway,
    Sealer,
    Shadow,
    Simulation,
    Stores,
    reseal_births,
)
from privacy_svc.vault import (
    Holder,
    KeyProvider,
    Lease,
    Ledger,
    Restored,
    Schedule,
    Tampered,
    Vault,
    create_provider,
    open_provider,
)

KEYS = "keys"


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
    def mailer(self) -> Mailer:
        return Mailer(self.settings)

    @cached_property
    def by_provider(self) -> ByProvider:
        """How staff sign in where the settings name an OpenID provider."""
        registration = registration_of(self.settings)
        outbound = Outbound(networks(self.settings.outbound_allow))
        provider = Provider(registration, outbound) if registration else None
        return ByProvider(self.database, self.log, provider)

    @cached_property
    def pdp(self) -> DecisionPoint:
        shadow = self.settings.shadow_policies
        return DecisionPoint(self.policies, self.log, Shadow(Path(shadow)) if shadow else None)

    @cached_property
    def evaluations(self) -> Evaluations:
        return Evaluations(self.policies, self.directory, self.pdp)

    @cached_property
    def evaluating(self) -> Together[Case, Answer]:
        """Single evaluations, by those who ask at the same time."""
        return Together(self.database.write, self.evaluations.each)

    @cached_property
    def boxcars(self) -> Together[Boxcar, Answered]:
        """The same of many at once; of a few callers, as each may ask a thousand."""
        return Together(self.database.write, self.evaluations.boxcars, most=8)

    @cached_property
    def recording(self) -> Together[Brought, Taken]:
        """Consents, by those who bring them at the same time."""
        url, directory = self.settings.base_url, self.directory
        intake = Intake(self.vault, self.log, directory, self.policies, url, self.signer)
        return Together(self.database.write, intake.each)

    def send_confirmations(self) -> int:
        """Letters of double opt-ins that nobody has sent; how many went out."""
        url = self.settings.base_url
        choices = Choices(self.vault, self.log, self.directory, self.policies.current, url, self.signer)
        return send_due(self.database, choices.confirmer, self.mailer)

    @cached_property
    def audiences(self) -> Audiences:
        return Audiences(self.policies, self.stores, self.database, self.pdp)

    @cached_property
    def simulation(self) -> Simulation:
        return Simulation(self.policies, self.stores, self.database, self.log)

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
            mailer=self.mailer,
            settings=self.settings,
        )

    @property
    def holders(self) -> Sequence[Holder]:
        """Who keeps values of ours that people's data keys sealed."""
        return (reseal_payloads, reseal_packages, reseal_births)

    def note_key_event(self, kind: str, actor: str, payload: Mapping[str, Any]) -> None:
        with self.database.write() as session:
            self.log.append(session, EventType[kind], actor=actor, payload=payload)

    def log_over(self) -> int | None:
        """How many of the log's entries are over by the policy; None where all are kept."""
        kept = self.policies.current.organisation.log_kept
        return None if kept is None else self.log.prunable(self.database, surely_before(now(), kept), held_people)

    def prune_log(
        self, actor: str, *, automatic: bool = False, progress: Callable[[int], None] = lambda _: None
    ) -> int:
        """Deletes the log's entries that are over; how many."""
        kept = self.policies.current.organisation.log_kept
        if kept is None:
            return 0
        before = surely_before(now(), kept)
        return self.log.prune(self.database, before, held_people, actor=actor, automatic=automatic, progress=progress)

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
    schedule = Schedule(timedelta(hours=settings.epoch_hours), timedelta(days=settings.backup_days))
    vault = Vault(
        provider,
        organisation.id,
        Ledger(settings.ledger_folder),
        region=organisation.phone_region,
        schedule=schedule,
        lease=Lease(60 * settings.key_lease_minutes, 60 * settings.key_grace_minutes),
    )
    signer = signing(settings.home / KEYS, f"{organisation.id}/privacy-log")
    witness = Witness.of(settings.witness_url, settings.witness_key, signer.name, networks(settings.outbound_allow))
    log = Log(vault, signer, settings.log_folder / "checkpoints", witness)
    opendsr_signing(settings)
    registration_of(settings)
    database = Database(settings.privacy_database_url)
    return Runtime(settings, policies, database, vault, signer, log, Stores(settings.stores, database))


def open_runtime(
    settings: Settings,
    *,
    check_stores: bool = True,
    check_fences: bool = True,
    check_policies: bool = True,
    check_record: bool = True,
) -> Runtime:
    """The service as it stands in the home folder. Raises Misconfigured for what is dangerous or does not fit: no
    home, missing keys, tables of another version, policies with an error, a store that changed, a database that
    was restored and does not know of later erasures, or in which rows of erased people were put back (`check_fences`
    is left out only by who replays them). Without `check_policies`, files with an error are stood in for by the policy
    kept last: whoever reads the log must be able to, whatever happened to the policies. `check_record` is left out
    by who writes the log's record outside the database anew."""
    if not _initialised(settings):
        raise Misconfigured(f"There is no privacy service in {settings.home}: run `privacy-svc init --store URL`.")
    use_model(settings.pii_model)
    kept = (lambda: None) if check_policies else (lambda: _kept_last(settings))
    policies = PolicyHolder(settings.policies, kept=kept)
    runtime = _compose(settings, policies, open_provider(settings, settings.home / KEYS), Signer.load)
    check_migrations(runtime.database)
    if check_stores:
        runtime.stores.check(policies.current.data_map)
    with runtime.database.write() as session:
        if check_fences:
            runtime.vault.ledger.check(session)
            _refuse_an_older_log(runtime.log, runtime.database)
            if check_record:
                _refuse_another_record(runtime.log, session)
            runtime.vault.register(session)
            _refuse_other_keys(runtime.vault, session)
            runtime.vault.refuse_undone(session)
            runtime.vault.guarded = True
            runtime.pdp.keep(session, policies.current)
    return runtime


def _kept_last(settings: Settings) -> PolicySet | None:
    database = Database(settings.privacy_database_url)
    try:
        check_migrations(database)
        with database.read() as session:
            return newest(session)
    finally:
        database.engine.dispose()


def _refuse_other_keys(vault: Vault, session: Session) -> None:
    """A key that is away comes back, but one that is another opens nothing, and new keys would be wrapped under it."""
    with suppress(KeyUnavailable):
        try:
            vault.check(session)
        except Tampered:
            raise Misconfigured(
                "The newest root key is not the one that wrapped this database's keys: it was swapped or damaged. "
                "Bring back the right one."
            ) from None


def _refuse_an_older_log(log: Log, database: Database) -> None:
    """Also where nobody was erased since, and where the ledger is not the latest: the log has seen more than this."""
    if lacking := log.lacks(database):
        raise Restored(
            f"The privacy database is older than the audit log outside of it, by {lacking} entries: it was restored. "
            "Run `privacy-svc restore replay`."
        )


def _refuse_another_record(log: Log, session: Session) -> None:
    """Of two machines that write a record each, both would find it cut, and neither would sign on."""
    if log.record_is_elsewhere(session):
        raise Misconfigured(
            f"The audit log has a record outside the database, and {log.export.parent} is not it. All "
            "machines share one folder, named by `log` (PRIVACY_LOG). Where it is lost, bring back its newest copy; "
            "without one, `privacy-svc log resume --reason TEXT` writes it anew from the database."
        )
    log.begin_record(session)


def create_home(settings: Settings) -> Runtime:
    """The same for `init`: makes the home folder, the keys and the tables where they are missing."""
    settings.home.mkdir(parents=True, exist_ok=True)
    settings.home.chmod(0o700)
    policies = PolicyHolder(settings.policies)
    keys = settings.home / KEYS
    fresh = not _initialised(settings) or not (keys / "signing.key").exists()
    if fresh:
        _refuse_foreign_keys(settings)  # also after an `init` that ended before it had made keys
    provider = create_provider(settings, keys) if fresh else open_provider(settings, keys)
    runtime = _compose(settings, policies, provider, Signer.create if fresh else Signer.load)
    upgrade(runtime.database)
    if fresh:
        runtime.vault.ledger.create()
    with runtime.database.write() as session:
        runtime.vault.register(session)
        if fresh:
            runtime.vault.create_index_root(session)
            runtime.vault.address_hasher(session, write=True)
        runtime.log.begin_record(session)
        runtime.pdp.keep(session, policies.current)
    return runtime


def _refuse_foreign_keys(settings: Settings) -> None:
    """New root keys beside a database that others wrapped would look like a working service that can read nothing."""
    database = Database(settings.privacy_database_url)
    upgrade(database)
    with database.read() as session:
        used = Vault.in_use(session)
    database.engine.dispose()
    if used:
        raise Misconfigured(
            f"The privacy database holds keys already, and {settings.home} has no root keys for them: restore the home "
            "folder's keys and ledger, or name the home folder that has them. None are made anew."
        )


@contextmanager
def opened(settings: Settings) -> Iterator[Runtime]:
    runtime = open_runtime(settings)
    try:
        yield runtime
    finally:
        runtime.close()
