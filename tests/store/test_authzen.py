"""OpenID AuthZEN 1.0 on the wire: the text's rules, its schemas, several evaluations in one request."""

import base64
import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import event, text

from privacy_svc.auditlog import EventType
from privacy_svc.client.answers import decision
from privacy_svc.consent import invalidate_all
from privacy_svc.db import now
from privacy_svc.errors import BadRequest, UnknownCustomer
from privacy_svc.examples import folder
from privacy_svc.http import CustomerRef
from privacy_svc.identity import revoke_client
from privacy_svc.policy import PolicyHolder
from privacy_svc.runtime import Runtime
from privacy_svc.store import Answer, Boxcar, Case, Question
from privacy_svc.store.authzen_wire import MOST_FIELDS
from tests.calling import Service
from tests.conftest import ONE_DATABASE, shared

EVALUATION, EVALUATIONS = "/access/v1/evaluation", "/access/v1/evaluations"
MODULE = {"type": "module", "id": "marketing"}
USE = {"name": "use"}
DEEP = base64.urlsafe_b64encode(b"[" * 200_000).decode()


def customer(key: str, *fields: str) -> dict[str, Any]:
    return {"type": "customer", "id": key, "properties": {"fields": list(fields)}}


def one(key: str = "1", *fields: str, **context: Any) -> dict[str, Any]:
    asked = {"purpose": "marketing.email", **context}
    return {"subject": MODULE, "action": USE, "resource": customer(key, *fields), "context": asked}


def ask(service: Service, body: Any, path: str = EVALUATION, name: str = "marketing") -> Any:
    return service.call(name, "POST", path, json=body)


def consent(service: Service, key: str, state: str = "given", **more: Any) -> None:
    body = {
        "customer": {"id": key},
        "purpose": "marketing.email",
        "state": state,
        "notice": {"id": "newsletter", "version": 2, "language": "en"},
        "source": {"channel": "web"},
        **more,
    }
    assert service.call("shop", "POST", "/v1/consents", json=body).status_code == 201


@pytest.mark.parametrize("path", [EVALUATION, EVALUATIONS])
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_who_waited_for_a_withdrawal_is_denied(service: Service, path: str) -> None:
    """The state is read once nobody changes it: a permit that was begun before is not answered after."""
    consent(service, "1")
    body = one() if path == EVALUATION else one() | {"evaluations": [{}, {}]}
    assert "true" in ask(service, body, path).text
    runtime = service.runtime
    with ThreadPoolExecutor(1) as threads, runtime.database.write() as session:
        subject_id = runtime.directory.find(session, CustomerRef(id="1"))
        assert subject_id is not None
        invalidate_all(session, runtime.log, subject_id, "test", now(), "withdrawn meanwhile")
        waiting = threads.submit(ask, service, body, path)
        for _ in range(500):
            if session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                break
            time.sleep(0.01)
        assert not waiting.done()
        session.commit()
        assert "true" not in waiting.result().text


def test_requests_and_answers_fit_the_published_schemas(service: Service) -> None:
    """What the text's schema calls a request is understood, and every answer is one of its responses."""
    schemas = shared("vectors", "authzen", "api", "schemas")
    request, response = (
        Draft202012Validator(json.loads((schemas / f"evaluation-{kind}.schema.json").read_text()))
        for kind in ("request", "response")
    )
    consent(service, "1")
    for body in (one(), one("1", "email"), one("1", "email", "birth_date"), one("2", "email")):
        request.validate(body)
        answer = ask(service, body)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("application/json")
        response.validate(answer.json())
    (shown,) = json.loads((schemas / "evaluation-request.schema.json").read_text())["examples"]
    request.validate(shown)
    assert ask(service, shown).status_code == 403, "understood, and not about the caller"


