"""Access and portability, from approval to the package."""

import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path

import jsonschema
import pytest

from privacy_svc import consent
from privacy_svc.auditlog import EventType, verify_json
from privacy_svc.db import Database, now
from privacy_svc.errors import Erased, NotFound
from privacy_svc.http import CustomerRef
from privacy_svc.rights import Packages, Right, State, Wanted, Worker
from tests.rights.company import ANA, DATASET, NOTE, TICKET, Company, found_company
from tests.rights.running import PLANTED, done, everything_in, workflow_tables
from tests.rights.test_approval import verified
from tests.rights.test_opening import code_of, opened, types_of


def package_of(company: Company, request: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(Packages(company.requests).package(request, "dora")))


def test_everything_about_the_person_and_nothing_about_others(company: Company, worker: Worker) -> None:
    """From the code to the zip: all rows of all tables, opened, with the information of Art. 15."""
    company.seal()
    request = opened(company)
    company.requests.verify(request.id, code_of(company), "desk")
    found = done(company, request.id)
    assert found.package
    archive = package_of(company, request.id)
    content = {n: archive.read(n).decode() for n in archive.namelist()}
    assert json.loads(content["data/customers.json"]) == [{"id": 1, **ANA}]
    assert [o["billing_name"] for o in json.loads(content["data/orders.json"])] == [ANA["name"]] * 2
    assert json.loads(content["data/tickets.json"])[0]["body"] == TICKET
    assert json.loads(content["data/notes.json"])[0]["note"] == NOTE
    assert "Bo Berg" not in "".join(content.values())
    assert {"article15.json", "consents.json", "log.json", "log-proofs.ndjson", "index.html", "manifest.json"} <= set(
        content
    )
    assert all(v in content["index.html"] for v in ANA.values() if "+" not in v)
    information = json.loads(content["article15.json"])
    assert information["complaint"]["authority"]["name"] == "The Authority"
    assert "Your request is done" in company.mails()[-1]
    assert types_of(company, request.id)[-4:] == ["created", "sent", "completed", "downloaded"]
    manifest = json.loads(content["manifest.json"])
    sums = {f["path"]: f["sha256"] for f in manifest["files"]}
    assert all(hashlib.sha256(archive.read(n)).hexdigest() == s for n, s in sums.items())


def test_markup_and_formulas_in_the_data_do_nothing(company: Company, worker: Worker) -> None:
    """A name that is a script is text in the page; a city that is a formula is text in the CSV."""
    request = company.requests.vouch(opened(company, key="3").id, "passport", "dora")
    done(company, request.id)
    archive = package_of(company, request.id)
    page = archive.read("index.html").decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    rows = list(csv.reader(io.StringIO(archive.read("data/customers.csv").decode(), newline="")))
    assert rows[1][-1] == "'=1+1"


def test_the_package_is_sealed_and_its_download_logged(company: Company, worker: Worker) -> None:
    """No value is readable in the privacy database or in the workflow engine's; each download is a line."""
    company.seal()
    request = verified(company, Right.ACCESS)
    done(company, request.id)
    url = company.database.engine.url.render_as_string(hide_password=False)
    for place in (everything_in(url), workflow_tables(company)):
        assert not [v for v in PLANTED if v in place]
    package_of(company, request.id)
    assert types_of(company, request.id)[-1] == "downloaded"


def test_a_package_dies_with_the_person(company: Company, worker: Worker) -> None:
    """After the erasure what was given out before cannot be opened here any more."""
    company.seal()
    request = verified(company, Right.ACCESS)
    done(company, request.id)
    erasure = verified(company)
    company.requests.approve(erasure.id, "dora")
    done(company, erasure.id)
    with pytest.raises((Erased, NotFound)):
        Packages(company.requests).package(request.id, "dora")


NEIGHBOUR = (
    "Husband is Mr Bo Berg, bo@mail.example or +49 30 9018 2043. Pays by DE89 3704 0044 0532 0130 00. "
    "Ana herself: ana@mail.example, +49 30 9018 2042."
)


