"""Legal holds, as routes and command line use them: each method is one transaction."""

from collections.abc import Sequence
from datetime import datetime

from privacy_svc.auditlog import Log
from privacy_svc.db import Database
from privacy_svc.http import CustomerRef
from privacy_svc.rights import holds, reading
from privacy_svc.rights.service import Requests
from privacy_svc.rights.views import HoldDetails, HoldView


class Holds:
    def __init__(self, requests: Requests) -> None:
        self.database, self.parts = requests.database, requests.parts

    def place_hold(
        self, customer: CustomerRef, *, reason: str, article: str, until: datetime | None, actor: str
    ) -> HoldView:
        with self.database.write() as session:
            subject_id = self.parts.directory.admit(session, customer, actor)
            hold = holds.place(
                session, self.parts, subject_id, reason=reason, article=article, until=until, actor=actor
            )
            return reading.hold_view(hold)

    def holds(self) -> Sequence[HoldView]:
        """Those that stand, the oldest first; also by the log alone."""
        with self.database.snapshot() as session:
            return holds.all_standing(session, self.parts.log)

    def hold(self, hold_id: str, actor: str) -> HoldDetails:
        """With its reason, opened. The look is logged."""
        with self.database.write() as session:
            found = holds.find(session, hold_id)
            reason = holds.reason_of(session, self.parts, found, actor)
            return HoldDetails(reading.hold_view(found), found.lifted_by, found.lifted_at, reason)

    def lift_hold(self, hold_id: str, actor: str) -> None:
        with self.database.write() as session:
            holds.lift(session, self.parts, hold_id, actor)


def lost_holds(database: Database, log: Log) -> Sequence[HoldView]:
    """Those that the log tells, and the table of holds does not, or otherwise."""
    with database.snapshot() as session:
        return [h for h in holds.all_standing(session, log) if h.lost]
