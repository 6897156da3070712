"""The suppression list and imports over HTTP."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from privacy_svc.auditlog import EventType
from privacy_svc.consent import SUPPRESS_ALL, digests, history, listroutes
from privacy_svc.consent.suppression import Cause, Owned, enlist
from privacy_svc.consent.tables import NOBODY
from privacy_svc.db import now
from privacy_svc.http import Contact, Role
from tests.consent.conftest import Desk
from tests.consent.test_routes import NEWS, Web, web

__all__ = ["web"]

ROW = {
    "id": "1001",
    "purpose": "news",
    "state": "given",
    "given_at": "2026-05-01T08:00:00Z",
    "notice": "news",
    "notice_version": 2,
    "notice_language": "en",
    "method": "expressed",
}


def asked(web: Web, role: Role = Role.MODULE, **question: Any) -> list[bool]:
    emails = {"emails": ["ANA@mail.example", "bo@mail.example"]}
    status, said = web("POST", "/v1/suppressions/check", emails | question, role=role)
    assert status == 200
    return said["emails"]


def sent(web: Web, content: bytes, query: str = "", role: Role = Role.DPO) -> tuple[int, list[Any]]:
    headers = {"Authorization": f"Bearer {web.tokens[role]}"}
    answer = web.client.post(f"/v1/consents/import{query}", content=content, headers=headers)
    return answer.status_code, [json.loads(line) for line in answer.text.splitlines()]


def test_an_objection_is_known_to_who_loads_a_list(web: Web, desk: Desk) -> None:
    """From the answer on; for this purpose, not for another; not any more when it is lifted. Counts are logged."""
    assert asked(web) == [False, False]
    web("POST", "/v1/customers/1001/objections", {"direct_marketing": True})
    assert asked(web) == [True, False]
    assert asked(web, purpose="news") == [True, False]
    assert asked(web, Role.DPO, purpose="statistics") == [False, False]
    web("DELETE", "/v1/customers/1001/objections/direct_marketing", role=Role.DPO)
    assert asked(web) == [False, False]
    checks = [e.payload for e in desk.entries() if e.type == EventType.SUPPRESSION_CHECKED]
    assert checks[1] == {"asked": 2, "suppressed": 1, "purpose": None}
    assert "ana" not in str(checks).lower()


def test_who_withdraws_and_consents_again(web: Web) -> None:
    """Over the ordinary route: unsubscribed, then not."""
    web("POST", "/v1/consents", NEWS)
    assert asked(web) == [False, False]
    web("POST", "/v1/consents", {**NEWS, "state": "withdrawn"})
    assert asked(web) == [True, False]
    assert web("GET", "/v1/suppressions", role=Role.DPO)[1][0]["reason"] == "unsubscribe"
    web("POST", "/v1/consents", NEWS)
    assert asked(web) == [False, False]


def test_where_no_objection_stands_lifting_one_frees_no_address(web: Web) -> None:
    """It may be on the list for another reason, or for somebody else who has it."""
    web("POST", "/v1/consents", {**NEWS, "state": "withdrawn"})
    assert web("DELETE", "/v1/customers/1001/objections/news", role=Role.DPO)[0] == 200
    assert asked(web) == [True, False]


def test_a_late_no_lists_and_a_late_yes_lifts_nothing(web: Web) -> None:
    """A no ends what was recorded before it, whatever time it gives; a yes from before the word that stands changes
    nothing of what may be used, so nothing of the list either."""
    last_year = {"given_at": (now() - timedelta(days=365)).isoformat()}
    web("POST", "/v1/consents", NEWS)
    assert asked(web) == [False, False]
    assert web("POST", "/v1/consents", NEWS | {"state": "withdrawn"} | last_year)[1]["current"] == "withdrawn"
    assert asked(web) == [True, False]
    assert web("POST", "/v1/consents", NEWS | last_year)[1]["current"] == "withdrawn"
    assert asked(web) == [True, False]
    web("POST", "/v1/consents", NEWS | {"given_at": now().isoformat()})
    assert asked(web) == [False, False]


def test_a_module_learns_of_its_own_purposes_alone(web: Web, desk: Desk) -> None:
    """What else a person chose is refused, which is logged; without a purpose it is answered for those it works for;
    what an erasure left it is told. The DPO is told everything."""
    with desk.database.write() as session:
        ana, bo = digests(session, desk.vault, [Contact("email", f"{name}@mail.example") for name in ("ana", "bo")])
        enlist(session, desk.log, [Owned(ana, b"somebody")], "statistics", Cause.OBJECTION, "shop", now())
    status, problem = web("POST", "/v1/suppressions/check", {"emails": [], "purpose": "statistics"})
    assert (status, problem["type"]) == (403, "/problems/may-not-read-consents")
    assert (asked(web), asked(web, purpose="news")) == ([False, False], [False, False])
    assert asked(web, Role.DPO) == asked(web, Role.DPO, purpose="statistics") == [True, False]
    denied = [e for e in desk.entries() if e.type == EventType.CONSENT_DENIED]
    assert [(e.actor, e.payload) for e in denied] == [("mail", {"purpose": "statistics"})]
    with desk.database.write() as session:
        enlist(session, desk.log, [Owned(bo, NOBODY)], SUPPRESS_ALL, Cause.ERASURE, "worker", now())
    assert asked(web) == [False, True]


def test_a_list_has_a_limit(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one request, and in an hour; a purpose must be known."""
    assert web("POST", "/v1/suppressions/check", {"emails": ["a@b.example"] * 10_001})[0] == 400
    assert web("POST", "/v1/suppressions/check", {"emails": [], "purpose": "nonsense"})[0] == 400
    monkeypatch.setattr(listroutes, "CHECKED", replace(listroutes.CHECKED, most=3))
    assert asked(web, phones=["1"]) == [False, False]
    assert web("POST", "/v1/suppressions/check", {"emails": ["a@b.example"]})[0] == 429


