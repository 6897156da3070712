"""Credentials looked up while requests wait: tokens in one statement for all who came at the same time.

Nothing is kept: each look begins after its request came, so what was revoked before is refused.
"""

import asyncio

from privacy_svc.auditlog import EventType, Log
from privacy_svc.db import Database, Together
from privacy_svc.identity import service, staff
from privacy_svc.identity.errors import UnknownToken
from privacy_svc.identity.model import StaffSession
from privacy_svc.identity.service import LiveClient


class Credentials:
    def __init__(self, database: Database, log: Log) -> None:
        self._database, self._log = database, log
        self._clients = Together[bytes, LiveClient](database.read, service.find_clients)

    async def by_token(self, header: str | None) -> LiveClient:
        """Raises NotSignedIn; UnknownToken, which is logged."""
        try:
            return await self._clients.do(service.token_hash(header))
        except UnknownToken:
            await asyncio.to_thread(self._note_failure)
            raise

    async def by_cookie(self, cookie: str) -> StaffSession:
        """Raises SessionEnded."""
        return await asyncio.to_thread(self._find_session, cookie)

    async def note_use(self, credential: LiveClient | StaffSession) -> None:
        await asyncio.to_thread(self._note_use, credential)

    def _find_session(self, cookie: str) -> StaffSession:
        with self._database.read() as session:
            return staff.find_session(session, cookie)

    def _note_use(self, credential: LiveClient | StaffSession) -> None:
        with self._database.write() as session:
            service.note_use(session, credential)

    def _note_failure(self) -> None:
        with self._database.write() as session:
            self._log.append(session, EventType.SIGN_IN_FAILED, actor="unknown", payload={"by": "token"})
