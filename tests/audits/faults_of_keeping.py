"""Planted faults of erasure, of keys and of what is kept."""

from datetime import timedelta

from sqlalchemy import delete, insert, select, update

from privacy_svc.consent.model import Restriction
from privacy_svc.db import now
from privacy_svc.rights.model import Hold, KeptValue
from privacy_svc.store.model import SealedColumn
from privacy_svc.vault.model import Fence, PageKey, RootEpoch, Subject, SubjectKey
from tests.audits.conftest import Office
from tests.audits.planting import DAY, plants, request


@plants("erased-but-readable")
def _key_left(office: Office) -> str:
    with office.database.write() as session:
        office.vault.erase(session, office.vault.create_subject(session).id)
        left = office.vault.create_subject(session).id
        session.execute(update(Subject).where(Subject.id == left).values(erased_at=now()))
    return left


@plants("evidence-kept-too-long")
def _evidence_left(office: Office) -> str:
    """Beside somebody whose evidence a hold keeps, and somebody erased when there were no dates."""
    with office.database.write() as session:
        left, held, undated = office.vault.create_subjects(session, 3)
        for person in (left, held, undated):
            office.vault.erase(session, person)
        for person in (left, held):
            office.vault.keep_evidence(session, person, now() - 10 * DAY)
        session.add(Hold(subject_id=held, article="17(3)(e)", reason=b"", placed_by="dora"))
    return left


@plants("erasures-undone")
def _undone(office: Office) -> str:
    """The person's row and key are as before the erasure, and no fence is left: only the ledger tells."""
    with office.database.write() as session:
        person = office.vault.create_subject(session).id
        keys = select(SubjectKey.__table__).where(SubjectKey.subject_id == person, SubjectKey.use == "data")
        [key] = session.execute(keys).mappings()
        page = session.execute(select(PageKey.__table__).where(PageKey.id == key["page_key_id"])).mappings().one()
    with office.database.write() as session:
        office.vault.erase(session, person)
    office.vault.ledger.export(office.database)
    with office.database.write() as session:
        session.execute(insert(PageKey), [dict(page)])
        session.execute(update(SubjectKey).filter_by(subject_id=person, use="data").values(dict(key)))
        session.execute(update(Subject).where(Subject.id == person).values(erased_at=None))
        session.execute(delete(Fence).where(Fence.subject_id == person))
    return person


@plants("pages-to-replace")
def _page_waits(office: Office) -> str:
    with office.database.write() as session:
        page = session.scalars(select(PageKey).limit(1)).one()
        page.replace_due = True
        return page.id


@plants("kept-past-its-date")
def _kept(office: Office) -> str:
    """Beside somebody whom a hold keeps, and somebody who came back."""
    done = request(office, right="erasure", state="completed", closed_at=now() - 20 * DAY)
    with office.database.write() as session:
        over, held, back = office.vault.create_subjects(session, 3)
        for person in (over, held):
            office.vault.erase(session, person)
            office.vault.keep_evidence(session, person, now() + 9 * DAY)
        for person in (over, held, back):
            place = {"subject_id": person, "collection": "shop.invoices", "field": "address"}
            session.add(KeptValue(request_id=done, until=now() - 10 * DAY, **place))
        session.add(Hold(subject_id=held, article="17(3)(e)", reason=b"", placed_by="dora"))
    return over


@plants("kept-beyond-retention")
def _over(office: Office) -> str:
    """Beside somebody who is restricted, one whose request runs, and one who left last year."""
    with office.database.write() as session:
        over, restricted, asking, recent = office.vault.create_subjects(session, 4)
        for person, years in ((over, 12), (restricted, 12), (asking, 12), (recent, 1)):
            left = (now() - timedelta(days=366 * years)).date()
            session.execute(update(Subject).where(Subject.id == person).values(ended_on=left))
        line = {"subject_id": restricted, "state_version": 50, "recorded_by": "desk"}
        session.add(Restriction(stands=True, **line))
    request(office, subject_id=asking)
    return over


@plants("kinds-without-end")
def _endless(office: Office) -> str:
    office.edit("datasets/shop.yml", "privacy: {erase: null, tells: relationship_end}", "privacy: {erase: null}")
    return "customer"


@plants("root-keys-overdue")
def _old_root(office: Office) -> str:
    """One that was retired longer ago than backups are kept, and wraps nothing."""
    with office.database.write() as session:
        made = {"created_at": now() - 90 * DAY, "retired_at": now() - 60 * DAY}
        session.add(RootEpoch(epoch=0, **made))
    return "epoch:0"


@plants("fields-in-clear")
def _in_clear(office: Office) -> str:
    with office.database.write() as session:
        column = session.scalars(select(SealedColumn).where(SealedColumn.path == "shop.customers.email")).one()
        column.complete_at = None
    return "shop.customers.email"