def test_only_the_dpo_imports_and_counts(web: Web) -> None:
    """Not a module."""
    assert web("GET", "/v1/suppressions")[0] == 403
    assert sent(web, b"", role=Role.MODULE)[0] == 403


def test_import(web: Web, desk: Desk) -> None:
    """A line a refused row, then totals; sent again it says the same and records nothing."""
    rows = [ROW, ROW | {"id": "4711"}, ROW | {"given_at": "soon"}]
    content = b"".join(json.dumps(r).encode() + b"\n" for r in rows)
    for dry_run, recorded, unchanged in (("?dry_run=true", 1, 0), ("", 1, 0), ("", 0, 1)):
        status, lines = sent(web, content, dry_run)
        assert status == 200
        assert [(line["row"], line["reason"]) for line in lines[:-1]] == [(2, "unknown_customer"), (3, "bad_time")]
        totals = lines[-1]["totals"]
        assert (totals["recorded"], totals["unchanged"], totals["refused"]) == (recorded, unchanged, 2)
    with desk.database.read() as session:
        assert len(history(session, desk.subject)) == 1


def test_import_of_csv(web: Web) -> None:
    """Told by its beginning; a header that does not fit, and another encoding, are refused before anything is read."""
    head, cells = ",".join(ROW), ",".join(str(v) for v in ROW.values())
    assert sent(web, f"{head}\n{cells}\n".encode())[1][-1]["totals"]["recorded"] == 1
    assert sent(web, b"\xff\xfe" + f"{head}\n".encode("utf-16-le"))[0] == 400
    assert sent(web, f"{head}\n{cells}\nMüller".encode("latin-1"))[0] == 400
    assert sent(web, b"id,purpose\n1,news\n")[0] == 400


@pytest.mark.parametrize("evidence", ["[" * 100 + "]" * 100, "[" * 1_000 + "]" * 1_000, '{"a": 1, "a": 2}'])
def test_a_row_that_is_deep_or_has_two_readings(web: Web, evidence: str) -> None:
    """It is refused with its number, as NDJSON and as CSV; the rows beside it come in."""
    deep = json.dumps(ROW)[:-1] + ', "evidence": {"of": ' + evidence + "}}"
    cell = '"' + f'{{"of": {evidence}}}'.replace('"', '""') + '"'
    columns, cells = ",".join(ROW), ",".join(str(v) for v in ROW.values())
    csv = f"{columns},evidence\n{cells},{cell}\n{cells},\n"
    for content in (f"{deep}\n{json.dumps(ROW)}\n", csv):
        status, lines = sent(web, content.encode())
        assert status == 200
        assert [line["row"] for line in lines[:-1]] == [1]
        assert "nested" in lines[0]["detail"]


def test_an_entry_of_nobody_known_goes_with_a_reason(web: Web, desk: Desk) -> None:
    """From before entries had owners: the DPO takes it off, in any spelling of the address, and the log says why. What
    an erasure left there stays, and so does what the person said; a module frees nothing."""
    with desk.database.write() as session:
        (address,) = digests(session, desk.vault, [Contact("email", "ana@mail.example")])
        nobodys = [Owned(address, NOBODY)]
        for scope, cause in (
            ("news", Cause.UNSUBSCRIBE),
            ("direct_marketing", Cause.OBJECTION),
            ("all", Cause.ERASURE),
        ):
            enlist(session, desk.log, nobodys, scope, cause, "old", now())
    web("POST", "/v1/customers/1001/objections", {"direct_marketing": True})
    asking = {"email": "ANA@mail.example", "reason": "wrote to us"}
    path = "/v1/suppressions/release"
    assert web("POST", path, asking)[0] == 403
    for wrong in ({"reason": "neither"}, {**asking, "phone": "030 1"}, {"email": "ana@mail.example"}):
        assert web("POST", path, wrong, role=Role.DPO)[0] == 400
    assert web("POST", path, asking, role=Role.DPO) == (200, {"released": 2, "left": 2})
    assert web("POST", path, asking, role=Role.DPO) == (200, {"released": 0, "left": 2})
    left = [(row["scope"], row["reason"]) for row in web("GET", "/v1/suppressions", role=Role.DPO)[1]]
    assert left == [("all", "erasure"), ("direct_marketing", "objection")]
    freed = [e.payload for e in desk.entries() if e.type == EventType.ADDRESS_RELEASED]
    assert freed == [{"scopes": ["direct_marketing", "news"], "entries": 2, "because": "wrote to us"}]
