"""What was read in other systems ends with the request it was read for."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.outside_model import RequestWork


def let_go(session: Session, request: DataRequest) -> None:
    """Once the request is over: it is in the package, or in nothing."""
    session.execute(update(RequestWork).where(RequestWork.request_id == request.id).values(gathered=None))
