"""Planted faults of requests, holds and restrictions."""

from datetime import timedelta
from typing import Any

from privacy_svc.consent.model import Restriction
from privacy_svc.db import now
from privacy_svc.rights.limits_model import RestrictionEnd
from privacy_svc.rights.model import Hold, RequestFile
from privacy_svc.rights.outside_model import RequestWork
from privacy_svc.rights.owed_model import DONE, EXTENSION, REFUSAL, OwedLetter
from privacy_svc.rights.packages_model import PackageLink, RequestPackage
from privacy_svc.rights.recipients_model import RecipientNotice
from tests.audits.conftest import Office
from tests.audits.planting import DAY, plants, request, told


@plants("requests-overdue")
def _overdue(office: Office) -> str:
    request(office, due_at=now() - DAY, closed_at=now() - 2 * DAY, state="completed")
    request(office, due_at=now() - DAY, paused_since=now() - 2 * DAY)
    return request(office, due_at=now() - DAY, paused_since=now() - DAY / 2)


@plants("requests-answered-late")
def _answered_late(office: Office) -> str:
    """Beside one that was in time, one that was withdrawn, and one of long ago."""
    request(office, due_at=now() - DAY, closed_at=now() - 2 * DAY, state="completed")
    request(office, due_at=now() - 3 * DAY, closed_at=now() - 2 * DAY, state="cancelled")
    request(office, due_at=now() - 120 * DAY, closed_at=now() - 110 * DAY, state="completed")
    return request(office, due_at=now() - 3 * DAY, closed_at=now() - 2 * DAY, state="completed")


@plants("requests-cancelled")
def _cancelled(office: Office) -> str:
    """Beside one that the person took back, one of nobody known in its time, and one of long ago."""
    ended = {"state": "cancelled", "outcome": "cancelled", "closed_at": now() - DAY}
    request(office, **ended | {"outcome": "withdrawn"}, verified_at=now() - 2 * DAY)
    request(office, **ended)
    request(office, **ended | {"closed_at": now() - 100 * DAY}, verified_at=now() - 101 * DAY)
    return request(office, **ended, verified_at=now() - 2 * DAY)


@plants("requests-due-soon")
def _due_soon(office: Office) -> str:
    request(office, due_at=now() + 4 * DAY, paused_since=now() - DAY)
    return request(office, due_at=now() + 4 * DAY)


@plants("refusals-without-reason")
def _refused(office: Office) -> str:
    request(office, state="refused", closed_at=now(), ground="excessive", refused_by="dora")
    return request(office, state="refused", closed_at=now(), refused_by="dora")


@plants("recipients-not-told")
def _not_told(office: Office) -> str:
    done = request(office, right="erasure", state="completed", closed_at=now() - 15 * DAY)
    with office.database.write() as session:
        session.add(RecipientNotice(request_id=done, recipient="mail_provider"))
        session.add(RecipientNotice(request_id=done, recipient="ad_network", state="impossible"))
    return done


def _closed(office: Office, **differently: Any) -> str:
    return request(office, state="completed", closed_at=now() - 20 * DAY, **differently)


@plants("letters-owed")
def _owed(office: Office) -> str:
    """Beside one that was told, and one that was written an hour ago."""
    _letter(office, request(office), EXTENSION, ago=3 * DAY, told_at=now() - DAY)
    _letter(office, request(office), EXTENSION, ago=DAY / 24)
    silent = _closed(office)
    _letter(office, silent, DONE, ago=3 * DAY, problem="no_address")
    return silent


def _letter(office: Office, request_id: str, kind: str, ago: timedelta, **more: Any) -> None:
    with office.database.write() as session:
        session.add(OwedLetter(request_id=request_id, kind=kind, written_at=now() - ago, **more))


@plants("refusals-untold")
def _refused_silently(office: Office) -> str:
    """Beside one that was told. Another letter is not the one of the refusal."""
    refused = {"state": "refused", "closed_at": now() - 3 * DAY, "ground": "excessive", "refused_by": "dora"}
    _letter(office, request(office, **refused), REFUSAL, ago=3 * DAY, told_at=now() - 2 * DAY)
    silent = request(office, **refused)
    _letter(office, silent, EXTENSION, ago=3 * DAY, told_at=now() - 2 * DAY)
    told(office, silent, "rights:letter:sent", 2 * DAY)
    return silent


