"""Staff sign in by the organisation's OpenID provider: a flow begins in one browser and comes back to it, once.

The flow's secret is a cookie of that browser. `state` is made of it, so that nobody can have somebody else finish
what they began (OAuth 2.0 Security BCP, RFC 9700 §4.7); so are the nonce and the verifier of PKCE.
"""

import hmac
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log
from privacy_svc.db import Database, now
from privacy_svc.errors import BadRequest, Conflict, NotFound
from privacy_svc.identity.errors import NoRole, ProviderAway, SignInRefused, TooManyTries
from privacy_svc.identity.failures import STAFF_FAILURES, held_up, note_failure
from privacy_svc.identity.limits import Limit, forget_over, take
from privacy_svc.identity.model import StaffAccount, StaffFlow
from privacy_svc.identity.names import Holder, take_name
from privacy_svc.identity.provider import Flow, Person, Provider
from privacy_svc.identity.secret import digest, new_secret
from privacy_svc.identity.sessions import end_by_provider, start_session

MINUTES = 10
LOGOUTS = Limit("logout-tokens", 60, timedelta(hours=1))
"""That are refused."""
BEGUN_BY_NETWORK = Limit("staff-flows", 120, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class ByProvider:
    """`provider`: None where the settings name none. Between its transactions it calls the provider, so it commits."""

    database: Database
    log: Log
    provider: Provider | None

    def begin(self, network: str) -> tuple[Flow, str]:
        """The flow, for the browser's cookie, and where the browser goes. Raises NotFound, ProviderAway,
        TooManyTries."""
        provider, flow = self._known(), Flow(new_secret())
        with self.database.write() as session:
            forget_over(session)
            session.execute(delete(StaffFlow).where(StaffFlow.expires_at <= now()))
            reached = take(session, BEGUN_BY_NETWORK, network.encode())
            if reached is not None:
                held_up(session, self.log, reached)
            else:
                session.add(StaffFlow(flow_hash=digest(flow.secret), expires_at=now() + timedelta(minutes=MINUTES)))
        if reached is not None:
            raise TooManyTries(reached.seconds)
        return flow, provider.leads_to(flow)

    def finish(
        self, flow: Flow, answer: Mapping[str, str], network: str, *, modules: Collection[str], before: str = ""
    ) -> str:
        """The secret of a fresh session; that of `before` ends. `answer`: the query that the browser came back with.
        What is refused is logged. Raises SignInRefused, NoRole, ProviderAway, TooManyTries."""
        try:
            self._spend(flow, answer.get("state", ""))
            person = self._known().person(flow, answer)
        except (SignInRefused, NoRole, ProviderAway) as error:
            self._refuse(error, network)
        with self.database.write() as session:
            name = _name(session, person, modules)
            return start_session(session, self.log, person.role, name, account=person.account, before=before)

    def ended(self, logout_token: str, network: str) -> int:
        """The provider says that somebody has signed out there; how many sessions ended. What is refused is logged.
        Raises SignInRefused, ProviderAway, NotFound, TooManyTries."""
        try:
            ended = self._known().ended(logout_token)
        except SignInRefused as error:
            self._refuse(error, network, LOGOUTS, by="logout")
        with self.database.write() as session:
            return end_by_provider(session, self.log, ended)

    def _known(self) -> Provider:
        if self.provider is None:
            raise NotFound("No OpenID provider is set up here; staff sign in by one-time links.")
        return self.provider

    def _spend(self, flow: Flow, state: str) -> None:
        """The flow's own state first: a page of somebody else's could else have the browser spend it."""
        if not hmac.compare_digest(state.encode(errors="replace"), flow.state.encode()):
            raise SignInRefused("another_state")
        mine = StaffFlow.flow_hash == digest(flow.secret), StaffFlow.expires_at > now()
        with self.database.write() as session:
            if session.scalar(delete(StaffFlow).where(*mine).returning(StaffFlow.flow_hash)) is None:
                raise SignInRefused("flow_over")

    def _refuse(
        self,
        error: SignInRefused | NoRole | ProviderAway,
        network: str,
        limit: Limit = STAFF_FAILURES,
        by: str = "provider",
    ) -> NoReturn:
        why = error.why if isinstance(error, SignInRefused) else error.slug.replace("-", "_")
        with self.database.write() as session:
            reached = note_failure(session, self.log, limit, network, by=by, why=why)
        raise TooManyTries(reached.seconds) if reached is not None else error


def _name(session: Session, person: Person, modules: Collection[str]) -> str:
    """What the log calls them, from their first sign-in on. A name that is none here, or that somebody else has, is not
    taken over from the provider: then they have one that is made of the account. Who comes in two tabs at once has one.
    """
    account = person.account.account_hash
    for name in (person.name, f"staff-{person.account.short}"):
        with suppress(BadRequest, Conflict):
            if (known := _known_as(session, account)) is None:
                take_name(session, name, Holder.ACCOUNT, modules)
                session.add(StaffAccount(account_hash=account, name=name))
            return known or name
    if (known := _known_as(session, account)) is None:
        raise Conflict("The log has no name for this account: what it would be called is somebody else's name.")
    return known


def _known_as(session: Session, account: bytes) -> str | None:
    return session.scalar(select(StaffAccount.name).where(StaffAccount.account_hash == account))