def test_others_in_free_text_are_taken_out_and_counted(company: Company, worker: Worker) -> None:
    """Names, addresses and numbers of somebody else are not in any file; the person's own stay; it is said of which
    kind and how many, and nothing is redacted outside of free text."""
    company.write("UPDATE notes SET note = :note WHERE id = 30", note=NEIGHBOUR)
    company.write("UPDATE customers SET city = 'Mr Karl Meier' WHERE id = 1")
    request = verified(company, Right.ACCESS)
    done(company, request.id)
    archive = package_of(company, request.id)
    [note] = json.loads(archive.read("data/notes.json"))
    assert note["note"] == (
        "Husband is Mr [somebody else's name], [somebody else's e-mail address] or [somebody else's telephone number]. "
        "Pays by [somebody else's bank account]. Ana herself: ana@mail.example, +49 30 9018 2042."
    )
    assert json.loads(archive.read("data/customers.json"))[0]["city"] == "Mr Karl Meier"
    told = json.loads(archive.read("article15.json"))["redactions"]
    assert {(t["collection"], t["field"], t["kind"], t["count"]) for t in told} == {
        ("crm.notes", "note", kind, 1) for kind in ("name", "email", "phone", "account")
    }
    page = archive.read("index.html").decode()
    assert "somebody else&#39;s bank account" in page
    assert "9018 2043" not in page


def test_the_package_speaks_the_persons_language(company: Company, worker: Worker) -> None:
    """Who wrote in German gets German: page, information, and what stands for others' data."""
    company.write("UPDATE notes SET note = :note WHERE id = 30", note=NEIGHBOUR)
    wanted = Wanted(Right.ACCESS, CustomerRef(id="1"), language="de")
    request = company.requests.open(wanted, "desk")
    company.requests.vouch(request.id, "Ausweis gesehen", "dora")
    done(company, request.id)
    archive = package_of(company, request.id)
    assert '<html lang="de">' in (page := archive.read("index.html").decode())
    assert "Was andere Menschen betrifft" in page
    assert "E-Mail-Adresse von jemand anderem" in archive.read("data/notes.csv").decode()
    assert json.loads(archive.read("article15.json"))["purposes"][0]["title"] == "Hilfe"


def test_consents_come_with_their_receipts(company: Company, worker: Worker) -> None:
    """Each with its signed receipt, which anybody checks with the log's key; objection and restriction are told."""
    subject_id, policy = company.subject(), company.policies.current
    wanted = consent.RecordConsent(
        purpose="newsletter",
        state="given",
        customer=CustomerRef(subject=subject_id),
        notice=consent.NoticeRef("news", 1, "en"),
        source=consent.Source("web"),
    )
    with company.database.write() as session:
        consent.record(
            session, company.vault, company.log, policy, actor="x", subject_id=subject_id, wanted=wanted, at=now()
        )
        consent.object_to(session, company.log, subject_id, "newsletter", actor="x")
    request = verified(company, Right.ACCESS)
    done(company, request.id)
    archive = package_of(company, request.id)
    [said] = json.loads(archive.read("consents.json"))
    receipt = json.loads(archive.read(f"receipts/{said['id']}.json"))
    verify_json(receipt, company.signer.vkey)
    information = json.loads(archive.read("article15.json"))
    assert information["choices"] == {"restricted": False, "objections": ["Newsletter"]}


def test_who_received_the_data_is_named(company: Company, worker: Worker) -> None:
    """Of the declared recipients those to whom the log has releases, since when (CJEU C-154/21)."""
    request = verified(company, Right.ACCESS)
    done(company, request.id)
    assert json.loads(package_of(company, request.id).read("article15.json"))["recipients_disclosed"] == []
    subject_id, kind = company.subject(), EventType.RECORD_READ
    with company.database.write() as session:
        company.log.append(session, kind, actor="mail", subject_id=subject_id, payload={"purpose": "newsletter"})
    again = verified(company, Right.ACCESS)
    done(company, again.id)
    archive = package_of(company, again.id)
    [told] = json.loads(archive.read("article15.json"))["recipients_disclosed"]
    assert told["name"] == "Letterbox Ltd"
    assert "Letterbox Ltd" in archive.read("index.html").decode()
    used = [e for e in json.loads(archive.read("log.json")) if e["type"] == kind]
    assert [(e["by"], e["purpose"], e["key"]) for e in used] == [("Mail", "Newsletter", "newsletter")]


