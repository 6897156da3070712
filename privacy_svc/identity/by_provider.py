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
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log
from privacy_svc.db import Database, now
from privacy_svc.errors import BadRequest, NotFound
from privacy_svc.identity.errors import NoRole, ProviderAway, SignInRefused, TooManyTries
from privacy_svc.identity.failures import STAFF_FAILURES, held_up, note_failure
from privacy_svc.identity.limits import Limit, forget_over, take
from privacy_svc.identity.model import Client, StaffAccount, StaffFlow
from privacy_svc.identity.provider import Flow, Person, Provider
from privacy_svc.identity.secret import digest, new_secret
from privacy_svc.identity.service import require_name
from privacy_svc.identity.sessions import end_by_provider, start_session

MINUTES = 10
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
        flow = Flow(new_secret())
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
        return flow, self._known().leads_to(flow)

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

    def ended(self, logout_token: str) -> int:
        """The provider says that somebody has signed out there; how many sessions ended. Raises SignInRefused,
        ProviderAway, NotFound."""
        ended = self._known().ended(logout_token)
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

    def _refuse(self, error: SignInRefused | NoRole | ProviderAway, network: str) -> NoReturn:
        why = error.why if isinstance(error, SignInRefused) else error.slug.replace("-", "_")
        with self.database.write() as session:
            reached = note_failure(session, self.log, STAFF_FAILURES, network, by="provider", why=why)
        raise TooManyTries(reached.seconds) if reached is not None else error


def _name(session: Session, person: Person, modules: Collection[str]) -> str:
    """What the log calls them, from their first sign-in on. A name that is none here, or that a module, a client or
    another account has, is not taken over from the provider: then they have one that is made of the account."""
    known = session.get(StaffAccount, person.account.account_hash)
    if known is not None:
        return known.name
    own = f"staff-{person.account.short}"
    if _is_free(session, person.name, modules):
        with suppress(IntegrityError), session.begin_nested():  # else another account has it
            session.add(StaffAccount(account_hash=person.account.account_hash, name=person.name))
            return person.name
    session.add(StaffAccount(account_hash=person.account.account_hash, name=own))
    return own


def _is_free(session: Session, name: str, modules: Collection[str]) -> bool:
    try:
        require_name(name)
    except BadRequest:
        return False
    return name not in modules and session.scalar(select(Client.id).where(Client.name == name).limit(1)) is None
