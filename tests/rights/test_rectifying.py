"""Rectification: proposed, shown, checked, carried out everywhere, and told."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from privacy_svc.db import now
from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.http import CustomerRef, Role
from privacy_svc.identity import list_sessions
from privacy_svc.identity.model import SignInCode
from privacy_svc.identity.sessions import start_session
from privacy_svc.rights import PackageLinkGone, Packages, Right, State, Wanted, Worker, WrongCode
from privacy_svc.rights.owed_courier import Outbox
from privacy_svc.store import CannotRectify, Moved
from tests.rights.company import ANA, DATASET, Company
from tests.rights.running import done, everything_in
from tests.rights.test_approval import verified
from tests.rights.test_opening import code_of, opened, types_of
from tests.rights.test_package_links import token_of

NEW = "ana@new.example"
PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


def remap(company: Company, change: Callable[[str], str]) -> None:
    """Another data map, in force at once."""
    path = company.home / "policies" / "datasets" / "crm.yml"
    path.write_text(change(path.read_text()))
    company.reword("name: Acme", "name: Acme AG")
    object.__setattr__(company, "policies", company.requests.parts.policies)
    company.requests.parts.directory._policies = company.policies  # type: ignore[attr-defined]


def with_contacts(company: Company) -> None:
    """A second table with copies of people's addresses, as a newsletter's own has."""
    company.write(
        "CREATE TABLE contacts (id INTEGER PRIMARY KEY, customer_id INTEGER, mail VARCHAR(40), tel TEXT, city TEXT)",
        "INSERT INTO contacts VALUES (40, 1, 'ANA@mail.example', '030 90182042', 'Lisboa-Norte')",
        "INSERT INTO contacts VALUES (41, 1, 'other@mail.example', NULL, 'Porto')",
        "INSERT INTO contacts VALUES (42, 2, 'ana@mail.example', NULL, NULL)",
    )
    reference = DATASET[
        DATASET.index("          - name: customer_id") : DATASET.index("          - name: billing_name")
    ]
    table = (
        "      - name: contacts\n        fields:\n"
        "          - {name: id, data_categories: [system.operations], "
        "fides_meta: {primary_key: true, data_type: integer}}\n"
        + reference
        + "          - {name: mail, data_categories: [user.contact.email], privacy: {erase: null}}\n"
        "          - {name: tel, data_categories: [user.contact.phone_number], privacy: {erase: null}}\n"
        "          - {name: city, data_categories: [user.contact.address.city], privacy: {erase: null}}\n"
    )
    remap(company, lambda content: content + table)


def test_every_place_that_holds_the_value_is_corrected(company: Company, worker: Worker) -> None:
    """Copies in another table, however they are spelled; another value there, and somebody else's, stay."""
    with_contacts(company)
    company.seal()
    request = verified(
        company, Right.RECTIFICATION, changes={"email": NEW, "phone": "+49 30 9018 2999", "city": "Porto"}
    )
    company.requests.approve(request.id, "dora")
    done(company, request.id)
    rows = {r["id"]: (r["mail"], r["tel"], r["city"]) for r in company.rows("contacts")}
    assert rows == {
        40: (NEW, "+49 30 9018 2999", "Porto"),
        41: ("other@mail.example", None, "Porto"),
        42: ("ana@mail.example", None, None),
    }
    document = json.loads(company.requests.certificate(request.id))
    assert {(i["collection"], i["field"], i["rows"]) for i in document["done"]} == {
        ("crm.customers", "email", 1),
        ("crm.customers", "phone", 1),
        ("crm.customers", "city", 1),
        ("crm.contacts", "mail", 1),
        ("crm.contacts", "tel", 1),
        ("crm.contacts", "city", 1),
    }
    with company.database.read() as session:
        assert company.requests.parts.directory.find(session, CustomerRef(phone="030/90182999"))