def test_the_same_data_give_the_same_package(company: Company, worker: Worker) -> None:
    """Apart from the log, which grew, and the time, two packages of one person are the same bytes."""
    packages = []
    for _ in range(2):
        request = verified(company, Right.ACCESS)
        done(company, request.id)
        packages.append(package_of(company, request.id))
    first, second = packages
    grown = {"manifest.json", "log.json", "log-proofs.ndjson", "index.html", "datapackage.json", "article15.json"}
    assert first.namelist() == second.namelist()
    assert all(first.read(n) == second.read(n) for n in set(first.namelist()) - grown)


def test_nothing_about_a_person_is_an_answer_too(company: Company, worker: Worker) -> None:
    """Somebody whose rows are gone from the store gets a package that says so."""
    request = opened(company, key="3")
    company.write("DELETE FROM customers WHERE id = 3")
    company.requests.vouch(request.id, "passport", "dora")
    done(company, request.id)
    archive = package_of(company, request.id)
    assert json.loads(archive.read("article15.json"))["confirmation"]["processed"] is False
    assert "We hold no data about you." in archive.read("index.html").decode()
    assert "datapackage.json" not in archive.namelist()


def test_portability_gives_what_contract_and_consent_cover(company: Company, worker: Worker) -> None:
    """Only fields under a contract or a standing consent; the rest is named with the reason."""
    request = verified(company, Right.PORTABILITY)
    done(company, request.id)
    archive = package_of(company, request.id)
    assert json.loads(archive.read("data/customers.json")) == [{"name": ANA["name"], "email": ANA["email"]}]
    manifest = json.loads(archive.read("manifest.json"))
    assert {"collection": "crm.customers", "field": "phone", "reason": manifest["left_out"][0]["reason"]} in manifest[
        "left_out"
    ]
    assert manifest["purposes"] == ["support"]
    left = {(o["collection"], o["field"]) for o in manifest["left_out"]}
    assert left >= {("crm.orders", "total"), ("crm.notes", "note")}
    jsonschema.validate(
        json.loads(archive.read("data/customers.json")), json.loads(archive.read("schema/customers.schema.json"))
    )


_EMAIL = "[user.contact.email]\n            fides_meta: {identity: email}\n            privacy: {"
DERIVED = DATASET.replace(_EMAIL, _EMAIL + "source: derived, ")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_portability_leaves_out_what_we_worked_out(database: Database, tmp_path: Path) -> None:
    """A field that the data map calls derived is named with that reason, though a contract covers its category."""
    home = tmp_path / "home"
    home.mkdir()
    url, derived = f"sqlite:///{tmp_path / 'crm.sqlite'}", {"datasets/crm.yml": DERIVED}
    with found_company(home, database, url, **derived) as company:
        with company.requests.worker():
            request = verified(company, Right.PORTABILITY)
            done(company, request.id)
        archive = package_of(company, request.id)
        assert json.loads(archive.read("data/customers.json")) == [{"name": ANA["name"]}]
        reasons = {o["field"]: o["reason"] for o in json.loads(archive.read("manifest.json"))["left_out"]}
        assert "worked it out" in reasons["email"]
        assert "contract or a consent" in reasons["phone"]


def test_other_requests_have_no_package(company: Company) -> None:
    """An open or a different request answers 404."""
    with pytest.raises(NotFound):
        Packages(company.requests).package(opened(company).id, "dora")
    with pytest.raises(NotFound):
        company.requests.certificate(opened(company).id)
    assert company.requests.show(opened(company).id).state == State.VERIFYING
