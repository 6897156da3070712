"""`Idempotency-Key`: a change that is sent again is answered again and not carried out again.

After draft-ietf-httpapi-idempotency-key-header-07. The key is spent in the transaction of the change itself: there is
no moment at which one is there without the other, whatever is killed. Two at the same time: the database lets one in,
and the other waits for its end. A change that was refused spends no key.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, Generic, TypeVar, cast

import msgspec
from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.params import HeaderParameter
from sqlalchemy import Table, bindparam, delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from privacy_svc.db import Database, now
from privacy_svc.errors import BadRequest, PrivacyError
from privacy_svc.http.model import IdempotencyKey
from privacy_svc.http.roles import Caller

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
"""On an answer that was given before."""
KEPT = timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{16,255}")
T = TypeVar("T", bound=msgspec.Struct)
W = TypeVar("W")


class KeyReused(BadRequest):
    status, slug, title = 422, "idempotency-key-reused", "This Idempotency-Key was used for another request"
    remedy = "Make a new key for each change, and send it again only with exactly the same request."


@dataclass(frozen=True)
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
        sent = Sent(self, body, None, said or {})
        with database.write() as session:
            answer = carry_out(session, [sent], kind, lambda _: [work(session)])[0]
            if isinstance(answer, PrivacyError):
                raise answer
            return answer

    @cached_property
    def spent(self) -> tuple[str, bytes] | None:
        """The row of the key."""
        return None if self.key is None else (self.caller, hashlib.sha256(self.key).digest())

    def change(self, body: bytes) -> "Change":
        """For a change of something that has a state of its own: sent again, the answer is how that stands now."""
        return Change(self, body)

    def unspend(self, session: Session) -> None:
        """What was to follow the change could not be done: sent again, the request is carried out again."""
        if self.spent is not None:
            session.connection().execute(_UNSPENT, dict(zip(("of", "hash"), self.spent, strict=True)))

    def fingerprint(self, body: bytes) -> bytes:
        """Of the whole request. Keyed, because a plain hash of a body with an e-mail address would give it away."""
        return hmac.digest(self.key or b"", self.place.encode() + b"\0" + body, "sha256")


@dataclass
class Change:
    """One request with its key, for a service that carries out the change in a transaction of its own."""

    once: Once
    body: bytes = field(repr=False)
    again: bool = False
    """It was carried out before."""

    def is_due(self, session: Session) -> bool:
        """False where it was carried out before; else its key is spent in this transaction. Raises KeyReused."""
        sent = Sent(self.once, self.body, None, {})
        if self.once.spent is None or _spend(session, [sent]):
            return True
        _require_same(session, sent)
        self.again = True
        return False

    def told(self, answer: T) -> Response[T]:
        return Response(answer, headers={REPLAYED: "true"} if self.again else None)


UNKEYED = Once("", "").change(b"")
"""Of the command line and of pages: always due."""


@dataclass(frozen=True)
class Sent(Generic[W]):
    """A change as somebody sent it: `item` is what `work` takes, `said` see `Once.write`."""

    once: Once
    body: bytes = field(repr=False)
    item: W = field(repr=False)
    said: Mapping[str, Any] = field(repr=False)

    @cached_property
    def fingerprint(self) -> bytes:
        return self.once.fingerprint(self.body)


def carry_out(
    session: Session,
    sent: Sequence[Sent[W]],
    kind: type[T],
    work: Callable[[Sequence[W]], Sequence[T | PrivacyError]],
) -> list[Response[T] | PrivacyError]:
    """`work` on what was not answered before, in one go; its refusals spend no key. What came twice at the same time
    is answered from the first."""
    places = [one.once.spent or n for n, one in enumerate(sent)]
    first = {place: n for n, place in reversed(list(enumerate(places)))}
    now_, later = sorted(first.values()), [n for n, place in enumerate(places) if first[place] != n]
    found = dict(zip(now_, _carry_out(session, [sent[n] for n in now_], kind, work), strict=True))
    if later:
        found |= zip(later, carry_out(session, [sent[n] for n in later], kind, work), strict=True)
    return [found[n] for n in range(len(sent))]


def _carry_out(
    session: Session,
    sent: Sequence[Sent[W]],
    kind: type[T],
    work: Callable[[Sequence[W]], Sequence[T | PrivacyError]],
) -> list[Response[T] | PrivacyError]:
    ours = _spend(session, sent)
    fresh = [one for one in sent if one.once.spent is None or one.once.spent in ours]
    answers = dict(zip(map(id, fresh), work([one.item for one in fresh]) if fresh else (), strict=True))
    _keep(session, [(one, answers[id(one)]) for one in fresh if one.once.spent is not None])
    return [_told(answers[id(one)]) if id(one) in answers else _again(session, one, kind) for one in sent]


def _told(answer: T | PrivacyError) -> Response[T] | PrivacyError:
    return answer if isinstance(answer, PrivacyError) else Response(answer)


def _spend(session: Session, sent: Sequence[Sent[Any]]) -> set[tuple[str, bytes]]:
    """The keys that are new, and now ours; waits for whoever is spending one of them."""
    by_key = {one.once.spent: one for one in sent if one.once.spent is not None}
    if not by_key:
        return set()
    same = {"answer": b"", "expires_at": now() + KEPT}
    rows = [{"caller": c, "key_hash": h, "fingerprint": by_key[c, h].fingerprint, **same} for c, h in sorted(by_key)]
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    spending = insert(_KEYS).on_conflict_do_nothing().returning(_KEYS.c.caller, _KEYS.c.key_hash)
    return {(caller, key_hash) for caller, key_hash in session.connection().execute(spending, rows)}


def _keep(session: Session, answered: Sequence[tuple[Sent[Any], msgspec.Struct | PrivacyError]]) -> None:
    kept, refused = [], []
    for one, answer in answered:
        assert one.once.spent is not None
        row = dict(zip(("of", "hash"), one.once.spent, strict=True))
        if isinstance(answer, PrivacyError):
            refused.append(row)
        else:
            told = {name: value for name, value in msgspec.to_builtins(answer).items() if name not in one.said}
            kept.append({**row, "told": msgspec.json.encode(told)})
    for statement, rows in ((_KEPT, kept), (_UNSPENT, refused)):
        if rows:
            session.connection().execute(statement, rows)


def _again(session: Session, sent: Sent[Any], kind: type[T]) -> Response[T] | PrivacyError:
    """What was answered before."""
    try:
        spent = _require_same(session, sent)
    except KeyReused as error:
        return error
    known = {name: msgspec.to_builtins(value) for name, value in sent.said.items()}
    return Response(msgspec.convert(msgspec.json.decode(spent.answer) | known, kind), headers={REPLAYED: "true"})


def _require_same(session: Session, sent: Sent[Any]) -> IdempotencyKey:
    spent = session.get_one(IdempotencyKey, sent.once.spent)
    if not hmac.compare_digest(spent.fingerprint, sent.fingerprint):
        raise KeyReused(f"This {HEADER} was sent before with another request.")
    return spent


_KEYS = cast("Table", IdempotencyKey.__table__)
_ONE = (_KEYS.c.caller == bindparam("of"), _KEYS.c.key_hash == bindparam("hash"))
_KEPT = update(_KEYS).where(*_ONE).values(answer=bindparam("told"))
_UNSPENT = delete(_KEYS).where(*_ONE)


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