@pytest.mark.parametrize("place", ["subject", "action", "resource", "subject.type", "subject.id", "action.name"])
@pytest.mark.parametrize("wrong", ["missing", "null", "number"])
def test_what_is_required_is_required(service: Service, place: str, wrong: str) -> None:
    """A required key that is missing or of another type is a 400 that names it."""
    body = one("1", "email")
    *path, last = place.split(".")
    inside = body
    for step in path:
        inside[step] = dict(inside[step])
        inside = inside[step]
    if wrong == "missing":
        del inside[last]
    else:
        inside[last] = None if wrong == "null" else 7
    answer = ask(service, body)
    assert answer.status_code == 400, answer.text
    assert last in answer.text


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"subject": NaN}', "application/json", 400),
        (b"{}", "text/plain", 400),
        (b"{}", "", 400),
        (b"a=b", "application/x-www-form-urlencoded", 400),
    ],
)
@pytest.mark.parametrize("path", [EVALUATION, EVALUATIONS])
def test_malformed_requests(service: Service, path: str, body: bytes, content_type: str, status: int) -> None:
    """A malformed body or another content type is a 400, never a decision."""
    answer = service.call("marketing", "POST", path, content=body, headers={"Content-Type": content_type})
    assert answer.status_code == status
    assert "decision" not in answer.json()


def test_nobody_and_others(service: Service) -> None:
    """Without a token 401; in another module's name 403; the request id comes back in each case."""
    for name, status in (("", 401), ("support", 403), ("eye", 403), ("marketing", 200), ("officer", 200)):
        answer = service.call(name, "POST", EVALUATION, json=one(), headers={"X-Request-ID": "req-77"})
        assert (answer.status_code, answer.headers["x-request-id"]) == (status, "req-77")


@pytest.mark.parametrize("path", [EVALUATION, EVALUATIONS])
def test_a_token_revoked_elsewhere_decides_nothing(service: Service, path: str) -> None:
    """A process that knows the token from the calls before refuses the next one, though nobody told it, and enters it
    in the log: also one that has no body, or asks about nobody it may ask about."""
    consent(service, "1")
    body = one("1") | ({"evaluations": [{}, {}]} if path == EVALUATIONS else {})
    for _ in range(3):
        assert ask(service, body, path).status_code == 200
    before = decisions(service)
    with service.runtime.database.write() as session:
        revoke_client(session, service.runtime.log, "marketing", "operator")
    for sent in (body, {}, body | {"subject": {"type": "module", "id": "support"}}):
        answer = ask(service, sent, path)
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unknown-token")
    assert decisions(service) == before
    with service.runtime.database.read() as session:
        assert len(service.runtime.log.search(session, type=EventType.SIGN_IN_FAILED)) == 3


@ONE_DATABASE
def test_a_revoked_token_of_another_role_is_none(service: Service) -> None:
    """An auditor's token may not ask; once it is revoked, it is not even told that."""
    assert ask(service, one("1"), name="eye").status_code == 403
    with service.runtime.database.write() as session:
        revoke_client(session, service.runtime.log, "eye", "operator")
    assert ask(service, one("1"), name="eye").status_code == 401


@ONE_DATABASE
def test_a_call_that_is_remembered_is_counted(shop: Runtime) -> None:
    """The allowance of a token is of all its calls."""
    service = Service(replace(shop, settings=replace(shop.settings, token_limit=5)))
    with service.http:
        assert [ask(service, one("1")).status_code for _ in range(7)] == [200] * 5 + [429] * 2


def test_there_is_an_end_of_fields(service: Service) -> None:
    """So many fields no data map has; each would go into the log."""
    many = [f"field{n}" for n in range(MOST_FIELDS + 1)]
    assert ask(service, one("1", *many)).status_code == 400
    assert ask(service, one("1", *many[:-1])).status_code == 200


def test_unknown_fields_are_ignored(service: Service) -> None:
    """Keys the text does not know change nothing, at any depth."""
    plain, body = one("1", "email"), one("1", "email")
    for part in ("subject", "action", "resource", "context"):
        body[part] = {**body[part], "novel": {"a": 1}}
    answer = ask(service, {**body, "novel": [1]}).json()
    assert answer["decision"] == ask(service, plain).json()["decision"]


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("subject", {"type": "user", "id": "marketing"}),
        ("action", {"name": "delete"}),
        ("resource", {"type": "record", "id": "1"}),
        ("resource", {"type": "customer", "id": "1", "properties": {"fields": "email"}}),
        ("resource", {"type": "customer", "id": "1", "properties": {"by": "name"}}),
        ("context", {"purpose": "marketing.email", "mode": "some"}),
    ],
)
def test_other_words_are_refused(service: Service, part: str, value: Any) -> None:
    """A type, an action or a mode that does not exist here is a 400, not a decision about something else."""
    assert ask(service, one() | {part: value}).status_code == 400


