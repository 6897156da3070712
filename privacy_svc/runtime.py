"""The composed service: every room's parts, built once from the settings.

The only place, with `home`, that knows which concrete parts stand behind the rooms' seams. Web processes,
workers and the command line all open it the same way.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log, Signer, reseal_payloads
from privacy_svc.consent import Brought, Choices, Intake, Taken, send_due
from privacy_svc.db import Database, Together, now
from privacy_svc.identity import ByProvider, Provider, registration_of
from privacy_svc.mail import Mailer
from privacy_svc.outbound import Outbound, networks
from privacy_svc.policy import PolicyHolder, surely_before
from privacy_svc.rights import Requests, held_people, reseal_packages
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
    Vault,
)


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
        return None if kept is None else self.log.prunable(self.database, surely_before(now(), kept), self._held)

    def prune_log(
        self, actor: str, *, automatic: bool = False, progress: Callable[[int], None] = lambda _: None
    ) -> int:
        """Deletes the log's entries that are over; how many."""
        kept = self.policies.current.organisation.log_kept
        if kept is None:
            return 0
        before = surely_before(now(), kept)
        return self.log.prune(self.database, before, self._held, actor=actor, automatic=automatic, progress=progress)

    def _held(self, session: Session) -> Collection[str]:
        return held_people(session, self.log)

    def sealer(self, actor: str) -> Sealer:
        return Sealer(self.database, self.stores, self.vault, self.log, self.policies.current, actor)

    def close(self) -> None:
        self.log.stop()
        self.stores.close()
        self.database.engine.dispose()