def test_what_a_law_keeps_is_told_and_stays(company: Company, worker: Worker) -> None:
    """The name on an invoice is a record of what was: it stays unless it is named, and the certificate says so."""
    request = verified(company, Right.RECTIFICATION, changes={"name": "Ana Marques"})
    company.requests.approve(request.id, "dora")
    done(company, request.id)
    assert company.rows("orders")[0]["billing_name"] == ANA["name"]
    assert company.rows("customers")[0]["name"] == "Ana Marques"
    document = json.loads(company.requests.certificate(request.id))
    assert document["kept"] == [{"collection": "crm.orders", "field": "billing_name", "rows": 2}]


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("email", "ana@", "e-mail"),
        ("email", "ana@mail", "e-mail"),
        ("email", "ana b@mail.example", "e-mail"),
        ("email", "ana@mail.example\r\nBcc: x@y.example", "e-mail"),
        ("phone", "call me", "phone"),
        ("phone", "12", "phone"),
        ("name", "", "empty"),
        ("name", None, "must not be empty"),
        ("name", "x" * 10_001, "no text"),
        ("name", 7, "text"),
    ],
)
def test_what_does_not_fit_is_said_at_once(company: Company, field: str, value: object, why: str) -> None:
    """By the field's category and its column, with the field's name and never the value, before anybody is asked."""
    with pytest.raises(CannotRectify) as told:
        opened(company, Right.RECTIFICATION, changes={field: value, "city": "Porto"})
    [fault] = told.value.faults
    assert fault.pointer == f"details.changes.{field}"
    assert why in fault.detail
    assert not isinstance(value, str) or len(value) < 3 or value not in str(told.value)


def test_the_data_map_may_say_more(company: Company) -> None:
    """A pattern and a length of the data map."""
    category, more = "data_categories: [user.contact.address.city]\n", "            fides_meta: {length: 8}\n"
    pattern = "{erase: null, pattern: '[A-Z].*'}"
    remap(company, lambda c: c.replace(category, category + more).replace("{erase: null}", pattern, 1))
    for value in ("porto", "Portalegre"):
        with pytest.raises(CannotRectify):
            opened(company, Right.RECTIFICATION, changes={"city": value})
    opened(company, Right.RECTIFICATION, changes={"city": "Porto"})


@pytest.mark.parametrize("sealed", [True, False])
def test_a_value_that_is_anothers_is_refused_before_anything_changes(
    company: Company, worker: Worker, sealed: bool
) -> None:
    """Nobody takes over another customer's address: the approver is told, not the person, and nothing has changed.
    However it is written, sealed or not."""
    if sealed:
        company.seal()
    company.subject("2")
    request = verified(company, Right.RECTIFICATION, changes={"email": "Bo@mail.example", "city": "Porto"})
    with pytest.raises(CannotRectify) as told:
        company.requests.approve(request.id, "dora")
    assert [f.pointer for f in told.value.faults] == ["crm.customers.email"]
    assert company.requests.details(request.id, "dora").said["cannot"][0]["place"] == "crm.customers.email"
    assert company.rows("customers")[0]["city"] == ANA["city"]
    assert company.requests.show(request.id).state == State.AWAITING_APPROVAL


def test_a_databases_own_rule_is_found_by_trying(company: Company, worker: Worker) -> None:
    """A rule over two columns, which no look-up knows: told in plain words, without the value; nothing has changed."""
    company.write(
        "CREATE UNIQUE INDEX one_city ON customers (city, phone)",
        "UPDATE customers SET phone = '1', city = 'Bergen' WHERE id = 2",
        "UPDATE customers SET phone = '1' WHERE id = 1",
    )
    request = verified(company, Right.RECTIFICATION, changes={"city": "Bergen"})
    with pytest.raises(CannotRectify) as told:
        company.requests.approve(request.id, "dora")
    assert "unique" in told.value.faults[0].detail
    assert "Bergen" not in str(told.value) + str(told.value.faults)
    assert company.rows("customers")[0]["city"] == ANA["city"]