def test_several_in_order(service: Service) -> None:
    """Answers stand in the order of the questions; the request's level fills in what an evaluation leaves out."""
    consent(service, "1")
    consent(service, "3", "refused")
    wanted = [{"resource": customer(k, "email")} for k in ("3", "1", "2")]
    wanted.append({"resource": customer("1"), "context": {"purpose": "sales.phone"}})
    body = {k: v for k, v in one().items() if k != "resource"} | {"evaluations": wanted}
    answers = ask(service, body, EVALUATIONS).json()["evaluations"]
    assert [a["decision"] for a in answers] == [False, True, False, False]
    codes = [[r["code"] for r in a["context"]["reasons"]] for a in answers]
    assert codes[0] == ["consent_refused"]
    assert codes[2] == ["consent_missing"]
    assert "purpose_not_granted" in codes[3]


def test_several_equal_single_ones(service: Service) -> None:
    """Each of several is answered as it would be alone."""
    consent(service, "1")
    filtering = {"mode": "filter", "supported_obligations": ["custom"]}
    asked = [(), ("email",), ("email", "birth_date")]
    questions = [one(k, *f, **c) for k in ("1", "2") for f in asked for c in ({}, filtering)]
    together = ask(service, {"evaluations": questions}, EVALUATIONS).json()["evaluations"]
    for question, answer in zip(questions, together, strict=True):
        alone = ask(service, question).json()
        for said in (alone, answer):
            del said["context"]["decision_id"]
        assert answer == alone


