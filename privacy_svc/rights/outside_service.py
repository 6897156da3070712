"""Other systems' parts in requests, and tasks, as routes and command line use them."""

from collections.abc import Sequence

from sqlalchemy import or_, select

from privacy_svc.errors import NotFound
from privacy_svc.rights import outside
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.outside_calling import Caller, Elsewhere
from privacy_svc.rights.outside_courier import Outside
from privacy_svc.rights.outside_model import DONE, RequestWork
from privacy_svc.rights.parts import Event, Parts, find
from privacy_svc.rights.service import Requests
from privacy_svc.rights.states import OPEN
from privacy_svc.rights.views import WorkDetails, WorkView
from privacy_svc.rights.waking import ring
from privacy_svc.store import nearest

MOST = 200


class Elsewheres:
    def __init__(self, requests: Requests) -> None:
        self.database, self.parts = requests.database, requests.parts

    @property
    def courier(self) -> Outside:
        return Outside(self.database, self.parts)

    def of(self, request_id: str) -> Sequence[WorkView]:
        with self.database.read() as session:
            find(session, request_id)
            return [_view(self.parts, w) for w in outside.works(session, request_id)]

    def open(self) -> Sequence[WorkView]:
        """Of all open requests, and ends of restrictions; the oldest first."""
        with self.database.read() as session:
            still = DataRequest.state.in_([s.value for s in OPEN])
            waiting = select(RequestWork).join(DataRequest, DataRequest.id == RequestWork.request_id)
            left = waiting.where(RequestWork.state != DONE, or_(still, RequestWork.lifts))
            found = left.order_by(RequestWork.opened_at).limit(MOST)
            return [_view(self.parts, w) for w in session.scalars(found)]

    def details(self, request_id: str, place: str, actor: str) -> WorkDetails:
        """Opened; the look is logged. Raises Erased once the evidence about the person has met its end."""
        with self.database.write() as session:
            request = find(session, request_id)
            work = outside.find(session, request, place)
            connector = self.parts.policy.connectors.get(place)
            manual = connector.manual if connector else None
            self.parts.note(session, request, Event.DETAILS_READ, actor)
            return WorkDetails(
                _view(self.parts, work),
                outside.about(session, self.parts, request, work),
                manual.instructions if manual else "",
                outside.said(session, self.parts, request, work),
            )

    def done(self, request_id: str, place: str, evidence: str, actor: str) -> Sequence[WorkView]:
        """A person did it. Raises Conflict, BadRequest, NotFound."""
        with self.database.write() as session:
            request = find(session, request_id, lock=True)
            outside.done_by_person(session, self.parts, request, place, evidence, actor)
        ring(self.parts.settings.home)  # the gate may be open
        return self.of(request_id)

    def check(self, key: str | None = None) -> list[dict[str, str | None]]:
        """Calls each system's `ping`; nothing of a person goes there. `problem` None: it answers and lets us in."""
        connectors = self.parts.policy.connectors
        if key is not None and key not in connectors:
            raise NotFound(f"There is no connector {key!r}{nearest(key, connectors)}")
        found: list[dict[str, str | None]] = []
        for name, connector in sorted(connectors.items()):
            if key is not None and name != key:
                continue
            problem = None
            if connector.manual is None:
                try:
                    Caller(connector, self.parts.outbound, self.parts.settings.secrets).ping()
                except Elsewhere as error:
                    problem = error.problem
            how = "a person" if connector.manual else connector.base_url
            found.append({"connector": name, "title": connector.title, "by": how, "problem": problem})
        return found


def _view(parts: Parts, work: RequestWork) -> WorkView:
    return WorkView(
        request=work.request_id,
        place=work.place,
        title=outside.name_of(parts, work.place),
        kind=work.kind,
        state=work.state,
        opened_at=work.opened_at,
        mailed_at=work.mailed_at,
        tries=work.tries,
        lifts=work.lifts,
        next_try_at=work.next_at,
        problem=work.problem,
        rows=work.rows,
        done_at=work.done_at,
        done_by=work.done_by,
    )
