"""Consent receipts: ISO/IEC TS 27560:2023 as JSON-LD with W3C DPV 2 terms, signed, nothing to fetch.

Field by field after the DPV community group's guide (https://w3id.org/dpv/guides/consent-27560), with its profile
for the GDPR. What may repeat is always an array. No name and no address of the person: `pii_principal_id` is our
subject id, which means nothing elsewhere. Pure: the same record gives the same receipt at any time.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from privacy_svc.consent.schemas import ConsentView
from privacy_svc.consent.states import Method, State
from privacy_svc.policy import Notice, Party, PolicySet, Purpose

_IRI = {"@type": "@id"}
_TIME = {"@type": "xsd:dateTime"}
CONTEXT: dict[str, Any] = {
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "loc": "https://w3id.org/dpv/loc#",
    "dct": "http://purl.org/dc/terms/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "schema": "https://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dct:conformsTo": _IRI,
    "dct:created": _TIME,
    "dpv:hasApplicableLaw": _IRI,
    "dpv:hasCountry": _IRI,
    "dpv:hasJurisdiction": _IRI,
    "dpv:hasLegalBasis": _IRI,
    "dpv:hasLocation": _IRI,
    "dpv:isExercisedAt": _IRI,
    "dpv:isIndicatedAtTime": _TIME,
    "dpv:isIndicatedBy": _IRI,
    "schema:recipient": _IRI,
    "skos:broader": _IRI,
}
"""Prefixes, and which properties name terms and which times: without that a reader of RDF sees only strings."""
PROFILE = "https://w3id.org/dpv/schema/dpv-27560#"
STATE_TERMS = {
    State.REQUESTED: "dpv:ConsentRequested",
    State.GIVEN: "dpv:ConsentGiven",
    State.REFUSED: "dpv:ConsentRefused",
    State.WITHDRAWN: "dpv:ConsentWithdrawn",
    State.EXPIRED: "dpv:ConsentExpired",
    State.INVALIDATED: "dpv:ConsentInvalidated",
}
_METHODS: Mapping[str, str] = {
    Method.EXPRESSED: "dpv:ExpressedConsent",
    Method.EXPLICIT: "dpv:ExplicitlyExpressedConsent",
}
_ROLES = {"processor": "dpv:DataProcessor", "joint_controller": "dpv:JointDataControllers"}


def receipt(policies: PolicySet, subject_id: str, said: Sequence[ConsentView], base_url: str) -> dict[str, Any]:
    """The receipt of the newest of `said`: all that was recorded about one purpose until then. Unsigned."""
    events = sorted(said, key=lambda c: c.state_version)
    newest = events[-1]
    record = uuid.UUID(newest.id)
    return {
        "@context": CONTEXT,
        "@id": base_url + newest.receipt,
        "@type": ["dpv:ConsentReceipt"],
        "dct:identifier": str(uuid.uuid5(record, "receipt")),
        "dct:conformsTo": [PROFILE + "receipt", PROFILE + "receipt-eu-gdpr"],
        "dct:created": _instant(newest.recorded_at),
        "dct:publisher": [_controller(policies)],
        "schema:recipient": ["dpv:DataSubject"],
        "dpv:hasRecordOfActivity": [_record(policies, subject_id, events, base_url)],
    }


def _record(policies: PolicySet, subject_id: str, events: Sequence[ConsentView], base_url: str) -> dict[str, Any]:
    newest = events[-1]
    purpose = policies.purposes[newest.purpose]
    return {
        "@id": f"urn:uuid:{newest.id}",
        "@type": ["dpv:ConsentRecord"],
        "dct:identifier": newest.id,
        "dct:conformsTo": [PROFILE + "record", PROFILE + "record-eu-gdpr"],
        "dct:created": _instant(newest.recorded_at),
        "dct:language": newest.notice.language,
        "dpv:hasDataSubject": [{"@id": f"urn:uuid:{subject_id}", "@type": ["dpv:DataSubject"]}],
        "dpv:hasDataController": [_controller(policies)],
        "dpv:hasDataProcessor": [_recipient(p) for p in _parties(policies, purpose) if p.role == "processor"],
        "dpv:hasJurisdiction": [f"loc:{policies.organisation.controller.country}"],
        "dpv:hasApplicableLaw": ["eu-gdpr:GDPR"],
        "dpv:hasNotice": [_notice(policies, newest)],
        "dpv:hasProcess": [_process(policies, purpose, newest)],
        "dpv:hasConsentControl": [{"@type": ["dpv:WithdrawConsent"], "dpv:isExercisedAt": [base_url + "/"]}],
        "dpv:hasRight": _rights(policies, base_url),
        "dpv:hasConsentStatus": [_event(e) for e in events],
    }


def _process(policies: PolicySet, purpose: Purpose, newest: ConsentView) -> dict[str, Any]:
    explicit = newest.method == Method.EXPLICIT
    language = newest.notice.language
    return {
        "@type": ["dpv:Process"],
        "dpv:hasPurpose": [
            {
                "dct:identifier": purpose.key,
                "skos:broader": [purpose.dpv],
                "skos:prefLabel": purpose.title.get(language, purpose.key),
                "skos:definition": purpose.description.get(language, ""),
            }
        ],
        "dpv:hasLegalBasis": ["eu-gdpr:A6-1-a-explicit-consent" if explicit else "eu-gdpr:A6-1-a-non-explicit-consent"],
        "dpv:hasPersonalData": [
            {"@type": ["dpv:PersonalData"], "dct:identifier": category, "skos:prefLabel": _label(category)}
            for category in purpose.categories
        ],
        "dpv:hasStorageCondition": _storage(policies, purpose),
        "dpv:hasRecipient": [_controller(policies), *(_recipient(p) for p in _parties(policies, purpose))],
    }


def _parties(policies: PolicySet, purpose: Purpose) -> list[Party]:
    return [policies.organisation.recipients[key] for key in purpose.recipients]


def _storage(policies: PolicySet, purpose: Purpose) -> list[dict[str, Any]]:
    duration = (
        {"@type": ["dpv:TemporalDuration"], "rdf:value": purpose.retention}
        if purpose.retention
        else {"@type": ["dpv:UntilEventDuration"], "rdf:value": "withdrawal, or end of the purpose"}
    )
    return [
        {"@type": ["dpv:StorageLocation"], "dpv:hasLocation": [f"loc:{policies.organisation.controller.country}"]},
        {"@type": ["dpv:StorageDuration"], "dpv:hasDuration": [duration]},
    ]


def _event(event: ConsentView) -> dict[str, Any]:
    by = "dpv:GuardianOfDataSubject" if event.guardian else "dpv:DataSubject"
    return {
        "@type": [STATE_TERMS[State(event.state)], _METHODS.get(event.method, "dpv:Consent")],
        "dct:identifier": event.id,
        "dpv:isIndicatedBy": [by],
        "dpv:hasIndicationMethod": event.channel,
        "dpv:isIndicatedAtTime": _instant(event.given_at),
        "dpv:hasDuration": [_validity(event)],
    }


def _validity(event: ConsentView) -> dict[str, Any]:
    if event.valid_until is None:
        return {"@type": ["dpv:EndlessDuration"]}
    return {"@type": ["dpv:UntilTimeDuration"], "rdf:value": _instant(event.valid_until)}


def _notice(policies: PolicySet, newest: ConsentView) -> dict[str, Any]:
    shown = newest.notice
    text: Notice | None = policies.notices.get((shown.id, shown.version, shown.language))
    return {
        "@id": f"urn:notice:{shown.id}:{shown.version}:{shown.language}",
        "@type": ["dpv:ConsentNotice"],
        "dct:identifier": shown.id,
        "dct:title": text.title if text else shown.id,
        "dct:hasVersion": str(shown.version),
        "dct:language": shown.language,
        "schema:sha256": shown.digest.removeprefix("sha256:"),
    }


def _rights(policies: PolicySet, base_url: str) -> list[dict[str, Any]]:
    here = {"dpv:isExercisedAt": [base_url + "/"]}
    return [
        {"@type": ["dpv:DataSubjectRight", "eu-gdpr:A7-3"], "dct:title": "Withdraw consent", **here},
        {
            "@type": ["dpv:DataSubjectRight", "eu-gdpr:A77"],
            "dct:title": "Complain to the supervisory authority",
            "dpv:isExercisedAt": [_party(policies.organisation.authority, "dpv:DataProtectionAuthority")],
        },
    ]


def _controller(policies: PolicySet) -> dict[str, Any]:
    return _party(policies.organisation.controller, "dpv:DataController")


def _recipient(party: Party) -> dict[str, Any]:
    return _party(party, _ROLES.get(party.role, "dpv:ThirdParty"))


def _party(party: Party, role: str) -> dict[str, Any]:
    """party_id, name, address, contact, type, role."""
    return {
        "@id": f"urn:party:{party.key}",
        "@type": ["dpv:Organisation", role],
        "dpv:hasName": party.name,
        "dpv:hasAddress": party.address,
        "dpv:hasContact": party.email,
        "dpv:hasCountry": [f"loc:{party.country}"] if party.country else [],
    }


def _label(category: str) -> str:
    """`user.contact.phone_number` as `contact: phone number`."""
    return ": ".join(part.replace("_", " ") for part in category.split(".")[1:]) or category


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
