"""An address on file was changed: what was mailed to the one that was opens nothing any more, and what the person is
still owed goes to the one that is."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.db import now
from privacy_svc.rights import links, owed
from privacy_svc.rights.address import reach
from privacy_svc.rights.model import DataRequest, VerificationCode
from privacy_svc.rights.owed_model import DONE, PACKAGE, OwedLetter
from privacy_svc.rights.parts import Event, Parts


def leave_address(session: Session, parts: Parts, subject_id: str, actor: str) -> None:
    """In every request of the person."""
    mine = select(DataRequest).where(DataRequest.subject_id == subject_id).order_by(DataRequest.id)
    for request in session.scalars(mine).all():
        _end_code(session, parts, request, actor)
        letters = _readdress(session, parts, request, actor)
        if links.end(session, request) and links.has_package(session, request):
            _send_new_link(session, parts, request, actor, is_owed=PACKAGE in letters)


def _end_code(session: Session, parts: Parts, request: DataRequest, actor: str) -> None:
    """The row stays, because it counts how many were sent; another code goes to the new address. One that is being
    made for the old address at this moment is another reservation, see `verification.Reserved`."""
    code = session.get(VerificationCode, request.id, with_for_update=True)
    if code is None:
        return
    was_valid, code.expires_at = code.expires_at > now(), now()
    if was_valid:
        parts.note(session, request, Event.CODE_ENDED, actor)


def _readdress(session: Session, parts: Parts, request: DataRequest, actor: str) -> set[str]:
    """The kinds of the letters that wait. That something is done may be meant for the address that was; of any other,
    nothing goes there, even where no address took its place."""
    waiting = select(OwedLetter).where(
        OwedLetter.request_id == request.id,
        OwedLetter.told_at.is_(None),
        OwedLetter.sealed.is_not(None),
        OwedLetter.kind != DONE,
    )
    found = session.scalars(waiting.with_for_update()).all()
    address = reach(session, parts, request) if found else None
    for letter in found:
        if address is None:
            owed.leave_address(session, parts, request, letter, actor)
        else:
            owed.address_anew(session, parts, request, letter, address)
    return {letter.kind for letter in found}


def _send_new_link(session: Session, parts: Parts, request: DataRequest, actor: str, *, is_owed: bool) -> None:
    """The courier mails it; a letter that waits already gets the newest link when it goes out."""
    parts.note(session, request, Event.LINK_REVOKED, actor)
    link = links.renew(session, parts, request, actor)
    if not is_owed:
        letter = links.letter(session, parts, request, link)
        owed.put(session, parts, request, PACKAGE, reach(session, parts, request), letter, actor)
