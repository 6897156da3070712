"""Receipts: ISO/IEC TS 27560 shape, DPV terms, signed, without the person's data."""

import copy
import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rdflib import DCTERMS, RDF, SKOS, XSD, Graph, Literal, Namespace

from privacy_svc.auditlog import NoteError, strict_json, verify_json
from privacy_svc.auditlog.signed_json import sign_json
from privacy_svc.cli.common import Cli
from privacy_svc.cli.verify import check_by
from privacy_svc.cli.verify import command as verify_file
from privacy_svc.consent import ConsentView, Source, find, issue_receipt
from privacy_svc.consent.receipts import CONTEXT, STATE_TERMS
from privacy_svc.errors import NotFound
from privacy_svc.policy import PolicySet
from tests.conftest import shared
from tests.consent.conftest import MOTHER, Desk
from tests.policy.small import PURPOSES, compiled

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # in rdflib
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
NOTICE = "/dpv:hasRecordOfActivity/dpv:hasNotice"
ABSENT = {
    NOTICE + "/dct:date": "a version says which text it is; dct:hasVersion and the digest are there",
    NOTICE + "/dct:coverage": "a consent ends, not its notice: dpv:hasDuration of each event",
    "/dpv:hasRecordOfActivity/dpv:hasDataSubject/skos:broader": "the example's kind of person; ours is @type",
}
TABLES = [
    *(f"dpv-modules/{n}.csv" for n in ("consent_status", "legal_basis", "notice", "purposes", "rights")),
    *(f"dpv-eu-gdpr/{n}.csv" for n in ("legal_basis", "rights")),
]
DPV = Namespace(CONTEXT["dpv"])
GDPR = Namespace(CONTEXT["eu-gdpr"])


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


def test_any_changed_byte_is_refused(desk: Desk) -> None:
    """Of the file as it is given out: words, signature, and the key it names."""
    whole, vkey = json.dumps(_receipt(desk, desk.say())).encode(), desk.log.signer.vkey
    verify_json(strict_json(whole.decode()), vkey)
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        with pytest.raises(NoteError):
            verify_json(strict_json(changed.decode()), vkey)


def test_verify_tells_what_a_receipt_says_offline(desk: Desk, tmp_path: Path) -> None:
    """With the file and the public key, in a place where there is no service."""
    file, key = tmp_path / "receipt.json", desk.log.signer.vkey
    file.write_text(json.dumps(_receipt(desk, desk.say())))
    nowhere = Cli(home=tmp_path / "nowhere")
    done = CliRunner().invoke(verify_file, [str(file), "--key", key], obj=nowhere)
    assert done.exit_code == 0, done.output
    for word in ("dpv:ConsentReceipt", "news 2 en", "dpv:ConsentGiven"):
        assert word in done.output
    file.write_text(file.read_text().replace("dpv:ConsentGiven", "dpv:ConsentTaken"))
    done = CliRunner().invoke(verify_file, [str(file), "--key", key], obj=nowhere)
    assert (done.exit_code, "does not hold" in done.output) == (1, True)
    assert not (tmp_path / "nowhere").exists()


def test_it_names_nobody(desk: Desk) -> None:
    """Reference, evidence and guardian stay with us: a receipt travels."""
    source = Source("web", reference="ana@example.org", evidence={"name": "Ana"})
    receipt = json.dumps(_receipt(desk, desk.say(source=source, guardian=MOTHER)))
    for word in ("ana@example.org", "Ana", "Maria", "id card"):
        assert word not in receipt


def _graph(desk: Desk) -> Graph:
    """What a reader of RDF that we did not write understands, with nothing fetched: the context is inside."""
    return Graph().parse(data=json.dumps(_receipt(desk, desk.say())), format="json-ld")


def test_a_reader_of_rdf_finds_terms_not_strings(desk: Desk) -> None:
    """Each term of a vocabulary is an IRI, each time a time, and the story can be asked for."""
    graph = _graph(desk)
    literals = {str(o) for o in graph.objects() if isinstance(o, Literal)}
    assert not [text for text in literals if text.split(":")[0] in CONTEXT]
    times = [*graph.objects(predicate=DPV.isIndicatedAtTime), *graph.objects(predicate=DCTERMS.created)]
    assert {getattr(t, "datatype", None) for t in times} == {XSD.dateTime}
    (record,) = graph.subjects(RDF.type, DPV.ConsentRecord)
    (status,) = graph.objects(record, DPV.hasConsentStatus)
    assert (status, RDF.type, DPV.ConsentGiven) in graph
    assert list(graph.objects(status, DPV.isIndicatedBy)) == [DPV.DataSubject]
    assert list(graph.objects(record, DPV.hasApplicableLaw)) == [GDPR.GDPR]


