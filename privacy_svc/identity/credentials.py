"""Credentials looked up while requests wait: tokens in one statement for all who came at the same time.

Each look begins after its request came, so what was revoked before is refused. Who a token was is remembered for calls
that look it up later on (`claims`), and for nothing else.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from privacy_svc.auditlog import Log
from privacy_svc.db import Database, Together, now
from privacy_svc.identity import service, sessions
from privacy_svc.identity.allowance import Allowances
from privacy_svc.identity.claims import Claim
from privacy_svc.identity.errors import TooManyTries, UnknownToken
from privacy_svc.identity.failures import note_failure
from privacy_svc.identity.limits import Limit
from privacy_svc.identity.model import BrowserSession
from privacy_svc.identity.service import LiveClient
from privacy_svc.outbound import Networks

WRONG_TOKENS = Limit("wrong-tokens", 60, timedelta(minutes=1))
"""Of one network."""
MOST_REMEMBERED = 10_000


class Credentials:
    """`calls`: most calls a minute by one token; 0: any number."""

    def __init__(
        self, database: Database, log: Log, calls: int = 0, proxies: Networks = (), base_url: str = ""
    ) -> None:
        self._database, self._log, self.proxies, self.base_url = database, log, proxies, base_url
        self._clients = Together[bytes, LiveClient](database.read, service.find_clients)
        self._allowances = Allowances(database, calls)
        self._remembered: dict[bytes, LiveClient] = {}

    async def by_token(self, header: str | None, network: Callable[[], str] = str) -> LiveClient:
        """Raises NotSignedIn; UnknownToken, which is logged; TooManyTries. `network` is asked of a wrong one only."""
        client = await self.look_up(header, network)
        await self._allowances.spend(client.id)
        return client

    async def look_up(self, header: str | None, network: Callable[[], str] = str) -> LiveClient:
        """The same, and not counted as a call."""
        token = service.token_hash(header)
        self._remembered.pop(token, None)
        try:
            client = await self._clients.do(token)
        except UnknownToken:
            await asyncio.to_thread(self._note_failure, network())
            raise
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[token] = client
        return client

    async def claim(self, header: str) -> Claim | None:
        """Whose the token was; None where nobody remembers, or its use has to be noted. Counts as a call. Raises
        NotSignedIn, TooManyTries."""
        token = service.token_hash(header)
        client = self._remembered.get(token)
        if client is None or service.use_is_stale(client, now()):
            return None
        await self._allowances.spend(client.id)
        return Claim(token, client)

    async def by_cookie(self, cookie: str) -> BrowserSession:
        """Raises SessionEnded."""
        return await asyncio.to_thread(self._find_session, cookie)

    async def note_use(self, credential: LiveClient | BrowserSession) -> None:
        await asyncio.to_thread(self._note_use, credential)

    def _find_session(self, cookie: str) -> BrowserSession:
        with self._database.read() as session:
            return sessions.find_session(session, cookie)

    def _note_use(self, credential: LiveClient | BrowserSession) -> None:
        with self._database.write() as session:
            service.note_use(session, credential)

    def _note_failure(self, network: str) -> None:
        with self._database.write() as session:
            reached = note_failure(session, self._log, WRONG_TOKENS, network, by="token")
        if reached is not None:
            raise TooManyTries(reached.seconds)
