"""Orders for long work: a request only places one, a worker takes the oldest, one at a time in the whole organisation.

A page that waited for it would end in a timeout of some proxy, with the work going on unseen. Who does the work shows
signs of life; where they stop, another worker begins anew.
"""

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.audits.errors import UnknownOrder
from privacy_svc.audits.model import ORDER, AuditOrder
from privacy_svc.db import Database, new_id, now
from privacy_svc.vault import Vault

PATIENCE = timedelta(seconds=15)
"""Workers look every second: what waits for longer, while nothing else is done, waits for a worker."""
LIVES = timedelta(seconds=30)
"""Without a sign of life for so long, a worker counts as gone."""
KEPT = timedelta(days=1)
TRIES = 3


class Kind(enum.StrEnum):
    RUN = "run"
    VERIFY = "verify"
    AFFECTED = "affected"
    FIGURES = "figures"
    COMPARE = "compare"
    SIMULATE = "simulate"


class Stage(enum.StrEnum):
    WAITING = "waiting"
    UNCLAIMED = "unclaimed"
    """Nobody takes it: no worker runs."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Order:
    """`result` is None until it is done."""

    id: str
    kind: Kind
    about: str
    ordered_by: str
    ordered_at: datetime
    ended_at: datetime | None
    stage: Stage
    done: int
    total: int | None
    problem: str | None
    result: Any = None

    @property
    def ended(self) -> bool:
        return self.ended_at is not None


@dataclass(frozen=True, slots=True)
class Claim:
    id: str
    kind: Kind
    about: str
    given: Any
    by: str
    worker: str


@dataclass(frozen=True)
class Orders:
    """Each method is one transaction."""

    database: Database
    vault: Vault

    def place(self, kind: Kind, about: str, by: str, given: Mapping[str, Any] | None = None) -> str:
        """Its id; of the same work that waits or runs already, where there is some. `given` is no personal data."""
        with self.database.write() as session:
            same = select(AuditOrder.id).where(AuditOrder.kind == kind, AuditOrder.about == about)
            found = session.scalars(same.where(AuditOrder.ended_at.is_(None))).first()
            if found is not None:
                return found
            order = AuditOrder(id=new_id(), kind=kind, about=about, ordered_by=by, ordered_at=now())
            order.given = None if given is None else json.dumps(given)
            session.add(order)
            return order.id

    def find(self, order_id: str) -> Order:
        """Raises UnknownOrder."""
        with self.database.read() as session:
            found = session.get(AuditOrder, order_id)
            if found is None:
                raise UnknownOrder("There is no such order, or its day is over.")
            return self._view(session, found)

    def newest(self, kind: Kind, about: str, *, done: bool = False) -> Order | None:
        """Also one that has not ended or came to nothing, unless only what is `done` is asked for."""
        with self.database.read() as session:
            mine = select(AuditOrder).where(AuditOrder.kind == kind, AuditOrder.about == about)
            if done:
                mine = mine.where(AuditOrder.sealed.is_not(None))
            found = session.scalars(mine.order_by(AuditOrder.id.desc()).limit(1)).first()
            return self._view(session, found) if found else None

    def claim(self) -> Claim | None:
        """The oldest that waits, where no other is being done. Of one that ended in the middle too often, the end."""
        with self.database.read() as session:  # nearly always: no write where there is nothing to do
            if session.scalars(select(AuditOrder.id).where(AuditOrder.ended_at.is_(None)).limit(1)).first() is None:
                return None
        try:
            with self.database.write() as session:
                return self._claim(session, now())
        except IntegrityError:  # another worker has the turn
            return None

    def _claim(self, session: Session, at: datetime) -> Claim | None:
        # A beat in the future is none either: a clock that went back may not keep the turn for ever.
        gone = or_(AuditOrder.beat_at < at - LIVES, AuditOrder.beat_at > at + LIVES)
        session.execute(update(AuditOrder).where(AuditOrder.turn.is_not(None), gone).values(turn=None))
        worn = (AuditOrder.ended_at.is_(None), AuditOrder.turn.is_(None), AuditOrder.tried >= TRIES)
        problem = f"It ended in the middle {TRIES} times: the worker's log says why."
        session.execute(update(AuditOrder).where(*worn).values(ended_at=at, problem=problem))
        # Locked: who waited here for another that claimed it finds it claimed.
        waiting = select(AuditOrder).where(AuditOrder.ended_at.is_(None), AuditOrder.turn.is_(None))
        found = session.scalars(waiting.order_by(AuditOrder.id).limit(1).with_for_update()).first()
        if found is None or session.scalars(select(AuditOrder.id).where(AuditOrder.turn.is_not(None))).first():
            return None
        worker = new_id()
        found.turn, found.worker, found.beat_at, found.tried = 1, worker, at, found.tried + 1
        found.done, found.total = 0, None
        session.flush()
        given = None if found.given is None else json.loads(found.given)
        return Claim(found.id, Kind(found.kind), found.about, given, found.ordered_by, worker)

    def beat(self, claim: Claim, done: int, total: int | None) -> bool:
        """Still alive, and how far. False where another has taken it over."""
        with self.database.write() as session:
            return self._change(session, claim, beat_at=now(), done=done, total=total)

    def end(self, claim: Claim, result: Mapping[str, Any] | None, problem: str | None = None) -> None:
        with self.database.write() as session:
            organisation = self.vault.organisation_cipher(session)
            sealed = None if result is None else organisation.seal(ORDER, claim.id, dict(result))
            self._change(session, claim, ended_at=now(), turn=None, problem=problem, sealed=sealed)

    def forget(self) -> None:
        """Those whose day is over: a report is kept as such, and whom a breach touched is asked anew."""
        with self.database.read() as session:
            over = select(AuditOrder.id).where(AuditOrder.ended_at < now() - KEPT)
            ids = session.scalars(over).all()
        if ids:
            with self.database.write() as session:
                session.execute(delete(AuditOrder).where(AuditOrder.id.in_(ids)))

    @staticmethod
    def _change(session: Session, claim: Claim, **values: Any) -> bool:
        mine = (AuditOrder.id == claim.id, AuditOrder.worker == claim.worker, AuditOrder.ended_at.is_(None))
        changed = update(AuditOrder).where(*mine).values(**values).returning(AuditOrder.id)
        return session.scalars(changed).first() is not None

    def _view(self, session: Session, order: AuditOrder) -> Order:
        result = None
        if order.sealed is not None:
            result = self.vault.organisation_cipher(session).open(ORDER, order.id, order.sealed)
        names = ("id", "about", "ordered_by", "ordered_at", "ended_at", "done", "total", "problem")
        told = {name: getattr(order, name) for name in names}
        return Order(**told, kind=Kind(order.kind), stage=_stage(session, order), result=result)


def _stage(session: Session, order: AuditOrder) -> Stage:
    if order.ended_at is not None:
        return Stage.FAILED if order.problem else Stage.DONE
    lives = select(AuditOrder.id).where(AuditOrder.turn.is_not(None), AuditOrder.beat_at >= now() - LIVES)
    working = session.scalars(lives).first()
    if working == order.id:
        return Stage.RUNNING
    waits_since = max(order.ordered_at, order.beat_at or order.ordered_at)
    return Stage.WAITING if working or waits_since > now() - PATIENCE else Stage.UNCLAIMED
