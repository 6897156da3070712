"""`Idempotency-Key`: a change that is sent again is answered again and not carried out again.

After draft-ietf-httpapi-idempotency-key-header-07. The key is spent in the transaction of the change itself: there is
no moment at which one is there without the other, whatever is killed. Two at the same time: the database lets one in,
and the other waits for its end. A change that was refused spends no key.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.params import HeaderParameter
from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from privacy_svc.db import Database, now
from privacy_svc.errors import BadRequest
from privacy_svc.http.model import IdempotencyKey
from privacy_svc.http.roles import Caller

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
"""On an answer that was given before."""
KEPT = timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{16,255}")
T = TypeVar("T", bound=msgspec.Struct)


class KeyReused(BadRequest):
    status, slug, title = 422, "idempotency-key-reused", "This Idempotency-Key was used for another request"
    remedy = "Make a new key for each change, and send it again only with exactly the same request."


@dataclass(frozen=True, slots=True)
class Once:
    """The request's key, if it has one. `place` is its method and address."""

    caller: str
    place: str
    key: bytes | None = field(default=None, repr=False)

    def write(
        self,
        database: Database,
        body: bytes,
        kind: type[T],
        work: Callable[[Session], T],
        said: Mapping[str, Any] | None = None,
    ) -> Response[T]:
        """`work` in one transaction, or the answer that it gave to this key before. Raises KeyReused.

        `said` are members of the answer that repeat what the body says: they are taken from the body again, so that
        nothing of a person is kept here.
        """
        with database.write() as session:
            return self._answer(session, body, kind, work, said)

    async def change(
        self,
        database: Database,
        body: bytes,
        kind: type[T],
        work: Callable[[Session], T],
        said: Mapping[str, Any] | None = None,
    ) -> Response[T]:
        """The same in a transaction that is shared with others, see `Database.change`."""
        return await database.change(lambda session: self._answer(session, body, kind, work, said))

    def _answer(
        self,
        session: Session,
        body: bytes,
        kind: type[T],
        work: Callable[[Session], T],
        said: Mapping[str, Any] | None,
    ) -> Response[T]:
        kept = self._spend(session, body) if self.key else None
        if kept is None:
            answer = work(session)
            self._keep(session, answer, said or {})
            return Response(answer)
        known = {name: msgspec.to_builtins(value) for name, value in (said or {}).items()}
        return Response(msgspec.convert(msgspec.json.decode(kept) | known, kind), headers={REPLAYED: "true"})

    def _spend(self, session: Session, body: bytes) -> bytes | None:
        """None where the key is new, and now ours; waits for whoever is spending it."""
        fingerprint = self._fingerprint(body)
        row = {
            "caller": self.caller,
            "key_hash": self._digest(),
            "fingerprint": fingerprint,
            "answer": b"",
            "expires_at": now() + KEPT,
        }
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        ours = insert(IdempotencyKey).values(row).on_conflict_do_nothing().returning(IdempotencyKey.caller)
        if session.execute(ours).first() is not None:
            return None
        spent = session.get_one(IdempotencyKey, (self.caller, self._digest()))
        if not hmac.compare_digest(spent.fingerprint, fingerprint):
            raise KeyReused(f"This {HEADER} was sent before with another request.")
        return spent.answer

    def _keep(self, session: Session, answer: msgspec.Struct, said: Mapping[str, Any]) -> None:
        if self.key is None:
            return
        told = {name: value for name, value in msgspec.to_builtins(answer).items() if name not in said}
        mine = (IdempotencyKey.caller == self.caller, IdempotencyKey.key_hash == self._digest())
        session.execute(update(IdempotencyKey).where(*mine).values(answer=msgspec.json.encode(told)))

    def unspend(self, session: Session) -> None:
        """What was to follow the change could not be done: sent again, the request is carried out again."""
        if self.key is not None:
            mine = (IdempotencyKey.caller == self.caller, IdempotencyKey.key_hash == self._digest())
            session.execute(delete(IdempotencyKey).where(*mine))

    def _digest(self) -> bytes:
        return hashlib.sha256(self.key or b"").digest()

    def _fingerprint(self, body: bytes) -> bytes:
        """Of the whole request. Keyed, because a plain hash of a body with an e-mail address would give it away."""
        return hmac.digest(self.key or b"", self.place.encode() + b"\0" + body, "sha256")


def once_of_request(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    idempotency_key: Annotated[str | None, HeaderParameter(name=HEADER)] = None,
) -> Once:
    """The dependency `once`. Raises BadRequest."""
    if idempotency_key is not None and not _KEY.fullmatch(idempotency_key):
        raise BadRequest(f"{HEADER} is 16 to 255 visible characters of ASCII, such as a UUID.")
    key = idempotency_key.encode() if idempotency_key is not None else None
    return Once(caller.name, f"{request.method} {request.url.path}?{request.url.query}", key)


def forget_spent_keys(session: Session, at: datetime) -> None:
    """Those that have expired: sent again, they would be carried out again."""
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.expires_at <= at))
