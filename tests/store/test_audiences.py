"""Audiences: what single evaluations would say, for everybody at once, as one entry each can be found in."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import QueuePool, delete, event, func, select

from privacy_svc.auditlog import EventType, MonthTag, crowds
from privacy_svc.auditlog.model import CrowdPart
from privacy_svc.db import now
from privacy_svc.store import Question, refreshing
from privacy_svc.store.audience_routes import MOST
from privacy_svc.store.audiences import CHUNK
from privacy_svc.store.evaluating import Terms
from privacy_svc.store.model import SubjectRow
from privacy_svc.store.selecting import Selection
from privacy_svc.vault import BIRTH, Subject
from tests.calling import Service
from tests.factories import erase
from tests.store.test_authzen import ask, consent, one
from tests.store.test_facts import Shop

SEED = 20261123
YEAR = now().year
FACTS = {
    "birth_date": [f"{YEAR - years}-01-01" for years in (12, 14, 15, 17, 40)] + ["garbage", None],
    "country": ["DE", "GB", "FR", "Portugal", "ZZ"],
    "closed_on": ["2020-01-01", "2999-01-01", None],
}


def audience(service: Service, name: str = "marketing", **body: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    answer = service.call(name, "POST", "/v1/audiences", json={"purpose": "marketing.email"} | body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    *lines, totals = [json.loads(line) for line in answer.text.splitlines()]
    return lines, totals


def keys(service: Service) -> list[str]:
    with service.runtime.stores.read("shop") as connection:
        return [str(k) for (k,) in connection.exec_driver_sql("SELECT id FROM customers ORDER BY id")]


def single(service: Service, key: str, *fields: str) -> dict[str, Any]:
    answer = ask(service, one(key, *fields))
    if answer.status_code == 404:
        return {"id": key, "decision": False, "reason": "unknown_customer"}
    said = answer.json()
    reason = {} if said["decision"] else {"reason": said["context"]["reasons"][0]["code"]}
    return {"id": key, "decision": said["decision"]} | reason


@pytest.mark.parametrize("many", [1, 1000])
@pytest.mark.parametrize("piece", [2, CHUNK])
def test_it_equals_single_evaluations(service: Service, monkeypatch: pytest.MonkeyPatch, many: int, piece: int) -> None:
    """Over random histories of consent, objection, restriction, and of birth dates, countries and ends that the CRM
    writes, each line is the single answer."""
    monkeypatch.setattr(crowds, "MANY", many)
    monkeypatch.setattr("privacy_svc.store.audiences.CHUNK", piece)
    monkeypatch.setattr(refreshing, "EVERY", timedelta(0))
    dice = random.Random(SEED)  # noqa: S311 - a test's dice
    print(f"seed {SEED}")  # noqa: T201
    known, crm = keys(service), Shop(service.runtime)
    for step in range(25):
        key = dice.choice(known)
        what = dice.choice(["given", "given", "guardian", "refused", "withdrawn", "objections", "restriction", *FACTS])
        if what in FACTS:
            crm.write(int(key), **{what: dice.choice(FACTS[what])})
            crm.look()
        elif what in {"objections", "restriction"}:
            body = {"purpose": dice.choice(["marketing.email", "marketing"])} if what == "objections" else {}
            assert service.call("officer", "POST", f"/v1/customers/{key}/{what}", json=body).status_code < 300
        elif what == "guardian":
            consent(service, key, guardian={"verification": "letter"})
        elif what != "withdrawn":
            consent(service, key, what)
        if step % 8 == 0:
            for fields in ([], ["email"], ["email", "birth_date"]):
                lines, totals = audience(service, fields=fields)
                assert lines == [single(service, k, *fields) for k in known]
                assert totals["totals"]["permitted"] == sum(line["decision"] for line in lines)


def test_a_list_keeps_its_order(service: Service) -> None:
    """Asked for a list, it answers in its order, each once, and says of strangers that they are."""
    consent(service, "3")
    lines, told = audience(service, customers=["3", "4711", "x'--", "1", "3"])
    assert [(line["id"], line["decision"]) for line in lines] == [
        ("3", True),
        ("4711", False),
        ("x'--", False),
        ("1", False),
    ]
    assert [line.get("reason") for line in lines] == [None, "unknown_customer", "unknown_customer", "consent_missing"]
    assert told["totals"] == {
        "asked": 4,
        "permitted": 1,
        "denied": 3,
        "reasons": {"consent_missing": 1, "unknown_customer": 2},
    }


def test_who_is_denied_and_unknown_stays_unknown(service: Service) -> None:
    """Of people whom only the store knows nothing is kept while they are denied; who is permitted becomes a subject."""

    def subjects() -> int:
        with service.runtime.database.read() as session:
            return len(session.scalars(select(Subject.id).where(Subject.kind == "customer")).all())

    before = subjects()
    audience(service)
    assert subjects() == before
    lines, _ = audience(service, "support", purpose="service.support")
    assert all(line["decision"] for line in lines)
    assert subjects() == len(keys(service))


@pytest.mark.parametrize("many", [1, 1000])
def test_one_entry_in_which_each_is_found(service: Service, monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    """The whole audience is one entry; it is in each known person's part of the log, and in nobody else's."""
    monkeypatch.setattr(crowds, "MANY", many)
    for key in ("1", "3"):
        consent(service, key)
    _, told = audience(service)
    log, database = service.runtime.log, service.runtime.database
    log.integrate(database)
    with database.read() as session:
        assert bool(session.scalar(select(CrowdPart.entry_id))) is (many == 1)
        (entry,) = log.search(session, type=EventType.AUDIENCE_DECIDED)
        assert entry.id == told["decision_id"]
        assert entry.payload is not None
        assert {k: entry.payload[k] for k in ("permitted", "denied")} == {
            "permitted": 2,
            "denied": len(keys(service)) - 2,
        }
        for (subject_id,) in session.execute(select(Subject.id).where(Subject.kind == "customer")):
            assert entry.id in {e.id for e in log.search(session, subject_id=subject_id)}
            assert entry.index is not None
            assert log.membership(session, entry.index, subject_id)


def test_who_is_in_two_rows_is_one_of_a_crowd(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person with two rows in the store, and one who was erased, stand in the entry once and not at all."""
    monkeypatch.setattr(crowds, "MANY", 1)
    for key in ("1", "3", "5"):
        consent(service, key)
    with service.runtime.database.write() as session:
        theirs = {r.key: r for r in session.scalars(select(SubjectRow))}
        erase(service.runtime, session, theirs["5"].subject_id)
        session.add(SubjectRow(dataset="shop", collection="customers", key="2", subject_id=theirs["1"].subject_id))
    for name in ("marketing", "support"):  # the second may not ask for this purpose: also of the erased not the first
        lines, told = audience(service, "officer", module=name, customers=["1", "2", "3", "5"])
        assert [line["decision"] for line in lines] == [name == "marketing"] * 3 + [False]
        with service.runtime.database.read() as session:
            assert len(crowds.members_of(session, told["decision_id"])) == 2