def test_every_part_of_the_document_is_in_the_graph(desk: Desk) -> None:
    """No property is dropped for want of a vocabulary, but the signature, which is about the document itself."""
    receipt = _receipt(desk, desk.say())
    properties = {s for s in _keys(receipt) if not s.startswith("@")} - {*CONTEXT, *receipt["signature"], "signature"}
    assert all(p.partition(":")[0] in CONTEXT for p in properties)
    graph = _graph(desk)
    expanded = {CONTEXT[str(p).partition(":")[0]] + str(p).partition(":")[2] for p in properties}
    assert expanded <= {str(p) for p in graph.predicates()}


def test_terms_are_published(desk: Desk) -> None:
    """States, legal bases, rights, notices and purposes are those of the vocabulary's tables."""
    published = {term for name in TABLES for term in _terms(name)}
    graph = _graph(desk)
    used = {o for p in (DPV.hasLegalBasis, SKOS.broader) for o in graph.objects(predicate=p)}
    for kind in (DPV.ConsentRecord, DPV.DataSubjectRight, DPV.ConsentNotice):
        for thing in graph.subjects(RDF.type, kind):
            told = [thing, *graph.objects(thing, DPV.hasConsentStatus)]
            used |= {t for one in told for t in graph.objects(one, RDF.type)}
    elsewhere = {DPV.ConsentRecord, DPV.ExpressedConsent}
    assert {str(t) for t in used - elsewhere} <= published
    assert {CONTEXT["dpv"] + name.partition(":")[2] for name in STATE_TERMS.values()} <= published


def _terms(table: str) -> Iterator[str]:
    with shared("data", "standards", table).open(encoding="utf-8", newline="") as file:
        yield from (row["iri"] for row in csv.DictReader(file))


def _keys(value: Any) -> Iterator[str]:
    for inner in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        yield from _keys(inner)
    if isinstance(value, dict):
        yield from value


def _shape(value: Any, path: str = "") -> Iterator[str]:
    """The path of every property, arrays or not."""
    if isinstance(value, list):
        for inner in value:
            yield from _shape(inner, path)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path}/{key}"
            yield from _shape(inner, f"{path}/{key}")


def _repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The example repeats keys, of which a parser keeps the last."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        found[key] = [*found[key], value] if key in found else [value]
    return found


def test_it_has_the_shape_of_the_published_example(desk: Desk) -> None:
    """Every property of the example of the vocabulary's authors, in the same place, or a reason why not."""
    text = shared("data", "standards", "iso27560-receipt-example.json").read_text()
    theirs = set(_shape(json.loads(text, object_pairs_hook=_repeated)))
    ours = set(_shape(_receipt(desk, desk.say())))
    assert theirs - ours == set(ABSENT)


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


def test_a_receipt_outlives_its_key_and_a_found_key_makes_none(desk: Desk, tmp_path: Path) -> None:
    """Signed before the key was replaced, it still holds, and says until when the key was in force; the old key's word
    about something later does not hold, and a receipt that is issued anew is the new key's."""
    said, file = desk.say(), tmp_path / "receipt.json"
    before, keys = _receipt(desk, said), desk.log.signer._keys
    desk.log.rotate_key(desk.database, actor="test", reason="yearly")
    signer = desk.log.signer
    file.write_text(json.dumps(before))
    [handover] = signer.handovers
    assert check_by(file, signer.vkey, signer.handovers)["key_until"] == handover.at
    again = _receipt(desk, said)
    assert {**again, "signature": 0} == {**before, "signature": 0}
    file.write_text(json.dumps(again))
    assert "key_until" not in check_by(file, signer.vkey, signer.handovers)
    later = {name: value for name, value in _receipt(desk, desk.say()).items() if name != "signature"}
    for spoilt in ({}, {"dct:created": "soon"}, {"dct:created": 1}, {"dct:created": "2026-01-01T00:00:00"}):
        file.write_text(json.dumps(sign_json(keys.key, keys.verifier, later | spoilt)))
        with pytest.raises(NoteError):
            check_by(file, signer.vkey, signer.handovers)
