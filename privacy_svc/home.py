"""A home folder opened as the composed service, or made at `init`. What is dangerous or does not fit does not start."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log, Signer, Witness
from privacy_svc.db import Database
from privacy_svc.db.migrate import check as check_migrations
from privacy_svc.db.migrate import upgrade
from privacy_svc.errors import KeyUnavailable, Misconfigured
from privacy_svc.identity import check_reach, registration_of
from privacy_svc.outbound import networks
from privacy_svc.pii import use_model
from privacy_svc.policy import PolicyHolder, PolicySet, newest, newest_version, refuse_widened
from privacy_svc.rights import opendsr_signing
from privacy_svc.runtime import Runtime
from privacy_svc.settings import Settings
from privacy_svc.store import (
    Stores,
)
from privacy_svc.vault import (
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
_log = structlog.get_logger(__name__)


def _initialised(settings: Settings) -> bool:
    """A home that was made: it has keys, or a database that needs them."""
    return (settings.home / KEYS).exists() or (settings.home / "privacy.sqlite3").exists()


def _compose(
    settings: Settings, policies: PolicyHolder, provider: KeyProvider, signing: Callable[[Path, str], Signer]
) -> Runtime:
    check_reach(settings)
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
            if check_policies:
                _refuse_widened(session, policies)
                runtime.pdp.keep(session, policies.current)
    return runtime


def _refuse_widened(session: Session, policies: PolicyHolder) -> None:
    """A start is no way around what a reload refuses."""
    try:
        before = newest(session) if newest_version(session) != policies.current.version else None
    except Misconfigured as error:  # of another release, which read policies otherwise
        _log.warning("policy.not_compared", faults=[str(error)])
        return
    if before is not None:
        refuse_widened(before, policies.current, policies.folder.resolve().name)


def last_in_force(settings: Settings) -> PolicySet | None:
    """None before the first start."""
    return _kept_last(settings) if _initialised(settings) else None


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
        _refuse_widened(session, policies)
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
