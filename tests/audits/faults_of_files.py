"""Planted faults of the policy, of callers, and of the log."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import time_machine
from sqlalchemy import update

from privacy_svc.auditlog import Event, EventType, GroupEvent
from privacy_svc.auditlog.model import Entry
from privacy_svc.db import now
from privacy_svc.http import Role
from privacy_svc.identity import Client, add_client
from privacy_svc.policy import PolicyHolder
from tests.audits.conftest import TODAY, Office, permit
from tests.audits.planting import DAY, in_force_since, plants, request


@plants("interest-assessment")
def _old_assessment(office: Office) -> str:
    office.edit("purposes.yml", "assessment_reviewed: 2026-03-02", "assessment_reviewed: 2025-11-01")
    return "analytics.product"


@plants("register-complete")
def _incomplete(office: Office) -> str:
    name = "  name: Data Protection Officer of Nordlicht Handels GmbH\n"
    office.edit("organisation.yml", name + "  address: Hafenstraße 12, 24103 Kiel\n", name)
    return "dpo:address"


_FAX = """
  service.fax:
    title: {en: Fax, de: Fax}
    description: {en: We send you a fax., de: Wir senden Ihnen ein Fax.}
    legal_basis: contract
    use: essential.service
    dpv: dpv:FulfilmentOfContractualObligation
    subjects: [customer]
    categories: [user.contact]
    retention: P3Y
