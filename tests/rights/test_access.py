"""Access and portability, from approval to the package."""

import csv
import hashlib
import io
import json
import zipfile

import pytest

from privacy_svc.errors import Erased, NotFound
from privacy_svc.rights import Right, State, Worker
from tests.rights.company import ANA, NOTE, TICKET, Company
from tests.rights.running import PLANTED, done, everything_in, workflow_tables
from tests.rights.test_approval import verified
from tests.rights.test_opening import code_of, opened, types_of


def package_of(company: Company, request: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(company.requests.package(request, "dora")))


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
        company.requests.package(request.id, "dora")


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


def test_other_requests_have_no_package(company: Company) -> None:
    """An open or a different request answers 404."""
    with pytest.raises(NotFound):
        company.requests.package(opened(company).id, "dora")
    with pytest.raises(NotFound):
        company.requests.certificate(opened(company).id)
    assert company.requests.show(opened(company).id).state == State.VERIFYING
