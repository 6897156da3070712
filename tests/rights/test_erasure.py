"""Erasure and the other rights that change something, from approval to certificate."""

import json
from functools import partial

import pytest
from sqlalchemy import create_engine, text

from privacy_svc.auditlog import NoteError, verify_json, verify_proof
from privacy_svc.errors import Conflict, Erased
from privacy_svc.http import CustomerRef
from privacy_svc.rights import Ground, Holds, Right, State, Wanted, Worker
from privacy_svc.store import walk
from tests.rights.company import ANA, Company
from tests.rights.running import PLANTED, done, everything_in, finished, workflow_tables
from tests.rights.test_approval import hold, verified
from tests.rights.test_opening import opened, types_of


def erased(company: Company) -> str:
    request = verified(company)
    company.requests.approve(request.id, "dora")
    done(company, request.id)
    return request.id


def write_note(company: Company, words: str, customer: int = 2) -> None:
    engine = create_engine(company.store_url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM notes"))
        connection.execute(text("INSERT INTO notes VALUES (99, :c, :w)"), {"c": customer, "w": words})
    engine.dispose()


def test_nothing_of_the_person_is_left(company: Company, worker: Worker) -> None:
    """No known value in the store, the privacy database or the workflow engine; the key is gone."""
    company.seal()
    subject = company.subject()
    request = erased(company)
    url = company.database.engine.url.render_as_string(hide_password=False)
    for place in (everything_in(company.store_url), everything_in(url), workflow_tables(company)):
        assert not [v for v in PLANTED if v in place]
    with company.database.read() as session, pytest.raises(Erased):
        company.vault.cipher(session, subject)
    with company.database.read() as session:
        count = "SELECT count(*) FROM index_entries"
        assert session.connection().exec_driver_sql(count + f" WHERE subject_id = '{subject}'").scalar_one() == 0
        assert session.connection().exec_driver_sql(count).scalar_one() > 0
    assert [r["body"] for r in company.rows("tickets")] == ["Where is it?"]
    assert company.rows("customers")[0]["city"] is None
    assert company.rows("customers")[1]["city"] == "Bergen"
    assert types_of(company, request)[-5:] == ["approved", "started", "issued", "sent", "completed"]
    assert "Your data are erased" in company.mails()[-1]


def test_others_can_still_be_read(company: Company, worker: Worker) -> None:
    """The page key of the erased person was replaced; everybody else on it opens as before."""
    company.seal()
    other = company.subject("2")
    erased(company)
    with company.database.read() as session:
        rows = walk(session, company.stores, company.vault, company.policies.current, other)
    assert rows[0].values["email"] == "bo@mail.example"


def test_the_certificate_says_what_was_done_and_verifies(company: Company, worker: Worker) -> None:
    """Per place the method and how many rows, what was kept with ground, law and end; signed, no personal data."""
    company.seal()
    subject = company.subject()
    request = erased(company)
    document = json.loads(company.requests.certificate(request))
    verify_json(document, company.signer.vkey)
    index, leaf, _ = verify_proof(document["proof"], company.signer.verifier)
    assert b"vault:subject:erased" in leaf
    assert index >= 0
    done_at = {(i["collection"], i["field"]): (i["method"], i["rows"]) for i in document["done"]}
    assert done_at[("crm.customers", "email")] == ("shred", 1)
    assert done_at[("crm.customers", "city")] == ("null", 1)
    assert done_at[("crm.tickets", "*")] == ("delete", 1)
    assert done_at[("crm.notes", "note")] == ("null", 1)
    [kept] = document["kept"]
    assert (kept["ground"], kept["law"], kept["rows"]) == ("A17LegallyRequired", "§ 147 AO", 2)
    assert kept["keep_until"] > "2036"
    assert document["result"] == "partially_fulfilled"
    assert document["read_back"]["found"] == 0
    assert document["read_back"]["values_searched"] >= 5
    assert document["backups_by"][:10] > document["completed_at"][:10]
    assert "destroyed" in document["backups"]
    assert not [v for v in (*PLANTED, subject) if v in json.dumps(document, ensure_ascii=False)]
    document["result"] = "fulfilled"
    with pytest.raises(NoteError):
        verify_json(document, company.signer.vkey)


def test_what_is_kept_opens_with_the_evidence_key(company: Company, worker: Worker) -> None:
    """The invoice's name outlives the data key, for the law that asks for it."""
    company.seal()
    subject = company.subject()
    erased(company)
    sealed = company.rows("orders")[0]["billing_name"]
    with company.database.read() as session:
        cipher = company.vault.cipher(session, subject, use="evidence")
        assert cipher.open_text(1010, "10", str(sealed)) == ANA["name"]


def test_a_store_in_clear_is_erased_too(company: Company, worker: Worker) -> None:
    """In the first stage nothing is sealed: the values themselves go."""
    erased(company)
    left = [v for v in PLANTED if v in everything_in(company.store_url)]
    assert left == [ANA["name"]], "only the invoice's name, which the law keeps"


def test_what_the_read_back_finds_fails_the_request(company: Company, worker: Worker) -> None:
    """Her address in somebody else's note is found, its place is told, and the next try ends well."""
    company.seal()
    write_note(company, "please answer ana@mail.example too")
    request = verified(company)
    company.requests.approve(request.id, "dora")
    failed = finished(company, request.id)
    assert failed.state == State.FAILED
    assert failed.failure is not None
    assert failed.failure["slug"] == "data-left"
    assert failed.failure["places"][0]["place"] == "crm.notes.note"
    assert "ana@" not in json.dumps(failed.failure)
    for end in (partial(company.requests.cancel, reason="a mistake"), company.requests.withdraw):
        with pytest.raises(Conflict, match="begun"):
            end(request.id, actor="dora")
    with pytest.raises(Conflict, match="begun"):
        company.requests.refuse(request.id, Ground.LEGAL_CLAIMS, "too late", "dora")
    with pytest.raises(Conflict, match="too late"):
        hold(company, article="17(3)(e)")
    write_note(company, "answered")
    company.requests.approve(request.id, "dora")
    done(company, request.id)


def test_a_hold_placed_after_the_approval_stops_the_run(company: Company) -> None:
    """The first step looks again: nothing was touched, and the request says why."""
    request = verified(company)
    company.requests.approve(request.id, "dora")
    held = hold(company)
    with company.requests.worker():
        failed = finished(company, request.id)
        assert failed.failure is not None
        assert failed.failure["slug"] == "on-hold"
        assert company.rows("customers")[0]["city"] == ANA["city"]
        Holds(company.requests).lift_hold(held, "dora")
        company.requests.approve(request.id, "dora")
        done(company, request.id)


def test_known_values_do_not_outlive_the_run(company: Company, worker: Worker) -> None:
    """What was kept for the read-back is dropped with the certificate."""
    request = erased(company)
    with company.database.read() as session:
        statement = f"SELECT known_values FROM requests WHERE id = '{request}'"
        assert session.connection().exec_driver_sql(statement).scalar_one() is None


def test_an_erased_person_opens_no_request(company: Company, worker: Worker) -> None:
    """There is nothing left to ask for."""
    erased(company)
    with pytest.raises(Erased):
        opened(company)


def test_the_request_can_still_be_answered_for(company: Company, worker: Worker) -> None:
    """Its details are sealed by the evidence key: the DPO can defend the erasure against a claim."""
    request = company.requests.open(Wanted(Right.ERASURE, CustomerRef(id="1"), details={"why": "moving away"}), "desk")
    company.requests.vouch(request.id, "passport", "dora")
    company.requests.approve(request.id, "dora")
    done(company, request.id)
    assert company.requests.details(request.id, "dora").given == {"why": "moving away"}


def test_rectification(company: Company, worker: Worker) -> None:
    """The store has the new value, sealed and found by it; old and new are kept sealed with the request."""
    company.seal()
    request = verified(company, Right.RECTIFICATION, changes={"email": "ana@new.example", "city": "Porto"})
    company.requests.approve(request.id, "dora")
    found = done(company, request.id)
    assert company.rows("customers")[0]["city"] == "Porto"
    with company.database.read() as session:
        find = company.requests.parts.directory.find
        assert find(session, CustomerRef(email="ana@new.example")) == found.subject
        assert find(session, CustomerRef(email="ana@mail.example")) is None
    document = json.loads(company.requests.certificate(request.id))
    assert {(i["collection"], i["field"]) for i in document["done"]} == {
        ("crm.customers", "email"),
        ("crm.customers", "city"),
    }
    assert "Porto" not in json.dumps(document)
    values = company.requests.details(request.id, "dora").rectified
    assert {"place": "crm.customers/1.city", "old": ANA["city"], "new": "Porto"} in values
    assert "ana@new.example" not in everything_in(company.database.engine.url.render_as_string(hide_password=False))
    assert [n.recipient for n in company.requests.notifications(request.id)] == ["letterbox"]


def test_restriction_and_objection(company: Company, worker: Worker) -> None:
    """From the completed request on the person's state says so; a restriction has a certificate."""
    from privacy_svc.consent import subject_state
    from privacy_svc.db import now

    restriction = verified(company, Right.RESTRICTION)
    objection = verified(company, Right.OBJECTION)
    for request in (restriction, objection):
        done(company, request.id)
    with company.database.read() as session:
        state = subject_state(session, company_subject(company), now())
    assert state.restricted
    assert "direct_marketing" in state.objections
    assert json.loads(company.requests.certificate(restriction.id))["restricted_since"]


def company_subject(company: Company) -> str:
    return company.subject()