"""


def use_fax(office: Office, version: str, ago: timedelta) -> None:
    with time_machine.travel(TODAY - ago), office.database.write() as session:
        permit(office, session, office.ana, "service.fax", module="shop", policy_version=version)
    office.log.integrate(office.database)


@plants("purposes-not-registered")
def _dropped(office: Office) -> str:
    """Used by its old policy when it was gone from the one in force."""
    use_fax(office, retire_fax(office), 6 * DAY)
    return "service.fax"


def retire_fax(office: Office) -> str:
    """The policy that had the purpose until a week ago."""
    files = {name: (office.settings.policies / name).read_text() for name in ("purposes.yml", "modules.yml")}
    office.edit("purposes.yml", files["purposes.yml"], files["purposes.yml"] + _FAX)
    office.edit(
        "modules.yml",
        "purposes: [service.contract, service.account_mail",
        "purposes: [service.fax, service.contract, service.account_mail",
    )
    before = PolicyHolder(office.settings.policies).current
    in_force_since(office, before, 9 * DAY)
    for name, text in files.items():
        (office.settings.policies / name).write_text(text)
    in_force_since(office, PolicyHolder(office.settings.policies).current, 7 * DAY)
    return before.version


def _use_everything(office: Office, spared: Callable[[str, str, str], bool]) -> None:
    """A log that is older than a year, in which every module read all it may, but for what is spared: by module,
    purpose and field. Long enough ago that no consent of those days is looked at."""
    policies = PolicyHolder(office.settings.policies).current
    fields = [(f"{c.path}.{f.name}", f) for c in policies.data_map.collections() for f in c.fields]
    with time_machine.travel(TODAY - 400 * DAY), office.database.write() as session:
        office.log.append(session, EventType.POLICY_LOADED, actor="policies", payload={})
    with time_machine.travel(TODAY - 200 * DAY), office.database.write() as session:
        for module in policies.modules.values():
            for purpose in map(policies.purposes.__getitem__, sorted(module.purposes)):
                covered = [n for n, f in fields if any(map(purpose.covers, f.categories))]
                read = [n for n in covered if not spared(module.key, purpose.key, n)]
                if read or not covered:
                    answer = {"module": module.key, "fields": {"permit": read}} if read else {"module": module.key}
                    permit(office, session, office.ana, purpose.key, **answer)
    office.log.integrate(office.database)
    in_force_since(office, policies, 400 * DAY)


@plants("purposes-unused")
def _unused_purpose(office: Office) -> str:
    _use_everything(office, lambda _module, purpose, _field: purpose == "employment.directory")
    return "employment.directory"


@plants("grants-unused")
def _unused_grant(office: Office) -> str:
    _use_everything(office, lambda module, _purpose, _field: module == "shipping")
    return "shipping:service.contract"


@plants("fields-never-read")
def _unread_field(office: Office) -> str:
    _use_everything(office, lambda _module, purpose, f: (purpose, f) == ("sales.phone", "shop.customers.phone"))
    return "sales.phone:shop.customers.phone"


@plants("impact-assessment-missing")
def _no_assessment(office: Office) -> str:
    """Colleagues cannot easily refuse; with a profile of them two criteria are met."""
    office.edit("purposes.yml", "  employment.directory:\n", "  employment.directory:\n    profiling: true\n")
    return "employment.directory"


@plants("impact-assessment-old")
def _old_impact(office: Office) -> str:
    named = "    impact_assessment: DPIA-1\n    impact_assessment_reviewed: 2022-01-01\n"
    office.edit(
        "purposes.yml",
        "    use: marketing.advertising.profiling\n",
        f"    use: marketing.advertising.profiling\n{named}",
    )
    return "marketing.ads"


@plants("processors-without-contract")
def _no_contract(office: Office) -> str:
    office.edit("organisation.yml", "    contract: AVV-2025-04   # Art. 28(3)\n", "")
    return "mail_provider"


@plants("purposes-without-test")
def _untested(office: Office) -> str:
    (office.settings.policies / "tests" / "staff.yml").unlink()
    return "employment.directory"


@plants("unused-clients")
def _unused(office: Office) -> str:
    with office.database.write() as session:
        for name, used in (("forgotten", None), ("busy", now())):
            add_client(session, office.log, name, Role.MODULE, "operator")
            old = update(Client).where(Client.name == name)
            session.execute(old.values(created_at=now() - 91 * DAY, last_used_at=used))
    office.log.integrate(office.database)
    return "forgotten"


@plants("log-broken")
def _altered(office: Office) -> str:
    with office.database.write() as session:
        session.execute(update(Entry).where(Entry.index == 1).values(actor="somebody"))
    return "log:altered:1"


@plants("log-waiting")
def _waiting(office: Office) -> str:
    with time_machine.travel(TODAY - 2 * DAY), office.database.write() as session:
        return permit(office, session, office.ana, "service.contract")


@plants("key-files")
def _open_key(office: Office) -> str:
    (office.settings.home / "keys" / "epoch-1.key").chmod(0o640)
    return "keys/epoch-1.key"


@plants("staff-look-at-many")
def _curious(office: Office) -> str:
    """Fifty-one people without a request; beside somebody who looked at as many as had asked."""
    with office.database.write() as session:
        people = office.vault.create_subjects(session, 51)
    for person in people:
        request(office, subject_id=person, received_at=now() - 9 * DAY)
    with office.database.write() as session:
        others = office.vault.create_subjects(session, 51)
        for actor, looked_at in (("dora", people), ("curious", others)):
            looks = [Event(EventType.CONSENT_READ, person, {}) for person in looked_at]
            office.log.append_many(session, looks, actor=actor)
    office.log.integrate(office.database)
    return "curious"


@plants("reads-in-a-day")
def _copied(office: Office) -> str:
    """Beside somebody who read one person as often."""
    with time_machine.travel(TODAY - 3 * DAY), office.database.write() as session:
        permit(office, session, office.ana, "service.contract")
    payload: dict[str, Any] = {"module": "shop", "purpose": "service.contract", "fields": {"permit": ["email"]}}
    with office.database.write() as session:
        people = dict.fromkeys(office.vault.create_subjects(session, 501), (0, 1))
        groups = [{"fields": payload.pop("fields")}]
        read = GroupEvent(EventType.RECORD_READ, people, payload | {"groups": groups})
        office.log.append_group(session, read, actor="shop")
        often = Event(EventType.RECORD_READ, office.ana, payload | {"fields": {"permit": ["email"]}})
        office.log.append_many(session, [often] * 501, actor="support")
    office.log.integrate(office.database)
    return "shop"
