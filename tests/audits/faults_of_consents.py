"""Planted faults of consents, and of what was released without one."""

from datetime import date, timedelta

from sqlalchemy import update

from privacy_svc.auditlog import EventType
from privacy_svc.consent.model import Objection, Restriction
from privacy_svc.db import now
from privacy_svc.policy import DIRECT_MARKETING
from privacy_svc.vault import BIRTH
from privacy_svc.vault.model import Subject
from tests.audits.conftest import Office, permit
from tests.audits.planting import DAY, another_consent, plants


@plants("consent-evidence")
def _no_evidence(office: Office) -> str:
    return another_consent(office, notice_digest="")


@plants("consent-notice")
def _other_text(office: Office) -> str:
    return another_consent(office, notice_digest="sha256:" + "0" * 64)


@plants("consent-without-end")
def _no_end(office: Office) -> str:
    return another_consent(office, valid_until=None)


@plants("permits-without-consent")
def _no_consent(office: Office) -> str:
    with office.database.write() as session:
        nobody_asked = office.vault.create_subject(session).id
        entry = permit(office, session, nobody_asked, "marketing.email")
        permit(office, session, nobody_asked, "service.contract")
    office.log.integrate(office.database)
    return entry


def _release(
    office: Office, purpose: str, field: str = "email", module: str = "marketing", person: str | None = None
) -> str:
    payload = {"module": module, "purpose": purpose, "fields": {"permit": [field]}}
    with office.database.write() as session:
        entry = office.log.append(
            session, EventType.RECORD_READ, actor=module, subject_id=person or office.ana, payload=payload
        )
    office.log.integrate(office.database)
    return entry


@plants("permits-after-withdrawal")
def _withdrawn(office: Office) -> str:
    another_consent(office, state="withdrawn", given_at=now() - DAY, recorded_at=now() - DAY, purpose="marketing.sms")
    return _release(office, "marketing.sms", "first_name")


@plants("permits-after-expiry")
def _expired(office: Office) -> str:
    another_consent(office, valid_until=now() - DAY, recorded_at=now() - 9 * DAY, purpose="marketing.sms")
    return _release(office, "marketing.sms", "first_name")


@plants("permits-after-objection")
def _objected(office: Office) -> str:
    """Somebody lifted theirs before, which is none."""
    with office.database.write() as session:
        other = office.vault.create_subject(session).id
        for person, stands in ((office.ana, (True,)), (other, (True, False))):
            for version, stand in enumerate(stands, 50):
                line = {"subject_id": person, "state_version": version, "purpose": "analytics.product"}
                session.add(Objection(stands=stand, recorded_at=now() - DAY, recorded_by="desk", **line))
        line = {"subject_id": other, "state_version": 60, "purpose": DIRECT_MARKETING}
        session.add(Objection(stands=True, recorded_at=now() - DAY, recorded_by="desk", **line))
        permit(office, session, other, "analytics.product", fields={"mask": ["birth_date"]})
    return _release(office, "analytics.product", "birth_date", module="analytics")


@plants("uses-while-restricted")
def _restricted(office: Office) -> str:
    """Legal claims go on."""
    with office.database.write() as session:
        person = office.vault.create_subject(session).id
        line = {"subject_id": person, "state_version": 50, "recorded_at": now() - DAY, "recorded_by": "desk"}
        session.add(Restriction(stands=True, **line))
    _release(office, "legal.claims", module="dpo-tools", person=person)
    return _release(office, "service.contract", module="shop", person=person)


def _subscriptions_are(office: Office, category: str) -> None:
    was = "name: subscribed_at\n            data_categories: [user.privacy_preferences]"
    office.edit("datasets/shop.yml", was, f"name: subscribed_at\n            data_categories: [{category}]")


@plants("special-categories-used")
def _special(office: Office) -> str:
    _subscriptions_are(office, "user.health_and_medical")
    return _release(office, "service.support", "newsletter_subscriptions.subscribed_at", module="support")


@plants("criminal-data-used")
def _criminal(office: Office) -> str:
    _subscriptions_are(office, "user.criminal_history")
    return _release(office, "rights.handling", "newsletter_subscriptions.subscribed_at", module="dpo-tools")


@plants("uses-without-grant")
def _not_granted(office: Office) -> str:
    return _release(office, "service.contract", module="marketing")


@plants("permits-on-unfit-consent")
def _unfit(office: Office) -> str:
    """Imported from an old table, of which nobody can show how it was given."""
    with office.database.write() as session:
        person = office.vault.create_subject(session).id
    another_consent(office, subject_id=person, method="imported")
    return _release(office, "marketing.email", person=person)


@plants("uses-beyond-purpose")
def _beyond(office: Office) -> str:
    """Beside a field of the purpose."""
    _release(office, "service.contract", module="shop")
    return _release(office, "service.contract", "birth_date", module="shop")


@plants("uses-beyond-retention")
def _too_late(office: Office) -> str:
    """Beside somebody whose period runs, and a purpose whose period does."""
    with office.database.write() as session:
        over, recent = office.vault.create_subjects(session, 2)
        for person, days in ((over, 366 * 4), (recent, 366)):
            left = (now() - days * DAY).date()
            session.execute(update(Subject).where(Subject.id == person).values(ended_on=left))
    _release(office, "service.contract", module="shop", person=recent)
    _release(office, "rights.handling", module="dpo-tools", person=over)
    return _release(office, "service.contract", module="shop", person=over)


@plants("consent-not-expressed")
def _preticked(office: Office) -> str:
    return another_consent(office, method="preticked")


@plants("children-without-guardian")
def _child(office: Office) -> str:
    """Beside one whose parent agreed, one whose parent agreed since, and one who is old enough."""
    with office.database.write() as session:
        child, minded, since, grown = office.vault.create_subjects(session, 4)
        today = now().date()
        for person, years in ((child, 14), (minded, 14), (since, 14), (grown, 17)):
            born = date(today.year - years, today.month, 1).isoformat()
            sealed = office.vault.cipher(session, person).seal(BIRTH, person, born)
            session.execute(update(Subject).where(Subject.id == person).values(birth=sealed, country="DE"))
    another_consent(office, subject_id=minded, guardian=True)
    another_consent(office, subject_id=since)
    another_consent(office, subject_id=since, guardian=True, state_version=100)
    another_consent(office, subject_id=grown)
    return another_consent(office, subject_id=child)


@plants("basis-changed")
def _other_basis(office: Office) -> str:
    """Somebody had said no to a purpose that now goes on without asking."""
    return another_consent(office, purpose="analytics.product", state="withdrawn", given_at=now() - timedelta(days=30))
