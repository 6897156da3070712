"""A small policy that fits, and the tools to spoil it in one place."""

from datetime import UTC, datetime
from typing import Any

from privacy_svc.policy import ConsentFact, PolicySet, SubjectState, compile_policies

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

ORGANISATION = """\
id: acme
controller: {name: Acme, address: Main Street 1, email: a@acme.example, country: DE}
dpo: {name: Dora, email: dpo@acme.example}
authority: {name: The Authority}
languages: [en, de]
time_zone: Europe/Berlin
deadlines: EU
approval: [erasure]
phone_region: DE
recipients:
  mailer: {name: Mailer SAS, country: FR, role: processor}
"""

PURPOSES = """\
purposes:
  news:
    title: {en: News, de: Neues}
    description: {en: Letters, de: Briefe}
    legal_basis: consent
    consent:
      notice: news
      valid_for: P24M
      covered_since: 2
    minimum_age: 16
    use: marketing.communications.email
    dpv: dpv:DirectMarketing
    direct_marketing: true
    subjects: [customer]
    categories: [user.name, user.contact.email]
    retention: P1Y
    recipients: [mailer]
  service:
    title: {en: Service, de: Dienst}
    description: {en: Orders, de: Bestellungen}
    legal_basis: contract
    use: essential.service
    dpv: dpv:ServiceProvision
    subjects: [customer]
    categories: [user.name, user.contact, user.unique_id]
    prohibited: [user.contact.address]
    masks: {user.contact.phone_number: last4}
    required_for_service: true
    retention: P3Y
  statistics:
    title: {en: Statistics, de: Statistik}
    description: {en: Counting, de: Zählen}
    legal_basis: legitimate_interests
    assessment: LIA-1
    assessment_reviewed: 2026-01-31
    use: analytics.reporting
    dpv: dpv:ServiceUsageAnalytics
    subjects: [customer]
    categories: [user.demographic, user.unique_id]
    masks: {user.demographic.date_of_birth: year, user.unique_id: hash}
    profiling: true
  care:
    title: {en: Care, de: Pflege}
    description: {en: Health, de: Gesundheit}
    legal_basis: contract
    special_condition: explicit_consent
    consent: {notice: care, valid_for: P12M}
    use: essential.service
    dpv: dpv:ServiceProvision
    subjects: [customer]
    categories: [user.name, user.health_and_medical]
  archive:
    title: {en: Storage, de: Speicherung}
    description: {en: Keeping, de: Aufbewahren}
    legal_basis: legal_obligation
    use: functional.storage
    dpv: dpv:RecordManagement
    subjects: [customer, employee]
    categories: [user]
    storage_only: true
  rights:
    title: {en: Rights, de: Rechte}
    description: {en: Requests, de: Anfragen}
    legal_basis: legal_obligation
    use: essential.legal_obligation
    dpv: dpv:RightsFulfilment
    subjects: [customer, employee]
    categories: [user]
    despite_restriction: true
    special_condition: legal_claims
"""

MODULES = """\
modules:
  shop: {title: Shop, purposes: [service, statistics, care, archive, rights]}
  mail: {title: Mail, purposes: [news]}
"""

DATASET = """\
dataset:
  - fides_key: crm
    name: The shop
    collections:
      - name: people
        privacy: {subject: customer}
        fields:
          - name: id
            data_categories: [user.unique_id]
            fides_meta: {primary_key: true, data_type: integer}
          - name: name
            data_categories: [user.name]
            privacy: {id: 1001, seal: true}
          - name: email
            data_categories: [user.contact.email]
            fides_meta: {identity: email, data_type: string, length: 60}
            privacy: {id: 1002, seal: true, index: [email], erase: shred}
          - name: phone
            data_categories: [user.contact.phone_number]
            fides_meta: {identity: phone_number}
          - name: street
            data_categories: [user.contact.address.street]
            fides_meta: {data_type: string, length: 20}
            privacy: {erase: replace, replace: gone}
          - name: born
            data_categories: [user.demographic.date_of_birth]
          - name: faith
            data_categories: [user.demographic.religious_belief]
          - name: illness
            data_categories: [user.health_and_medical]
          - name: convictions
            data_categories: [user.criminal_history]
          - name: notes
          - name: updated
            data_categories: [system.operations]
      - name: orders
        fields:
          - name: id
            fides_meta: {primary_key: true}
          - name: person_id
            data_categories: [user.unique_id]
            fides_meta:
              references: [{dataset: crm, field: people.id, direction: from}]
          - name: placed
            data_categories: [user.behavior.purchase_history]
            privacy: {erase: keep, keep: {ground: A17LegallyRequired, law: the tax code, period: P10Y}}
          - name: address
            data_categories: [user.contact.address]
            privacy: {id: 1010, seal: true}
      - name: staff
        privacy: {subject: employee}
        fields:
          - name: id
            fides_meta: {primary_key: true}
          - name: name
            data_categories: [user.name]
      - name: goods
        fields:
          - name: price
            data_categories: [system.operations]
"""

NOTICE = "---\ntitle: News\npurposes: [news]\n---\nWe write to you.\n"
CARE = "---\ntitle: Care\npurposes: [care]\n---\nYour health.\n"

FILES: dict[str, str] = {
    "organisation.yml": ORGANISATION,
    "purposes.yml": PURPOSES,
    "modules.yml": MODULES,
    "datasets/crm.yml": DATASET,
    "notices/news/1.en.md": NOTICE,
    "notices/news/1.de.md": NOTICE,
    "notices/news/2.en.md": NOTICE,
    "notices/news/2.de.md": NOTICE,
    "notices/care/1.en.md": CARE,
    "notices/care/1.de.md": CARE,
}


def compiled(**changed: str) -> PolicySet:
    """The small policy, with some files replaced."""
    return compile_policies({p: t.encode() for p, t in {**FILES, **changed}.items()})


BROAD = ("user", "user.contact", "user.contact.address", "user.demographic", "user.name", "user.authorization")


def broad() -> PolicySet:
    """Its people have columns of every broad category too, alone and beside a narrow one."""
    columns = [(c.replace(".", "_"), c) for c in BROAD]
    columns += [(f"{name}_too", f"{category}, user.contact.email") for name, category in columns]
    told = "".join(f"          - {{name: {name}, data_categories: [{found}]}}\n" for name, found in columns)
    return compiled(
        **{"datasets/crm.yml": DATASET.replace("          - name: notes\n", f"{told}          - name: notes\n")}
    )


def given(notice: str = "news", version: int = 2, **changed: Any) -> ConsentFact:
    values: dict[str, Any] = {
        "state": "given",
        "notice": notice,
        "notice_version": version,
        "valid_until": datetime(2027, 1, 1, tzinfo=UTC),
        "guardian": False,
        "explicit": True,
    }
    return ConsentFact(**{**values, **changed})


def somebody(**changed: Any) -> SubjectState:
    """An adult customer who agreed to the newsletter."""
    values: dict[str, Any] = {
        "subject_id": "0198",
        "kind": "customer",
        "version": 7,
        "erased": False,
        "restricted": False,
        "objections": frozenset(),
        "consents": {"news": given()},
        "age": 40,
        "country": None,
        "retention_anchor": None,
    }
    return SubjectState(**{**values, **changed})