def test_the_approver_sees_old_and_new(company: Company, worker: Worker) -> None:
    """Before approving: what stands there, and what is to; sealed with the request; the look is logged."""
    request = verified(company, Right.RECTIFICATION, changes={"city": "Porto"})
    shown = company.requests.details(request.id, "dora").rectified
    assert shown == [{"place": "crm.customers/1.city", "old": ANA["city"], "new": "Porto"}]
    ours = everything_in(company.database.engine.url.render_as_string(hide_password=False))
    assert ANA["city"] not in ours
    assert "Porto" not in ours
    assert types_of(company, request.id)[-1] == "read"


def test_what_changed_meanwhile_goes_back_to_the_approver(company: Company) -> None:
    """The approver saw another value than stands there at the approval, or at the run: it is not overwritten unseen."""
    request = verified(company, Right.RECTIFICATION, changes={"city": "Porto"})
    company.requests.details(request.id, "dora")
    company.write("UPDATE customers SET city = 'Faro' WHERE id = 1")
    with pytest.raises(Moved):
        company.requests.approve(request.id, "dora")
    company.requests.details(request.id, "dora")
    company.requests.approve(request.id, "dora")
    company.write("UPDATE customers SET city = 'Braga' WHERE id = 1")
    with company.requests.worker():
        while (found := company.requests.show(request.id)).state == State.IN_PROGRESS:
            pass
        assert (found.state, found.approved_by) == (State.AWAITING_APPROVAL, None)
        assert found.failure is not None
        assert found.failure["slug"] == "value-moved"
        assert company.rows("customers")[0]["city"] == "Braga"
        assert company.requests.details(request.id, "dora").rectified[0]["old"] == "Braga"
        company.requests.approve(request.id, "dora")
        done(company, request.id)
    assert company.rows("customers")[0]["city"] == "Porto"


def test_a_changed_address_is_told_to_the_old_one(company: Company, worker: Worker) -> None:
    """Whoever took over a mailbox or talked the staff into it: the person learns of it where they were reached before.
    What they said about the old address holds for the new one."""
    from privacy_svc.consent.suppression import scopes_by_address
    from privacy_svc.http import Contact

    done(company, verified(company, Right.OBJECTION).id)
    request = verified(company, Right.RECTIFICATION, changes={"email": NEW})
    company.requests.approve(request.id, "dora")
    done(company, request.id)
    mails = company.mails()[-2:]
    assert ["To: ana@mail.example" in m for m in mails].count(True) == 1
    assert [f"To: {NEW}" in m for m in mails].count(True) == 1
    [old] = [m for m in mails if "To: ana@mail.example" in m]
    assert "did not ask for this" in old
    assert NEW not in old
    new = Contact("email", NEW)
    with company.database.read() as session:
        assert scopes_by_address(session, company.vault, [new])[new] == {"direct_marketing"}


def test_a_changed_address_signs_the_person_out(company: Company, worker: Worker) -> None:
    """Everywhere, and a code that went to the old one opens nothing; a change of anything else does neither."""
    with company.database.write() as session:
        ana, secrets = company.requests.parts.directory.admit(session, CustomerRef(id="1")), list[str]()
    for values in ({"city": "Porto"}, {"email": NEW}):
        with company.database.write() as session:
            secrets.append(start_session(session, company.log, Role.CUSTOMER, "person", subject_id=ana))
            session.add(SignInCode(flow_hash=secrets[-1].encode(), code_hash=b"", subject_id=ana, expires_at=now()))
        request = verified(company, Right.RECTIFICATION, changes=values)
        company.requests.approve(request.id, "dora")
        done(company, request.id)
        with company.database.read() as session:
            left = len(list_sessions(session, ana)), len(session.scalars(select(SignInCode)).all())
        assert left == ((1, 1) if "city" in values else (0, 0))


def test_an_address_always_waits_for_a_person(company: Company) -> None:
    """Also where the policy asks for no approval of a rectification: the next code would go there."""
    company.reword("approval: [erasure, rectification]", "approval: [erasure]")
    assert verified(company, Right.RECTIFICATION, changes={"email": NEW}).state == State.AWAITING_APPROVAL
    assert verified(company, Right.RECTIFICATION, changes={"city": "Porto"}).state == State.IN_PROGRESS