@pytest.mark.parametrize(
    ("semantic", "expected"),
    [
        (None, [True, False, True]),
        ("execute_all", [True, False, True]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
def test_semantics(service: Service, semantic: str | None, expected: list[bool]) -> None:
    """The text's own example: three documents, read by all three semantics; what is not asked is not logged."""
    for key in ("1", "3"):
        consent(service, key)
    body = one() | {"evaluations": [{"resource": customer(k)} for k in ("1", "2", "3")]}
    if semantic:
        body["options"] = {"evaluations_semantic": semantic, "another_option": "value"}
    before = decisions(service)
    assert [a["decision"] for a in ask(service, body, EVALUATIONS).json()["evaluations"]] == expected
    if semantic in {None, "execute_all"}:
        assert decisions(service) - before == 2, "one entry for those permitted, one for those denied"
    else:
        assert decisions(service) - before == len(expected)


def decisions(service: Service) -> int:
    service.runtime.log.integrate(service.runtime.database)
    kinds = {EventType.DECISION_PERMIT, EventType.DECISION_DENY}
    with service.runtime.database.read() as session:
        return sum(e.type in kinds for e in service.runtime.log.search(session, limit=1000))


def test_one_that_fails_denies_itself_alone(service: Service) -> None:
    """An evaluation that cannot be made is a deny with its error; the others are answered."""
    consent(service, "1")
    wanted = [one("1", "email"), one("4711"), one() | {"subject": {"type": "module", "id": "support"}}]
    wanted += [one() | {"action": {"name": "delete"}}, one("1", min_state_version=99)]
    answers = ask(service, {"evaluations": wanted}, EVALUATIONS).json()["evaluations"]
    assert [a["decision"] for a in answers] == [True, False, False, False, False]
    assert [a["context"]["error"]["status"] for a in answers[1:]] == [404, 403, 400, 409]


def test_callers_of_one_moment_share_a_transaction_and_nothing_else(service: Service) -> None:
    """Each has answers as if alone, of entries about their own people; what cannot be asked stays where it stood."""
    runtime = service.runtime
    for key in ("1", "3"):
        consent(service, key)

    def case(key: str, actor: str = "marketing") -> Case:
        return Case(Question(actor, actor, "marketing.email", ("email",)), CustomerRef(id=key))

    wrong = BadRequest("not a question")
    asked = [
        Boxcar([case("1"), wrong, case("2"), case("4711"), case("3")]),
        Boxcar([case("1"), case("2"), case("3")], until=False),
        Boxcar([case("3"), case("1")]),
        Boxcar([case("1", "support")]),
        Boxcar([]),
    ]
    with runtime.database.write() as session:
        together = runtime.evaluations.boxcars(session, asked)
    outcomes = [[isinstance(a, Answer) and a.permitted for a in answers] for answers in together]
    assert outcomes == [[True, False, False, False, True], [True, False], [True, True], [False], []]
    assert together[0][1] is wrong
    assert isinstance(together[0][3], UnknownCustomer)
    entries = [{a.decision_id for a in answers if isinstance(a, Answer)} for answers in together]
    assert [len(ids) for ids in entries] == [2, 2, 1, 1, 0]
    assert len(set().union(*entries)) == 6
    runtime.log.integrate(runtime.database)
    with runtime.database.read() as session:
        both = runtime.log.people(session, next(iter(entries[2])))
        assert set(both) == {runtime.directory.find(session, CustomerRef(id=key)) for key in ("1", "3")}


@pytest.mark.parametrize("until", [None, False, True])
def test_a_request_of_many_looks_once(service: Service, until: bool | None) -> None:
    """However many people it is about, and whether or not an outcome would end it, the database is asked as often."""
    runtime = service.runtime
    with runtime.database.write() as session:
        for key in range(1, 21):
            runtime.directory.admit(session, CustomerRef(id=str(key)))
    purpose = "service.contract" if until is False else "marketing.email"  # permitted to all, or to none: none ends it
    asked = [Case(Question("officer", "shop", purpose, ()), CustomerRef(id=str(key))) for key in range(1, 21)]
    counts = []
    for many in (1, 1, 20):  # the first one keeps the policy
        statements = list[str]()
        with runtime.database.write() as session:
            event.listen(session.connection(), "before_cursor_execute", lambda *a: statements.append(str(a[2])))  # noqa: B023
            (answers,) = runtime.evaluations.boxcars(session, [Boxcar(asked[:many], until)])
            counts.append(sum(s.lstrip().startswith("SELECT") for s in statements))
        assert [isinstance(a, Answer) and a.permitted for a in answers] == [until is False] * many
    assert counts[1] == counts[2]


def test_what_was_not_decided_is_not_logged(service: Service) -> None:
    """A request that ends early has entries about those decided, and only those; whom only the store knows is
    admitted when it is their turn, and not at all beyond the end."""
    runtime = service.runtime
    for key in ("1", "3", "5"):
        consent(service, key)

    def case(key: str) -> Case:
        return Case(Question("marketing", "marketing", "marketing.email", ()), CustomerRef(id=key))

    asked = [
        Boxcar([case(k) for k in ("1", "3", "8", "5", "9")], until=False),
        Boxcar([case(k) for k in ("10", "4711", "5", "11")], until=True),
    ]
    with runtime.database.write() as session:
        answers = runtime.evaluations.boxcars(session, asked)
    assert [[isinstance(a, Answer) and a.permitted for a in mine] for mine in answers] == [
        [True, True, False],
        [False, False, True],
    ]
    runtime.log.integrate(runtime.database)
    with runtime.database.read() as session:
        find = {k: runtime.directory.find(session, CustomerRef(id=k)) for k in ("1", "3", "5", "8", "9", "10", "11")}
        assert [k for k, subject_id in find.items() if subject_id is None] == ["9", "11"]
        entries = [e for e in runtime.log.search(session, limit=1000) if e.type.startswith("policy:decision:")]
        people = [set(runtime.log.people(session, e.id)) or {e.subject_id} for e in entries]
    told = [{find[k] for k in keys} for keys in (("1", "3"), ("8",), ("10",), ("5",))]
    assert sorted(people, key=str) == sorted(told, key=str)
    assert {e.id for e in entries} == {a.decision_id for mine in answers for a in mine if isinstance(a, Answer)}


@pytest.mark.parametrize(
    "body",
    [
        {"evaluations": [{"resource": customer("1")}]},
        {"evaluations": "all"},
        one() | {"evaluations": [one()], "options": {"evaluations_semantic": "sometimes"}},
        {"evaluations": [one()] * 1001},
    ],
)
def test_requests_for_several_that_do_not_fit(service: Service, body: Any) -> None:
    """What is wrong with the request as a whole is a 400."""
    assert ask(service, body, EVALUATIONS).status_code == 400


def test_without_evaluations_it_is_a_single_one(service: Service) -> None:
    """The text: without the array the request behaves like a single evaluation."""
    consent(service, "1")
    for body in (one("1", "email"), one("1", "email") | {"evaluations": []}):
        assert ask(service, body, EVALUATIONS).json()["decision"] is True
    assert ask(service, {"subject": MODULE}, EVALUATIONS).status_code == 400


def test_obligations_need_a_caller_that_carries_them_out(service: Service) -> None:
    """What may be used only masked is permitted to a caller that masks; another is told why it is not."""
    body = one("1", "first_name", "phone", purpose="service.support") | {"subject": {"type": "module", "id": "support"}}
    denied = ask(service, body, name="support").json()
    assert denied["decision"] is False
    assert [r["code"] for r in denied["context"]["reasons"]] == ["obligation_not_supported"]
    body["context"]["supported_obligations"] = ["custom"]
    permitted = ask(service, body, name="support").json()
    (obligation,) = permitted["context"]["obligations"]
    assert (permitted["decision"], obligation["properties"]["mask"]) == (True, {"phone": "last4"})


def test_the_configuration_names_every_endpoint(service: Service) -> None:
    """Each endpoint of the published document answers, under the identifier the document was fetched from."""
    found = service.call("", "GET", "/.well-known/authzen-configuration").json()
    base = found["policy_decision_point"]
    assert base == service.runtime.settings.base_url.rstrip("/")
    endpoints = [v for k, v in found.items() if k.endswith("_endpoint")]
    assert len(endpoints) == 5
    for url in endpoints:
        assert url.startswith(base)
        assert ask(service, {}, url.removeprefix(base)).status_code == 400


def search(service: Service, kind: str, body: dict[str, Any], name: str = "marketing") -> Any:
    return ask(service, body, f"/access/v1/search/{kind}", name)


def who(**more: Any) -> dict[str, Any]:
    asked = {"subject": MODULE, "action": USE, "resource": {"type": "customer"}}
    return asked | {"context": {"purpose": "marketing.email"}} | more


def test_search_finds_whom_an_evaluation_permits(service: Service) -> None:
    """A resource search gives exactly the customers whose single evaluation permits, on as many pages as it takes."""
    for key in ("1", "3"):
        consent(service, key)
    consent(service, "2", "refused")
    with service.runtime.stores.read("shop") as connection:
        keys = [str(k) for (k,) in connection.exec_driver_sql("SELECT id FROM customers ORDER BY id")]
    expected = [k for k in keys if ask(service, one(k)).json()["decision"]]
    assert expected == ["1", "3"]
    for limit in (1, 2, 100):
        found, page = list[str](), dict[str, Any](limit=limit)
        while True:
            answer = search(service, "resource", who(page=page)).json()
            assert answer["page"]["count"] == len(answer["results"]) <= limit
            found += [r["id"] for r in answer["results"]]
            assert {r["type"] for r in answer["results"]} <= {"customer"}
            if not answer["page"]["next_token"]:
                break
            page = {"token": answer["page"]["next_token"]}
        assert found == expected


def test_a_page_of_another_search(service: Service) -> None:
    """A token goes with the search it was given for; anything else is an error, not other results."""
    for key in ("1", "3"):
        consent(service, key)
    token = search(service, "resource", who(page={"limit": 1})).json()["page"]["next_token"]
    other = {"context": {"purpose": "marketing.sms"}}
    for more in (
        {"page": {"token": token}} | other,
        {"page": {"token": token, "limit": 2}},
        {"page": {"token": "x"}},
        {"page": {"token": DEEP}},
    ):
        assert search(service, "resource", who(**more)).status_code == 400
    for limit in (-1, 1001, "2"):
        assert search(service, "resource", who(page={"limit": limit})).status_code == 400


def test_search_for_purposes(service: Service) -> None:
    """An action search gives the purposes for which an evaluation would permit."""
    consent(service, "1")
    body = {"subject": MODULE, "resource": customer("1", "email")}
    granted = sorted(service.runtime.policies.current.modules["marketing"].purposes)
    expected = [p for p in granted if ask(service, one("1", "email", purpose=p)).json()["decision"]]
    answer = search(service, "action", body).json()
    assert [(a["name"], a["properties"]["purpose"]) for a in answer["results"]] == [("use", p) for p in expected]
    assert "marketing.email" in expected
    assert search(service, "action", body | {"resource": customer("4711")}).status_code == 404
    assert search(service, "action", body, "support").status_code == 403


def test_search_for_modules(service: Service) -> None:
    """A DPO learns which modules may; a module learns of itself alone."""
    consent(service, "1")
    body = who(resource=customer("1")) | {"subject": {"type": "module"}}
    for name, expected in (("officer", ["marketing"]), ("marketing", ["marketing"]), ("support", [])):
        assert [r["id"] for r in search(service, "subject", body, name).json()["results"]] == expected
    for context in ({"purpose": "nothing"}, {}):
        answer = search(service, "subject", body | {"context": context}, "officer")
        assert (answer.status_code, answer.json()["results"]) == (200, []), "nobody may, as every other question says"


@pytest.mark.parametrize("kind", ["subject", "action"])
def test_short_searches_have_pages_too(service: Service, kind: str) -> None:
    """Modules and purposes come in pages of `limit`, all of them once; a changed limit is an error."""
    consent(service, "1")
    body = who(resource=customer("1")) | {"subject": {"type": "module"}}
    body["context"] = {"purpose": "service.contract", "supported_obligations": ["custom"]}
    if kind == "action":
        body = {"subject": {"type": "module", "id": "support"}, "resource": customer("1")}
    expected = search(service, kind, body, "officer").json()["results"]
    assert len(expected) > 1
    found, page = list[Any](), dict[str, Any](limit=1)
    while page:
        answer = search(service, kind, body | {"page": page}, "officer").json()
        assert answer["page"]["count"] == len(answer["results"]) == 1
        found += answer["results"]
        token = answer["page"]["next_token"]
        page = {"token": token, "limit": 1} if token else {}
        assert not token or search(service, kind, body | {"page": {**page, "limit": 2}}, "officer").status_code == 400
    assert found == expected


@pytest.mark.parametrize("kind", ["resource", "subject", "action"])
def test_a_limit_of_none(service: Service, kind: str) -> None:
    """`limit: 0` is a limit (§8.2.1): no results, and a token, for there are some."""
    consent(service, "1")
    body = who() if kind == "resource" else who(resource=customer("1"))
    answer = search(service, kind, body | {"page": {"limit": 0}})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["results"], answer.json()["page"]["count"]) == ([], 0)
    again = search(service, kind, body | {"page": {"limit": 0, "token": answer.json()["page"]["next_token"]}})
    assert (again.status_code, again.json()["results"]) == (200, [])
    assert answer.json()["page"]["next_token"]


def test_a_purpose_that_is_not_granted_tells_nothing_of_anybody(service: Service) -> None:
    """Known, unknown, by key, by address or in a search: the same deny, nobody is looked up, and the entry is about
    nobody."""
    people = [customer("1"), customer("4711")]
    people += [
        {"type": "customer", "id": mail, "properties": {"by": "email"}}
        for mail in ("a@mail.example", "ana@mail.example")
    ]
    searched = set[str]()
    for purpose in ("service.support", "finance.invoicing", "nothing.at_all"):
        wanted = [
            one() | {"resource": who_, "context": {"purpose": purpose, "min_state_version": 99}} for who_ in people
        ]
        alone = [ask(service, body) for body in wanted]
        assert {a.status_code for a in alone} == {200}
        answers = [a.json() for a in alone] + ask(service, {"evaluations": wanted}, EVALUATIONS).json()["evaluations"]
        for answer in answers:
            assert answer["decision"] is False
            assert "state_version" not in answer["context"]
            answer["context"].pop("decision_id")
        assert all(a == answers[0] for a in answers)
        code = "unknown_purpose" if purpose == "nothing.at_all" else "purpose_not_granted"
        assert [r["code"] for r in answers[0]["context"]["reasons"]] == [code]
        found = search(service, "resource", who(context={"purpose": purpose}))
        assert (found.json()["results"], found.json()["page"]["next_token"]) == ([], "")
        searched.add(found.json()["context"]["decision_id"])
    assert decision(ask(service, one("1", purpose="service.support")).json()).state_version == 0, (
        "our own client reads it"
    )
    service.runtime.log.integrate(service.runtime.database)
    with service.runtime.database.read() as session:
        entries = [e for e in service.runtime.log.search(session, limit=1000) if e.type == EventType.DECISION_DENY]
    assert entries
    assert {e.subject_id for e in entries} == {None}
    assert searched <= {e.id for e in entries}


def test_a_what_if_reads_on(service: Service) -> None:
    """The DPO asks about a module that was not granted a purpose, and learns of the person too."""
    body = one("1", purpose="service.support")
    assert ask(service, body, name="officer").json()["context"]["state_version"] >= 1
    assert ask(service, body | {"resource": customer("4711")}, name="officer").status_code == 404


@ONE_DATABASE
def test_a_module_is_told_that_a_person_must_look(shop: Runtime, tmp_path: Path) -> None:
    """Every permit for a purpose that decides by itself has the obligation, on the wire and in the SDK; no other."""
    changed = Path(shutil.copytree(folder("policies"), tmp_path / "changed"))
    purposes = changed / "purposes.yml"
    decides = "automated: {logic: {en: a, de: b}, consequences: {en: c, de: d}, ground: contract}"
    purposes.write_text(purposes.read_text().replace("required_for_service: true", decides, 1))
    service = Service(replace(shop, policies=PolicyHolder(changed)))
    with service.http:
        for purpose, obliged in (("service.contract", ["human_review_on_request"]), ("service.payment", [])):
            body = one("1", "last_name", purpose=purpose) | {"subject": {"type": "module", "id": "shop"}}
            answer = ask(service, body, name="shop").json()
            assert answer["decision"] is True, answer
            assert [o["id"] for o in answer["context"]["obligations"]] == obliged
            assert decision(answer).human_review is bool(obliged)


MADE_UP = "maria.muster@mail.example"


@pytest.mark.parametrize("path", [EVALUATION, EVALUATIONS])
@pytest.mark.parametrize("purpose", ["marketing.email", "service.support", MADE_UP])
def test_a_made_up_name_is_not_kept_in_the_log(service: Service, path: str, purpose: str) -> None:
    """What a caller calls a field or a purpose may be anything, so of names that nobody declared the number is kept."""
    consent(service, "1")
    asked = [one(key, "email", MADE_UP, "shop.customers.email", purpose=purpose) for key in ("1", "2")]
    for body in asked if path == EVALUATION else [{"evaluations": asked}]:
        ask(service, body, path)
    service.runtime.log.integrate(service.runtime.database)
    with service.runtime.database.read() as session:
        entries = [e for e in service.runtime.log.search(session, limit=1000) if e.type == EventType.DECISION_DENY]
    payloads = [e.payload for e in entries if e.payload]
    answers = [group for p in payloads for group in p.get("groups", [p])]
    assert answers
    assert {a["unknown_fields"] for a in answers} == {1}
    assert {p["purpose"] for p in payloads} == {None if purpose == MADE_UP else purpose}
    assert {name for a in answers for names in a["fields"].values() for name in names} == {
        "email",
        "shop.customers.email",
    }
    assert MADE_UP not in json.dumps(payloads)
