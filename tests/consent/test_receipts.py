"""Receipts: ISO/IEC TS 27560 shape, DPV terms, signed, without the person's data."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from privacy_svc.auditlog import NoteError, verify_json
from privacy_svc.consent import ConsentView, Source, find, issue_receipt
from privacy_svc.consent.receipts import CONTEXT
from privacy_svc.errors import NotFound
from privacy_svc.policy import PolicySet
from tests.conftest import shared
from tests.consent.conftest import MOTHER, Desk
from tests.policy.small import PURPOSES, compiled

BASE = "https://privacy.example"
RECORD = ("dpv:hasRecordOfActivity", 0)
PROCESS = (*RECORD, "dpv:hasProcess", 0)
CONTROLLER = (*RECORD, "dpv:hasDataController", 0)
EVENT = (*RECORD, "dpv:hasConsentStatus", -1)
MANDATORY = {
    "receipt: schema_version": ("dct:conformsTo", 0),
    "receipt: receipt_id": ("dct:identifier",),
    "schema_version": (*RECORD, "dct:conformsTo", 0),
    "record_id": (*RECORD, "dct:identifier"),
    "pii_principal_id": (*RECORD, "dpv:hasDataSubject", 0, "@id"),
    "privacy_notice": (*RECORD, "dpv:hasNotice", 0, "dct:identifier"),
    "language": (*RECORD, "dct:language"),
    "purpose": (*PROCESS, "dpv:hasPurpose", 0, "skos:broader", 0),
    "lawful_basis": (*PROCESS, "dpv:hasLegalBasis", 0),
    "pii_information": (*PROCESS, "dpv:hasPersonalData", 0, "dct:identifier"),
    "pii_type": (*PROCESS, "dpv:hasPersonalData", 0, "@type", 0),
    "pii_controllers": CONTROLLER,
    "storage_locations": (*PROCESS, "dpv:hasStorageCondition", 0, "dpv:hasLocation", 0),
    "retention_period": (*PROCESS, "dpv:hasStorageCondition", 1, "dpv:hasDuration", 0, "rdf:value"),
    "jurisdiction": (*RECORD, "dpv:hasJurisdiction", 0),
    "recipient_third_parties": (*PROCESS, "dpv:hasRecipient", 1, "dpv:hasName"),
    "withdrawal_method": (*RECORD, "dpv:hasConsentControl", 0, "dpv:isExercisedAt", 0),
    "privacy_rights": (*RECORD, "dpv:hasRight", 0, "@type", 1),
    "authority_party": (*RECORD, "dpv:hasRight", 1, "dpv:isExercisedAt", 0, "dpv:hasName"),
    "party_id": (*CONTROLLER, "@id"),
    "party_name": (*CONTROLLER, "dpv:hasName"),
    "party_address": (*CONTROLLER, "dpv:hasAddress"),
    "party_contact": (*CONTROLLER, "dpv:hasContact"),
    "party_type": (*CONTROLLER, "@type", 0),
    "party_role": (*CONTROLLER, "@type", 1),
    "event_time": (*EVENT, "dpv:isIndicatedAtTime"),
    "validity_duration": (*EVENT, "dpv:hasDuration", 0, "@type", 0),
    "entity_id": (*EVENT, "dpv:isIndicatedBy", 0),
    "event_state": (*EVENT, "@type", 0),
    "event_type": (*EVENT, "@type", 1),
}
"""Mandatory in 27560, or optional there and mandatory under the GDPR."""


def _receipt(desk: Desk, said: ConsentView, policies: PolicySet | None = None) -> dict[str, Any]:
    with desk.database.read() as session:
        row = find(session, said.id)
        return issue_receipt(session, desk.log.signer, policies or desk.policies, row, BASE)


def _at(document: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    else:
        yield str(value)


def test_every_mandatory_field_is_there(desk: Desk) -> None:
    """For a consent, a refusal, and a withdrawal that named no notice."""
    for said in (desk.say(), desk.say("refused"), desk.say("withdrawn", notice=None)):
        receipt = _receipt(desk, said)
        for name, path in MANDATORY.items():
            assert _at(receipt, path), name


def test_it_says_what_was_agreed(desk: Desk) -> None:
    """State, method, purpose, notice and times as recorded."""
    said = desk.say(guardian=MOTHER)
    receipt = _receipt(desk, said)
    event = _at(receipt, EVENT)
    assert event["@type"] == ["dpv:ConsentGiven", "dpv:ExpressedConsent"]
    assert event["dpv:isIndicatedBy"] == ["dpv:GuardianOfDataSubject"]
    assert said.valid_until is not None
    until = said.valid_until.isoformat().replace("+00:00", "Z")
    assert event["dpv:hasDuration"] == [{"@type": ["dpv:UntilTimeDuration"], "rdf:value": until}]
    assert _at(receipt, (*PROCESS, "dpv:hasPurpose", 0))["skos:broader"] == ["dpv:DirectMarketing"]
    assert "sha256:" + _at(receipt, (*RECORD, "dpv:hasNotice", 0))["schema:sha256"] == said.notice.digest


def test_it_tells_the_whole_story_until_then(desk: Desk) -> None:
    """A withdrawal's receipt shows what it withdrew; the consent's own receipt never changes."""
    given = desk.say()
    before = _receipt(desk, given)
    withdrawn = desk.say("withdrawn")
    states = [e["@type"][0] for e in _at(_receipt(desk, withdrawn), (*RECORD, "dpv:hasConsentStatus"))]
    assert states == ["dpv:ConsentGiven", "dpv:ConsentWithdrawn"]
    assert _receipt(desk, given) == before


def test_the_signature_holds_and_breaks(desk: Desk) -> None:
    """The public key alone verifies it; any changed word breaks it."""
    receipt = _receipt(desk, desk.say())
    travelled = json.loads(json.dumps(receipt))
    verify_json(travelled, desk.log.signer.vkey)
    for path in MANDATORY.values():
        forged = copy.deepcopy(travelled)
        inner = _at(forged, path[:-1])
        inner[path[-1]] = "forged"
        with pytest.raises(NoteError):
            verify_json(forged, desk.log.signer.vkey)


def test_it_names_nobody(desk: Desk) -> None:
    """Reference, evidence and guardian stay with us: a receipt travels."""
    source = Source("web", reference="ana@example.org", evidence={"name": "Ana"})
    receipt = json.dumps(_receipt(desk, desk.say(source=source, guardian=MOTHER)))
    for word in ("ana@example.org", "Ana", "Maria", "id card"):
        assert word not in receipt


def test_terms_are_of_the_vocabularies_in_its_context(desk: Desk) -> None:
    """Each prefix is declared, and nothing needs to be fetched: the context is inside."""
    receipt = _receipt(desk, desk.say())
    assert receipt.pop("@context") == CONTEXT
    del receipt["signature"]
    prefixes = {s.split(":")[0] for s in _strings(receipt) if s.split(":")[0] in {*CONTEXT} or ":has" in s}
    assert prefixes == {"dpv", "eu-gdpr", "loc", "dct", "rdf", "schema", "skos"}


def test_it_has_every_property_of_the_published_example(desk: Desk) -> None:
    """The example of the vocabulary's authors, but for what it says of processors and storage deletion."""
    example = json.loads(shared("data", "standards", "iso27560-receipt-example.json").read_text())
    properties = {s for s in _strings(example) if s.startswith(("dpv:has", "dpv:is", "dct:", "schema:"))}
    ours = set(_strings(_receipt(desk, desk.say())))
    assert properties - ours == {"dpv:hasDataProcessor", "dct:date", "dct:coverage"}


def test_lists_are_lists(desk: Desk) -> None:
    """What may repeat is an array also where there is one: parsers keep only the last of repeated keys."""
    record = _at(_receipt(desk, desk.say()), RECORD)
    for name in ("dpv:hasProcess", "dpv:hasNotice", "dpv:hasConsentStatus", "dpv:hasDataController", "@type"):
        assert isinstance(record[name], list)


def test_a_later_policy_does_not_rewrite_it(desk: Desk) -> None:
    """The receipt describes the purpose as it was when the consent was recorded."""
    said = desk.say()
    before = _receipt(desk, said)
    later = compiled(**{"purposes.yml": PURPOSES.replace("en: News", "en: Anything")})
    assert later.version != desk.policies.version
    assert _receipt(desk, said, later) == before


def test_without_the_policy_of_then_there_is_no_receipt(desk: Desk) -> None:
    """Rather none than a wrong one."""
    said = desk.say()
    later = compiled(**{"purposes.yml": PURPOSES.replace("en: News", "en: Anything")})
    with desk.database.write() as session:
        session.connection().exec_driver_sql("DELETE FROM policy_versions")
    with pytest.raises(NotFound):
        _receipt(desk, said, later)