@plants("requests-stopped")
def _stopped(office: Office) -> str:
    for ago in (5 * DAY, DAY):
        failed = request(office, state="failed")
        told(office, failed, "rights:request:failed", 5 * DAY)
        told(office, failed, "rights:request:failed", ago)
        if ago == 5 * DAY:
            stopped = failed
    return stopped


@plants("answers-incomplete")
def _incomplete_answer(office: Office) -> str:
    whole, lacking, running = _closed(office), _closed(office), request(office)
    with office.database.write() as session:
        session.add(RequestWork(request_id=whole, place="erp", kind="http", state="done", done_at=now()))
        session.add(RequestWork(request_id=lacking, place="erp", kind="http"))
        session.add(RequestWork(request_id=running, place="erp", kind="http"))
    return lacking


@plants("reviews-by-nobody")
def _unreviewed(office: Office) -> str:
    _closed(office, right="automated_decision", reviewed_by="dora")
    return _closed(office, right="automated_decision")


@plants("restrictions-lifted-untold")
def _lifted(office: Office) -> str:
    """Beside somebody who was told before, and somebody erased since."""
    with office.database.write() as session:
        silent, known, gone = office.vault.create_subjects(session, 3)
        for person in (silent, known, gone):
            for version, stands in ((2, True), (3, False)):
                at = now() - (10 - version) * DAY
                line = {"subject_id": person, "state_version": version, "recorded_at": at, "recorded_by": "dora"}
                session.add(Restriction(stands=stands, **line))
        ended = {"announced_at": now() - 8 * DAY, "announced_by": "dora", "told_at": now() - 8 * DAY}
        session.add(RestrictionEnd(subject_id=known, reason=b"", ends_at=now() - 7 * DAY, **ended))
        office.vault.erase(session, gone)
    return silent


@plants("proofs-kept-too-long")
def _proofs(office: Office) -> str:
    old, running = request(office, state="completed", closed_at=now() - 40 * DAY), request(office)
    with office.database.write() as session:
        kept = RequestFile(request_id=old, kind="image/png", size=1, added_by="desk", sealed=b"")
        session.add(kept)
        session.add(RequestFile(request_id=running, kind="image/png", size=1, added_by="desk", sealed=b""))
        session.flush()
        return kept.id


@plants("packages-kept-too-long")
def _package(office: Office) -> str:
    """One without a link, long ago. Beside one whose second link works on, one whose link was revoked, which keeps the
    package until its time is over, and a new one without."""
    found = {}
    made = {"forgotten": (40, ()), "open": (9, (9, -2)), "revoked": (20, (-2,)), "new": (20, ())}
    for name, (ago, ends) in made.items():
        found[name] = _closed(office)
        with office.database.write() as session:
            sizes = {"size": 1, "sha256": "", "sealed": b"", "created_at": now() - ago * DAY}
            session.add(RequestPackage(request_id=found[name], subject_id=office.ana, **sizes))
            for days in ends:
                revoked_at = now() - 9 * DAY if name == "revoked" else None
                link = {"expires_at": now() - days * DAY, "revoked_at": revoked_at}
                session.add(PackageLink(request_id=found[name], most=5, **link))
    return found["forgotten"]


@plants("holds-without-end")
def _old_hold(office: Office) -> str:
    with office.database.write() as session:
        for ends, lifted in ((now() + DAY, None), (None, now())):
            session.add(_hold(office, until=ends, lifted_at=lifted))
        endless = _hold(office)
        session.add(endless)
        session.flush()
        return endless.id


def _hold(office: Office, **differently: Any) -> Hold:
    placed = {"article": "17(3)(e)", "reason": b"", "placed_by": "dora", "placed_at": now() - 400 * DAY}
    return Hold(subject_id=office.ana, **placed, **differently)