def test_files_prove_a_request(company: Company) -> None:
    """A picture is sealed with the request, listed and given to the DPO; what is no picture, PDF or text, or too large,
    is refused."""
    request = verified(company, Right.RECTIFICATION, changes={"name": "Ana Marques"})
    file = company.requests.attach(request.id, "marriage of Ana.png", PNG, "desk")
    [listed] = company.requests.details(request.id, "dora").evidence
    assert (listed["id"], listed["name"], listed["type"], listed["size"]) == (
        file.id,
        "marriage of Ana.png",
        "image/png",
        len(PNG),
    )
    assert company.requests.file(request.id, file.id, "dora") == ("image/png", PNG)
    ours = everything_in(company.database.engine.url.render_as_string(hide_password=False))
    assert "marriage" not in ours
    assert base64.b64encode(PNG).decode() not in ours
    for content in (b"", b"MZ\x90\x00", b"x" * 500_001):
        with pytest.raises(BadRequest):
            company.requests.attach(request.id, "x", content, "desk")
    for number in range(4):
        company.requests.attach(request.id, f"{number}.txt", b"text", "desk")
    with pytest.raises(Conflict, match="at most"):
        company.requests.attach(request.id, "sixth.txt", b"text", "desk")


def test_an_unknown_person_gets_the_same_answers(company: Company) -> None:
    """A value that does not fit is refused, and one that does is taken, whether or not we know who asks."""
    nobody = CustomerRef(email="nobody@mail.example")
    with pytest.raises(CannotRectify):
        company.requests.open(Wanted(Right.RECTIFICATION, nobody, details={"changes": {"email": "x"}}), "desk")
    company.requests.open(
        Wanted(Right.RECTIFICATION, nobody, details={"changes": {"email": "bo@mail.example"}}), "desk"
    )


def test_what_was_mailed_to_the_old_address_opens_nothing(company: Company, worker: Worker) -> None:
    """A link to a package and a code for another request end with the address, and the timelines say so; a new link
    goes to the new address. A change of anything else leaves both."""
    access = verified(company, Right.ACCESS)
    done(company, access.id)
    link = token_of(company)
    other = opened(company, Right.PORTABILITY)
    code, packages = code_of(company), Packages(company.requests)
    for values in ({"city": "Porto"}, {"email": NEW}):
        assert packages.offer(link).left == 5
        request = verified(company, Right.RECTIFICATION, changes=values)
        company.requests.approve(request.id, "dora")
        done(company, request.id)
    with pytest.raises(PackageLinkGone):
        packages.fetch(link)
    with pytest.raises(WrongCode):
        company.requests.verify(other.id, code, "desk")
    assert types_of(company, other.id)[-2:] == ["ended", "verification_failed"]
    assert types_of(company, access.id)[-2:] == ["revoked", "made"]
    with time_machine.travel(now() + timedelta(hours=1)):
        Outbox(company.database, company.requests.parts).work_off()
        assert f"To: {NEW}" in company.mails()[-1]
        assert packages.offer(token_of(company)).request_id == access.id
        company.requests.send_code(other.id, "desk")
        assert f"To: {NEW}" in company.mails()[-1]
        assert company.requests.verify(other.id, code_of(company), "desk").verified_how == "code"


def test_a_letter_that_waits_goes_to_the_new_address(company: Company, worker: Worker) -> None:
    """The mail server was away when a package was done: neither the letter nor its link goes to the old mailbox."""
    access = verified(company, Right.ACCESS)
    request = verified(company, Right.RECTIFICATION, changes={"email": NEW})
    company.mail_by("smtp://127.0.0.1:1")
    done(company, access.id)
    company.mail_by("")
    company.requests.approve(request.id, "dora")
    done(company, request.id)
    before = len(company.mails())
    with time_machine.travel(now() + timedelta(days=1)):
        Outbox(company.database, company.requests.parts).work_off()
    [letter] = company.mails()[before:]
    assert f"To: {NEW}" in letter
    assert Packages(company.requests).offer(token_of(company)).request_id == access.id
