"""The link by which a person fetches their package: only theirs, for some days and some downloads, revocable.

Its token is worked out from the person's data key, so nobody keeps it: the database has a hash of it, the letter to the
address on file the only copy, and an erasure ends it. Every way in which a link fails is told as the same.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from privacy_svc.db import new_id, now
from privacy_svc.errors import Conflict, Erased, NotFound
from privacy_svc.mail import Letter
from privacy_svc.rights import closing
from privacy_svc.rights.address import reach
from privacy_svc.rights.ended_packages import DELETED, was_deleted
from privacy_svc.rights.errors import PackageLinkGone
from privacy_svc.rights.letters import Letters
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.owed_model import PACKAGE as PACKAGE_LETTER
from privacy_svc.rights.packages_model import PACKAGE, PackageLink, RequestPackage
from privacy_svc.rights.parts import Event, Parts, find

PATH = "/d"
PERSON = "person"
"""The actor of a download by link."""
GONE = "The link is not complete, was used up or revoked, or its time is over."


@dataclass(frozen=True, slots=True)
class Offer:
    """What a link that works gives."""

    request_id: str
    language: str | None
    expires_at: datetime
    left: int


def no_package(session: Session, request_id: str) -> NotFound:
    if was_deleted(session, request_id):
        return NotFound(DELETED)
    return NotFound("This request has no package: only a completed access or portability request has one.")


def renew(session: Session, parts: Parts, request: DataRequest, actor: str) -> PackageLink:
    """A new link; earlier ones end. Raises NotFound where there is no package."""
    if not has_package(session, request):
        raise no_package(session, request.id)
    end(session, request)
    link = make(session, parts, request)
    parts.note(session, request, Event.LINK_MADE, actor, until=link.expires_at.date().isoformat(), most=link.most)
    return link


def make(session: Session, parts: Parts, request: DataRequest) -> PackageLink:
    """With the package, whose note speaks for both."""
    settings, at = parts.settings, now()
    link = PackageLink(
        id=new_id(),
        request_id=request.id,
        expires_at=at + timedelta(days=settings.package_days),
        most=settings.package_downloads,
    )
    link.digest = _digest(token_of(session, parts, request, link))
    session.add(link)
    return link


def revoke(session: Session, parts: Parts, request: DataRequest, actor: str) -> None:
    """Raises Conflict where none works."""
    if not end(session, request):
        raise Conflict("No link to this package works.")
    parts.note(session, request, Event.LINK_REVOKED, actor)


def end(session: Session, request: DataRequest) -> bool:
    standing = [link for link in _of(session, request) if link.revoked_at is None and link.expires_at > now()]
    for link in standing:
        link.revoked_at = now()
    return bool(standing)


def drop(session: Session, request: DataRequest) -> None:
    """The package of a request, with its links: one that stood without a package could not be renewed."""
    end(session, request)
    session.execute(delete(RequestPackage).where(RequestPackage.request_id == request.id))


def drop_all(session: Session, subject_id: str) -> None:
    """The same of all requests of a person."""
    mine = PackageLink.request_id.in_(select(DataRequest.id).where(DataRequest.subject_id == subject_id))
    standing = (PackageLink.revoked_at.is_(None), PackageLink.expires_at > now())
    session.execute(update(PackageLink).where(mine, *standing).values(revoked_at=now()))
    session.execute(delete(RequestPackage).where(RequestPackage.subject_id == subject_id))


def _of(session: Session, request: DataRequest) -> list[PackageLink]:
    mine = select(PackageLink).where(PackageLink.request_id == request.id).order_by(PackageLink.id)
    return list(session.scalars(mine))


def newest(session: Session, request: DataRequest) -> PackageLink | None:
    found = _of(session, request)
    return found[-1] if found else None


def token_of(session: Session, parts: Parts, request: DataRequest, link: PackageLink) -> str:
    """Raises Erased."""
    assert request.subject_id is not None
    tag = parts.vault.cipher(session, request.subject_id).tag(f"package-link/{link.id}", 32)
    return base64.urlsafe_b64encode(tag).rstrip(b"=").decode()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def letter(session: Session, parts: Parts, request: DataRequest, link: PackageLink) -> Letter:
    token = token_of(session, parts, request, link)
    where = f"{parts.settings.base_url}{PATH}/{token}"
    letters = Letters(parts.organisation, request.language)
    return letters.completed(request.kind, where, [letters.link(link.expires_at, link.most)])


def tell(session: Session, parts: Parts, request: DataRequest) -> closing.Told:
    """To the address on file. At least once: a crash between the mail and its note sends the same link again."""
    link = newest(session, request)
    address = reach(session, parts, request)
    if link is None:
        return None
    return closing.deliver(parts, request, address, letter(session, parts, request, link), PACKAGE_LETTER)


def lengthen(session: Session, parts: Parts, request: DataRequest) -> PackageLink:
    """For a letter that is sent late: the person has as long as any other."""
    link = newest(session, request)
    assert link is not None
    link.expires_at = now() + timedelta(days=parts.settings.package_days)
    return link


def has_package(session: Session, request: DataRequest) -> bool:
    return session.get(RequestPackage, request.id) is not None


def is_there(session: Session, request: DataRequest) -> bool:
    """A package, with a link that nobody revoked."""
    link = newest(session, request)
    return has_package(session, request) and link is not None and link.revoked_at is None


def offer(session: Session, token: str) -> Offer:
    """Changes nothing. Raises PackageLinkGone."""
    link, request, _ = _working(session, token)
    return Offer(request.id, request.language, link.expires_at, link.most - link.used)


def fetch(session: Session, parts: Parts, token: str) -> tuple[str, bytes]:
    """The request's id and the zip, once more of so many times. Raises PackageLinkGone."""
    link, request, package = _working(session, token, lock=True)
    try:
        content = open_package(session, parts, package)
    except Erased:
        raise PackageLinkGone(GONE) from None
    link.used += 1
    parts.note(session, request, Event.PACKAGE_DOWNLOADED, PERSON, link=link.used)
    return request.id, content


def _working(session: Session, token: str, *, lock: bool = False) -> tuple[PackageLink, DataRequest, RequestPackage]:
    wanted = select(PackageLink).where(PackageLink.digest == _digest(token))
    link = session.scalar(wanted.with_for_update() if lock else wanted)
    if link is None or link.revoked_at is not None or link.expires_at <= now() or link.used >= link.most:
        raise PackageLinkGone(GONE)
    package = session.get(RequestPackage, link.request_id)
    if package is None:  # the person was erased, or withdrew
        raise PackageLinkGone(GONE)
    return link, find(session, link.request_id), package


def open_package(session: Session, parts: Parts, package: RequestPackage) -> bytes:
    """Raises Erased once the person is."""
    opened = parts.vault.cipher(session, package.subject_id).open(PACKAGE, package.request_id, package.sealed)
    assert isinstance(opened, bytes)
    return opened
