"""What may be said of a breach: times that have passed, clients and categories that there are, words. Each raises
BadRequest with the way out."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log
from privacy_svc.db import now
from privacy_svc.errors import BadRequest
from privacy_svc.identity import BrowserSession, Client, StaffAccount
from privacy_svc.policy import PolicySet, within
from privacy_svc.store import nearest


def past(name: str, at: datetime) -> None:
    if at.tzinfo is None or at > now():
        raise BadRequest(f"{name} is a time that has passed, with its time zone, e.g. 2026-11-01T08:30:00Z.")


def words(name: str, text: str) -> str:
    if not text.strip():
        raise BadRequest(f"{name} must be said in words.")
    return text.strip()


def known_client(session: Session, log: Log, name: str) -> None:
    """By a name that nobody has the log would name nobody, which reads as if nobody had been touched."""
    staff = select(BrowserSession.name).where(BrowserSession.subject_id.is_(None))
    names = {n for found in (select(Client.name), select(StaffAccount.name), staff) for n in session.scalars(found)}
    if name in names or log.search(session, actor=name, limit=1):
        return
    meant = nearest(name, names) or "."
    raise BadRequest(
        f"No client, account of the staff or actor of the log has the name {name[:80]!r}{meant} "
        "It is left out where it was none of ours."
    )


def known_categories(policies: PolicySet, categories: list[str]) -> None:
    held = held_categories(policies)
    for category in categories:
        if not any(within(c, (category,)) for c in held):
            raise BadRequest(f"No mapped field has data of the category {category!r}: see policies/datasets.")


def known_subjects(policies: PolicySet, subjects: list[str]) -> None:
    for kind in subjects:
        if kind not in policies.kinds:
            meant = nearest(kind, policies.kinds) or "."
            raise BadRequest(f"No purpose and no collection has people of the kind {kind!r}{meant}")


def held_categories(policies: PolicySet) -> set[str]:
    return {c for d in policies.data_map.collections() for f in d.fields for c in f.categories}