@pytest.mark.parametrize("many", [1, 1000])
def test_who_is_young_is_told_by_their_age(service: Service, monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    """Like a single evaluation: by the birth date that only their key opens, in whatever row of theirs; in a second
    audience of the month too, and each of a crowd stands in the entry as themselves."""
    monkeypatch.setattr(crowds, "MANY", many)
    known = [str(n) for n in range(1, 8)]
    for key in known[:-1]:
        consent(service, key)
    runtime = service.runtime
    with runtime.database.write() as session:
        theirs = {r.key: r.subject_id for r in session.scalars(select(SubjectRow))}
        for key, age in zip(known[:-1], (8, 13, 15, 15, 17, 30), strict=True):
            born = f"{now().year - age}-01-01"
            subject = session.get_one(Subject, theirs[key])
            subject.birth = runtime.vault.cipher(session, subject.id).seal(BIRTH, subject.id, born)
            subject.of_age, subject.country = 0, "DE" if key != "3" else "AT"
        session.add(SubjectRow(dataset="shop", collection="customers", key=known[-1], subject_id=theirs["1"]))
    for _ in range(2):
        lines, told = audience(service, customers=known)
        assert lines == [single(service, k) for k in known]
        assert {line["decision"] for line in lines} == {True, False}
    if many == 1:
        with runtime.database.read() as session:
            assert len(crowds.members_of(session, told["decision_id"])) == len(known) - 1


def test_everybody_is_decided_at_one_moment(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """While people of later pieces are looked up the first one withdraws and the last one agrees: the answer is of
    before or of after, and never a mixture; what was acknowledged by `decided_at` is seen."""
    monkeypatch.setattr("privacy_svc.store.audiences.CHUNK", 2)
    known = keys(service)
    first, last = known[0], known[-1]
    consent(service, first)
    looks = list[str]()

    def meanwhile(*arguments: Any) -> None:
        if "JOIN subject_rows" in arguments[2] or "FROM subject_rows JOIN" in arguments[2]:
            looks.append(arguments[2])
            if len(looks) == 2:
                consent(service, first, "withdrawn")
                consent(service, last)

    event.listen(service.runtime.database.engine, "before_cursor_execute", meanwhile)
    lines, told = audience(service)
    permitted = [line["id"] for line in lines if line["decision"]]
    assert len(looks) > 2
    assert permitted == [first]
    assert datetime.fromisoformat(told["decided_at"]) <= now()
    lines, _ = audience(service)
    assert [line["id"] for line in lines if line["decision"]] == [last], "acknowledged before"


@pytest.mark.parametrize("many", [1, 1000])
def test_an_audience_needs_one_connection(service: Service, monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    """With a single connection left in the pool, audiences that admit people, make their tags, look and log are
    answered, several at a time: none holds one while it waits for another."""
    monkeypatch.setattr(crowds, "MANY", many)
    monkeypatch.setattr("privacy_svc.store.audiences.CHUNK", 7)
    engine = service.runtime.database.engine
    asked = Question("support", "support", "service.support", ())
    people = service.runtime.directory.people()
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    pool._timeout = 5  # nobody waits so long here, unless for ever
    with ExitStack() as taken:
        for _ in range(pool.size() + pool._max_overflow - 1):
            taken.enter_context(engine.connect())
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(lambda _: service.runtime.audiences.find(asked, Terms(), people), range(4)))
    assert [audience.totals.permitted for audience in found] == [len(keys(service))] * 4


def test_tags_of_a_large_crowd_are_made_before(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where more tags of the month are missing than are made with an entry, all are made first, piece by piece, and the
    entry names everybody."""
    monkeypatch.setattr(crowds, "MANY", 1)
    monkeypatch.setattr("privacy_svc.store.selecting.MOST_NAMED", 10)
    monkeypatch.setattr("privacy_svc.store.audiences.CHUNK", 7)
    first, _ = audience(service, "support", purpose="service.support")
    database, prepare, prepared = service.runtime.database, Selection.prepare, list[int]()
    with database.write() as session:
        session.execute(delete(MonthTag))

    def counted(*given: Any, **more: Any) -> Any:
        pieces = prepare(*given, **more)
        prepared.append(len(pieces))
        return pieces

    monkeypatch.setattr(Selection, "prepare", counted)
    again, told = audience(service, "support", purpose="service.support")
    assert again == first
    assert prepared == [5]
    with database.read() as session:
        assert len(crowds.members_of(session, told["decision_id"])) == len(keys(service))
        assert session.scalar(select(func.count()).select_from(MonthTag)) == len(keys(service))


def test_customers_who_come_meanwhile_hold_up_nothing(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The CRM gets a new customer whenever it is looked at: it is an audience of those it had at the beginning."""
    monkeypatch.setattr("privacy_svc.store.audiences.CHUNK", 7)
    stores, numbers = service.runtime.stores, iter(range(5000, 5040))
    names = "first_name, last_name, email, country, language, newsletter, created_at"

    def another(*arguments: Any) -> None:
        if "ORDER BY" in arguments[2] and "customers" in arguments[2] and (number := next(numbers, 0)):
            same = f"SELECT {number}, {names} FROM customers WHERE id = 1"
            with stores.write("shop") as other:
                other.exec_driver_sql(f"INSERT INTO customers (id, {names}) {same}")

    event.listen(stores.engine("shop"), "before_cursor_execute", another)
    lines, _ = audience(service, "support", purpose="service.support")
    assert len(lines) >= 30
    assert all(line["decision"] for line in lines)


@pytest.mark.parametrize("behind", [timedelta(0), timedelta(hours=1)])
def test_an_erasure_meanwhile_is_seen(service: Service, monkeypatch: pytest.MonkeyPatch, behind: timedelta) -> None:
    """Somebody erased after they were decided and before the entry: it is all decided anew, also where the clock of
    the machine that erased is behind."""
    monkeypatch.setattr(crowds, "MANY", 1)
    monkeypatch.setattr("privacy_svc.vault.erasure.now", lambda: now() - behind)
    for key in ("1", "3", "5"):
        consent(service, key)
    with service.runtime.database.read() as session:
        subject = session.scalars(select(SubjectRow.subject_id).where(SubjectRow.key == "3")).one()
    log, begun = Selection.log, list[bool]()

    def late(selection: Selection) -> str:
        if not begun:
            begun.append(True)
            with service.runtime.database.write() as session:
                erase(service.runtime, session, subject)
        return log(selection)

    monkeypatch.setattr(Selection, "log", late)
    lines, _ = audience(service, customers=["1", "3", "5"])
    assert [(line["decision"], line.get("reason")) for line in lines] == [(True, None), (False, "erased"), (True, None)]


def test_masks_need_a_caller_that_masks(service: Service) -> None:
    """Like a single evaluation: fields that are released only masked are no permit to who does not say it masks."""
    body = {"purpose": "service.support", "fields": ["phone"], "customers": ["1"]}
    (line,), _ = audience(service, "support", **body)
    assert (line["decision"], line["reason"]) == (False, "obligation_not_supported")
    (line,), _ = audience(service, "support", **body, supported_obligations=["custom"])
    assert line["decision"] is True


def test_only_for_oneself(service: Service) -> None:
    """A module asks for itself; a DPO for any; others and unknown words are refused."""
    assert (
        service.call(
            "support", "POST", "/v1/audiences", json={"purpose": "marketing.email", "module": "marketing"}
        ).status_code
        == 403
    )
    assert audience(service, "officer", module="marketing")[1]["totals"]["asked"] == len(keys(service))
    for body, status in (({"purpose": "nope"}, 404), ({}, 400), ({"purpose": "marketing.email", "custmers": []}, 400)):
        assert service.call("marketing", "POST", "/v1/audiences", json=body).status_code == status
    assert service.call("eye", "POST", "/v1/audiences", json={"purpose": "marketing.email"}).status_code == 403


def test_a_list_has_an_end(service: Service) -> None:
    """A list that is too long is told so by its name and limit, not by the size of its body."""
    body = {"purpose": "marketing.email", "customers": ["1"] * (MOST + 1)}
    (fault,) = service.call("marketing", "POST", "/v1/audiences", json=body).json()["errors"]
    assert fault["pointer"] == "/customers"
    assert "at most 100,000" in fault["detail"]


def test_a_purpose_that_is_not_granted_lists_nobody(service: Service) -> None:
    """403 that names the purpose, whoever is asked about; a DPO's what-if goes on."""
    for more in ({}, {"customers": ["1"]}, {"customers": ["4711"]}):
        answer = service.call("marketing", "POST", "/v1/audiences", json={"purpose": "service.support"} | more)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-permitted")
        assert "service.support" in answer.json()["detail"]
    _, totals = audience(service, "officer", module="marketing", purpose="service.support")
    assert totals["totals"]["reasons"] == {"purpose_not_granted": len(keys(service))}
