"""The log over HTTP, with the real guard and a directory of one customer."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from httpx import Response
from litestar import Litestar, Router
from litestar.di import Provide
from litestar.testing import TestClient
from sqlalchemy import delete, update

from privacy_svc.auditlog import (
    HANDLERS,
    Event,
    EventType,
    Verifier,
    checkpoint_file,
    merkle,
    open_checkpoint,
    verify_export,
    verify_membership,
    verify_proof,
)
from privacy_svc.auditlog.members import Member, Membership
from privacy_svc.auditlog.model import Entry, Payload, Tree
from privacy_svc.http import Role, exception_handlers, once_of_request
from privacy_svc.identity import add_client, caller_of_request, check_routes, guard
from privacy_svc.vault import Tampered
from tests.auditlog.conftest import Logbook
from tests.auditlog.test_merkle import unbundled
from tests.consent.test_routes import OneCustomer
from tests.factories import check_log

STAFF = (Role.DPO, Role.AUDITOR, Role.ADMIN)


class Web:
    """Calls as a client of each role; as nobody without one."""

    def __init__(self, client: TestClient[Litestar], tokens: dict[Role, str], book: Logbook, subject_id: str) -> None:
        self._client, self._tokens, self.book, self.subject_id = client, tokens, book, subject_id

    def get(self, path: str, role: Role | None = Role.DPO) -> Response:
        return self._client.get(path, headers=self._headers(role))

    def post(self, body: Any, role: Role = Role.MODULE) -> Response:
        return self._client.post("/v1/audit/events", json=body, headers=self._headers(role))

    def _headers(self, role: Role | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens[role]}"} if role else {}

    def events(self, query: str = "", role: Role = Role.DPO) -> list[dict[str, Any]]:
        self.book.integrate()
        answer = self.get(f"/v1/audit/events{query}", role)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["events"]
        return found


@pytest.fixture
def web(book: Logbook) -> Iterator[Web]:
    subject_id = book.person()

    def given(part: object) -> Provide:
        return Provide(lambda: part, sync_to_thread=False)

    parts = {"database": book.database, "log": book.log, "directory": OneCustomer(subject_id)}
    app = Litestar(
        [Router("/", route_handlers=HANDLERS)],  # as the service does: docs/decisions/0007
        middleware=[guard],
        dependencies={name: given(part) for name, part in parts.items()}
        | {
            "caller": Provide(caller_of_request, sync_to_thread=False),
            "once": Provide(once_of_request, sync_to_thread=False),
        },
        exception_handlers=exception_handlers,
        openapi_config=None,
    )
    app.state.database, app.state.log = book.database, book.log
    check_routes(app)
    with book.database.write() as session:
        names = {Role.MODULE: "till"} | {role: str(role) for role in STAFF}
        tokens = {r: add_client(session, book.log, name, r, "tester")[1] for r, name in names.items()}
    with TestClient(app) as client:
        yield Web(client, tokens, book, subject_id)


def test_a_module_writes_its_own_entry(web: Web) -> None:
    """Its own word and payload are kept under our type; the DPO reads them, and the reading is an entry too."""
    body = {"type": "till:merge:done", "customer": {"id": "1001"}, "payload": {"n": 2, "über": ["a", None, True]}}
    answer = web.post(body)
    assert answer.status_code == 201
    (entry,) = web.events("?customer=1001")
    assert entry["id"] == answer.json()["id"]
    assert (entry["type"], entry["actor"], entry["subject"]) == ("module:event:appended", "till", web.subject_id)
    assert entry["payload"] == {"type": "till:merge:done", "payload": body["payload"]}
    (reading, _) = web.events("?customer=1001")
    assert (reading["type"], reading["actor"]) == ("auditlog:entry:read", "dpo")
    check_log(web.book.database, web.book.log)


@pytest.mark.parametrize(
    "body",
    [
        {"type": "till", "payload": {}},
        {"type": "Till:merge", "payload": {}},
        {"type": "a:b:c:d", "payload": {}},
        {"type": "consent:record:given", "payload": {}},
        {"type": "auditlog:mine", "payload": {}},
        {"type": "shop:merge:done", "payload": {}},
        {"type": "till:merge", "payload": []},
        {"type": "till:merge", "payload": {"n": 1.5}},
        {"type": "till:merge", "payload": {"deep": [{"n": 1e3}]}},
        {"type": "till:merge", "payload": {"deep": json.loads("[" * 500 + "]" * 500)}},
        {"type": "till:merge"},
        {"type": "till:merge", "payload": {}, "actor": "somebody else"},
        {"type": "till:merge", "payload": {}, "customer": {"id": "1", "email": "a@b.example"}},
    ],
)
def test_a_malformed_entry_is_refused(web: Web, body: Any) -> None:
    """400 with its own problem type, and nothing is logged."""
    before = len(web.book.search())
    answer = web.post(body)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid-body")
    web.book.integrate()
    assert len(web.book.search(type="module")) == before == 0


def test_an_entry_that_is_too_long_is_refused(web: Web) -> None:
    """413 from one byte more on than is documented, about somebody or nobody."""
    most, rest = 32_768, len(b'{"type":"till:merge","payload":{"a":""}}')
    for length, status in ((most, 201), (most + 1, 413)):
        said = {"type": "till:merge", "payload": {"a": "x" * (length - rest)}}
        assert len(json.dumps(said, separators=(",", ":"))) == length
        assert web.post(said).status_code == status


def test_an_entry_about_nobody_known_is_refused(web: Web) -> None:
    """404, and that a module tried is logged, without the name."""
    assert web.post({"type": "till:merge", "payload": {}, "customer": {"id": "7"}}).status_code == 404
    web.book.integrate()
    (tried,) = web.book.search(type="module")
    assert (tried.type, tried.actor, tried.payload) == (EventType.MODULE_EVENT_REFUSED, "till", {})


def test_a_number_in_the_type_of_an_entry_about_nobody_is_refused(web: Web) -> None:
    """It would outlive the erasure of whom it belongs to, as one in the payload would."""
    answer = web.post({"type": "till:491701234567", "payload": {}})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/type")


def test_an_auditor_sees_no_payload_about_people(web: Web) -> None:
    """That it is there, and what our own entries say about nobody; the rest only the DPO reads."""
    web.post({"type": "till:merge", "customer": {"id": "1001"}, "payload": {}})
    (about_ana,) = web.events("?type=module", Role.AUDITOR)
    assert (about_ana["payload"], about_ana["erased"]) == (None, False)
    assert web.events("?type=module")[0]["payload"] is not None
    assert web.events("?type=auditlog:entry:read", Role.AUDITOR)[0]["payload"] == {"type": "module"}


def test_an_auditor_sees_nothing_that_a_module_wrote(web: Web) -> None:
    """A module may have put somebody's data in without naming them: neither shown nor exported; the DPO sees it."""
    web.post({"type": "till:note", "payload": {"of": "Ana Silva"}})
    (entry,) = web.events("?type=module", Role.AUDITOR)
    assert (entry["payload"], entry["erased"]) == (None, False)
    assert "Ana Silva" not in web.get("/v1/audit/export", Role.AUDITOR).text
    assert "Ana Silva" in web.get("/v1/audit/export").text
    assert web.events("?type=module")[0]["payload"]["payload"] == {"of": "Ana Silva"}


def test_an_auditor_does_not_learn_who_an_entry_is_about(web: Web) -> None:
    """Neither by asking for a customer nor by the subject's id, which is in no answer of theirs."""
    web.post({"type": "till:merge", "customer": {"id": "1001"}, "payload": {}})
    web.book.integrate()
    for path in ("/v1/audit/events", "/v1/audit/export"):
        assert web.get(f"{path}?customer=1001", Role.AUDITOR).status_code == 403
        assert web.get(f"{path}?customer=nobody", Role.AUDITOR).status_code == 403
        assert web.subject_id not in web.get(path, Role.AUDITOR).text
    assert web.subject_id in web.get("/v1/audit/events").text


def test_the_leaf_says_who_an_entry_is_about(web: Web) -> None:
    """Who empties the column for searching does not show an auditor what an entry says of a person."""
    web.post({"type": "till:merge", "customer": {"id": "1001"}, "payload": {"secret": True}})
    web.book.integrate()
    with web.book.database.write() as session:
        session.execute(update(Entry).values(subject_id=None))
    (entry,) = web.events("?type=module", Role.AUDITOR)
    assert entry["payload"] is None
    assert "secret" not in web.get("/v1/audit/export", Role.AUDITOR).text


def test_an_erased_payload_is_said_to_be(web: Web) -> None:
    """The entry stands; it names nobody and holds nothing."""
    web.post({"type": "till:merge", "customer": {"id": "1001"}, "payload": {}})
    web.book.integrate()
    web.book.erase(web.subject_id)
    (entry,) = web.events("?type=module")
    assert (entry["payload"], entry["subject"], entry["erased"]) == (None, None, True)
    assert web.events("?customer=1001&type=module") == []


def test_pages(web: Web) -> None:
    """A cursor goes on where the page ended, and the last page has none."""
    for n in range(5):
        web.post({"type": "till:n", "payload": {"n": n}})
    web.book.integrate()
    seen, query = [], "?type=module&limit=2"
    while True:
        page = web.get(f"/v1/audit/events{query}").json()
        seen += [e["payload"]["payload"]["n"] for e in page["events"]]
        if not page["cursor"]:
            break
        query = f"?type=module&limit=2&cursor={page['cursor']}"
    assert seen == [4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "cursor=-1", f"cursor={10**20}", "from=yesterday", "to=2026-11-01T00:00:00"],
)
def test_a_malformed_search_is_refused(web: Web, query: str) -> None:
    """400, whatever is wrong with the query."""
    assert web.get(f"/v1/audit/events?{query}").status_code == 400


def test_the_parameter_is_named_as_it_was_sent(web: Web) -> None:
    """`from`, not the name that it has in here."""
    answer = web.get("/v1/audit/events?from=yesterday")
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/from"]


@pytest.mark.parametrize(
    ("wrong", "near"), [("nonsense", None), ("consents", "consent"), ("consent:recrod", "consent:record"), ("", None)]
)
def test_an_unknown_type_is_refused(web: Web, wrong: str, near: str | None) -> None:
    """400 that names the nearest one, by search and by export; nothing is logged as read."""
    for path in ("/v1/audit/events", "/v1/audit/export"):
        answer = web.get(f"{path}?type={wrong}")
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/unknown-entry-type")
        assert near is None or f"`{near}`" in answer.json()["detail"]
    web.book.integrate()
    assert not web.book.search(type="auditlog:entry:read")


def test_by_actor(web: Web) -> None:
    """Entries of one module or member of the staff, alone and with a type."""
    web.post({"type": "till:merge", "payload": {}})
    mine = web.events("?type=module")[0]["actor"]
    assert {e["actor"] for e in web.events(f"?actor={mine}")} == {mine}
    assert len(web.events(f"?actor={mine}&type=module")) == 1
    assert web.events("?actor=nobody") == []


def test_times(web: Web) -> None:
    """`from` is in, `to` is out."""
    web.post({"type": "till:n", "payload": {}})
    at = web.events("?type=module")[0]["at"]
    assert len(web.events(f"?type=module&from={at}")) == 1
    assert web.events(f"?type=module&to={at}") == []


def test_a_proof_by_http_checks_offline(web: Web) -> None:
    """The text needs nothing but the public key; an index that is not there is 404."""
    web.book.fill(3)
    answer = web.get("/v1/audit/events/1/proof", Role.AUDITOR)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    index, leaf, _ = verify_proof(answer.text, Verifier.parse(web.book.log.signer.vkey))
    assert (index, json.loads(leaf)["v"]) == (1, 1)
    for index in ("7777", "99999999999999999999", "-1", "x"):
        assert web.get(f"/v1/audit/events/{index}/proof").status_code == 404


def test_a_module_proves_what_it_did_itself(web: Web) -> None:
    """A module gets the proof of its own entry; others' leaves are not for it to walk through."""
    web.book.fill(1)
    assert web.post({"type": "till:n", "payload": {}}).status_code == 201
    web.book.integrate()
    status = [web.get(f"/v1/audit/events/{n}/proof", Role.MODULE).status_code for n in range(8)]
    assert status.count(200) == 1
    assert status.count(404) == 7


def test_an_entry_is_proven_by_its_id(web: Web) -> None:
    """Once it is in the tree; before that 404 with Retry-After, and what is another's is not there for a module."""
    mine = web.post({"type": "till:n", "payload": {}}).json()["id"]
    theirs = web.post({"type": "till:n", "payload": {}}, Role.DPO).json()["id"]
    waiting = web.get(f"/v1/audit/events/{mine}/proof", Role.MODULE)
    assert (waiting.status_code, waiting.json()["type"]) == (404, "/problems/not-in-the-tree-yet")
    assert int(waiting.headers["retry-after"]) > 0
    for _ in range(2):
        refused = web.get(f"/v1/audit/events/{theirs}/proof", Role.MODULE)
        assert (refused.status_code, refused.json()["type"]) == (404, "/problems/not-found")
        web.book.integrate()
    for entry, role in ((mine, Role.MODULE), (mine, Role.AUDITOR), (theirs, Role.DPO)):
        answer = web.get(f"/v1/audit/events/{entry}/proof", role)
        _, leaf, _ = verify_proof(answer.text, web.book.verifier)
        assert json.loads(leaf)["id"] == entry
    assert web.get("/v1/audit/events/0192f0c1-0000-7000-8000-000000000000/proof").status_code == 404


def test_anybody_can_follow_the_tree(web: Web) -> None:
    """A C2SP client, without credentials: the checkpoint, and the tiles that lead to its root."""
    web.book.fill(3)
    answer = web.get("/audit/log/checkpoint", None)
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == (
        "text/plain; charset=utf-8",
        "no-cache",
    )
    checkpoint = open_checkpoint(answer.text, web.book.verifier)
    tile = web.get(f"/audit/log/tile/0/000.p/{checkpoint.size}", None)
    assert (tile.headers["content-type"], tile.headers["cache-control"]) == (
        "application/octet-stream",
        "public, max-age=31536000, immutable",
    )
    hashes = [tile.content[i : i + 32] for i in range(0, len(tile.content), 32)]
    assert merkle.root(checkpoint.size, merkle.of_leaves(hashes)) == checkpoint.root
    bundle = web.get(f"/audit/log/tile/entries/000.p/{checkpoint.size}", Role.AUDITOR)
    assert [merkle.leaf_hash(entry) for entry in unbundled(bundle.content)] == hashes
    assert "private" in bundle.headers["cache-control"]


@pytest.mark.parametrize("path", ["0/000.p/", "entries/000.p/"])
def test_what_is_not_published_is_not_served(web: Web, path: str) -> None:
    """The tree may still be put back to the exported checkpoint: caches would keep another log for a year."""
    web.book.fill(3)
    web.book.log.export.write_text(
        "".join(note + "\n" for note in list(checkpoint_file.notes(web.book.log.export))[:2])
    )
    published = open_checkpoint(web.get("/audit/log/checkpoint", None).text, web.book.verifier).size
    widths = (published, published + 1)
    assert [web.get(f"/audit/log/tile/{path}{width}").status_code for width in widths] == [200, 404]


def test_a_higher_tile_is_served_once_all_it_covers_is_published(web: Web) -> None:
    """A hash of the level above is of 256 entries."""
    with web.book.database.write() as session:
        web.book.log.append_many(session, [Event(EventType.POLICY_LOADED, None, {})] * 256, actor="x")
    web.book.integrate()
    assert web.get("/audit/log/tile/1/000.p/1", None).status_code == 200
    web.book.fill(1)
    web.book.log.export.write_text("")
    assert web.get("/audit/log/tile/1/000.p/1", None).status_code == 404


@pytest.mark.parametrize(
    "path", ["0/000", "0/000.p/200", "1/000.p/1", "64/000", "00/000.p/1", "x/000", "0/001", "0/0", "0", "0/000.p/0"]
)
def test_tiles_that_are_not_there(web: Web, path: str) -> None:
    """404 for what the tree does not have yet and for every other spelling."""
    web.book.fill(1)
    assert web.get(f"/audit/log/tile/{path}", None).status_code == 404


@pytest.mark.parametrize("path", ["000", "000.p/200", "999", "x"])
def test_bundles_that_are_not_there(web: Web, path: str) -> None:
    """The same for entries."""
    web.book.fill(1)
    assert web.get(f"/audit/log/tile/entries/{path}").status_code == 404


def test_who_may(web: Web) -> None:
    """Modules write and prove; staff reads; entries and their bundles are not for everybody."""
    web.book.fill(1)
    assert web.get("/v1/audit/events", Role.MODULE).status_code == 403
    assert web.get("/v1/audit/events", Role.ADMIN).status_code == 403
    assert web.get("/v1/audit/events", None).status_code == 401
    assert web.post({"type": "a:b", "payload": {}}, Role.AUDITOR).status_code == 403
    assert web.get("/v1/audit/events/0/proof", None).status_code == 401
    assert web.get("/audit/log/tile/entries/000.p/1", None).status_code == 401
    assert web.get("/audit/log/tile/entries/000.p/1", Role.MODULE).status_code == 403
    assert [web.get("/audit/log/tile/entries/000.p/1", role).status_code for role in STAFF] == [200] * 3


def test_a_customer_is_proven_to_be_among_many(web: Web) -> None:
    """The DPO gets a document that checks offline by the public key alone; an auditor and a module do not get it."""
    web.book.write_group(web.subject_id, web.book.person())
    web.book.integrate()
    place = web.book.search(type="gateway:record:read")[0].index
    path = f"/v1/audit/events/{place}/proof?customer=1001"
    answer = web.get(path)
    assert answer.status_code == 200, answer.text
    index, entry, _ = verify_membership(answer.json(), web.book.verifier)
    assert (index, entry.type) == (place, "gateway:record:read")
    changed = answer.json()
    changed["member"]["group"] += 1
    with pytest.raises(merkle.ProofError):
        verify_membership(changed, web.book.verifier)
    assert [web.get(path, role).status_code for role in (Role.AUDITOR, Role.MODULE)] == [403, 403]
    web.book.write()
    web.book.integrate()
    newest = web.book.search()[0].index
    assert web.get(f"/v1/audit/events/{newest}/proof?customer=1001").status_code == 404


def test_an_export_is_streamed_and_checks_out(web: Web) -> None:
    """The DPO gets the payloads, an auditor none about people, a module nothing; that it was exported is an entry."""
    web.book.write(web.subject_id)
    web.book.integrate()
    size = len(web.book.search(limit=200))
    for role, lacking in ((Role.DPO, 0), (Role.AUDITOR, 1)):
        answer = web.get("/v1/audit/export", role)
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        done = verify_export(iter(answer.text.splitlines()), web.book.verifier.vkey)
        assert (done.entries, done.payloads) == (size, size - lacking)
    assert web.get("/v1/audit/export", Role.MODULE).status_code == 403
    assert web.get("/v1/audit/export?from=2026-11-01T00:00:00").status_code == 400
    assert [e["payload"] for e in web.events("?type=auditlog:entry:read")][-1]["export"] == "True"


def test_who_looks_at_a_proof_or_a_bundle_is_logged(web: Web) -> None:
    """Staff's look at an entry about people, with whom it is about; not a module's at what it did itself, nor at what
    is about nobody. A customer who is not known is refused, and nothing is logged."""
    web.book.write()
    assert web.post({"type": "till:n", "customer": {"id": "1001"}, "payload": {}}).status_code == 201
    web.book.write_group(web.subject_id, web.book.person())
    web.book.integrate()
    many, hers, nobody = (v.index for v in web.book.search(limit=3))
    looks = [
        (f"/v1/audit/events/{nobody}/proof", Role.DPO, 200, None),
        (f"/v1/audit/events/{hers}/proof", Role.MODULE, 200, None),
        ("/v1/audit/events/777/proof", Role.DPO, 404, None),
        (f"/v1/audit/events/{many}/proof?customer=nobody", Role.DPO, 404, None),
        (f"/v1/audit/events/{many}/proof?customer=1001", Role.AUDITOR, 403, None),
        ("/v1/audit/export?customer=nobody", Role.DPO, 404, None),
        ("/v1/audit/events?customer=nobody", Role.DPO, 200, None),
        ("/audit/log/tile/entries/007", Role.AUDITOR, 404, None),
        (f"/v1/audit/events/{hers}/proof", Role.AUDITOR, 200, (web.subject_id, {"proof": str(hers)})),
        (f"/v1/audit/events/{many}/proof", Role.DPO, 200, (None, {"proof": str(many)})),
        (f"/v1/audit/events/{many}/proof?customer=1001", Role.DPO, 200, (web.subject_id, {"proof": str(many)})),
        (f"/v1/audit/events/{nobody}/proof?customer=1001", Role.DPO, 404, (web.subject_id, {"proof": str(nobody)})),
        ("/audit/log/tile/entries/000.p/2", Role.AUDITOR, 200, (None, {"bundle": "0", "width": "2"})),
    ]
    for path, role, status, logged in looks:
        before = len(web.book.search(type="auditlog:entry:read"))
        assert web.get(path, role).status_code == status, path
        web.book.integrate()
        reads = web.book.search(type="auditlog:entry:read")
        told = [(v.subject_id, v.payload) for v in reads[: len(reads) - before]]
        assert told == ([] if logged is None else [logged]), path


def test_nothing_of_a_person_outlives_them(web: Web) -> None:
    """A payload that names no customer holds no address and no number; one that does goes with their key. What is told
    is the place, and not what stands there."""
    payload = {
        "form": "footer",
        "who": ["ana@mail.example"],
        "call": {"at": "phone +351 21 099 0042"},
        "order": "20261123-4711",
    }
    refused = web.post({"type": "till:form:sent", "payload": payload})
    assert (refused.status_code, refused.json()["type"]) == (400, "/problems/invalid-body")
    assert [e["pointer"] for e in refused.json()["errors"]] == ["/payload/who/0", "/payload/call/at"]
    assert "ana" not in refused.text
    named = web.post({"type": "till:form:sent", "payload": {"a": {"ana@mail.example": True}}})
    assert [e["pointer"] for e in named.json()["errors"]] == ["/payload/a"]
    assert web.post({"type": "till:form:sent", "payload": payload, "customer": {"id": "1001"}}).status_code == 201
    assert (
        web.post({"type": "till:form:sent", "payload": {"order": "20261123-4711", "at": "2026-11-23"}}).status_code
        == 201
    )


def test_a_customer_without_a_key_is_nobody(web: Web) -> None:
    """`customer=` finds no entries instead of everybody's."""
    web.book.write(web.subject_id)
    assert web.events()
    assert web.events("?customer=") == []


def test_an_entry_that_was_pruned_is_said_to_be(web: Web) -> None:
    """Whoever asks for its proof later learns where it went."""
    for _ in range(300):
        web.book.write()
    web.book.integrate()
    with web.book.database.write() as session:
        session.execute(update(Tree).values(first=256))
        session.execute(delete(Entry).where(Entry.index < 256))
    answer = web.get("/v1/audit/events/7/proof")
    assert (answer.status_code, "was pruned" in answer.json()["detail"]) == (404, True)


def test_a_changed_payload_hides_no_other(web: Web) -> None:
    """The entry says that it was altered, the others are shown; what is built on entries fails on it."""
    ids = [web.book.write(web.subject_id) for _ in range(3)]
    web.book.integrate()
    with web.book.database.write() as session:
        session.execute(update(Payload).where(Payload.entry_id == ids[1]).values(sealed=b"\0" * 300))
    found = {e["id"]: e for e in web.events()}
    assert [(found[i]["altered"], found[i]["erased"], found[i]["payload"] is None) for i in ids] == [
        (False, False, False),
        (True, False, True),
        (False, False, False),
    ]
    exported = web.get("/v1/audit/export").text
    assert verify_export(exported.splitlines(), web.book.log.signer.vkey).payloads == exported.count('"payload":{')
    (altered,) = (v for v in web.book.search() if v.altered)
    with pytest.raises(Tampered):
        _ = altered.told


@pytest.mark.parametrize(
    ("name", "value"), [("group", 0.9), ("state_version", "7 "), ("position", True), ("tag", "AB==")]
)
def test_a_membership_is_written_in_one_way(name: str, value: object) -> None:
    """What is printed of a proof is what was proven, not what reads as the same."""
    told = Membership(Member(bytes(16), 1, 7), 0, ()).to_json()
    assert Membership.from_json(told).to_json() == told
    with pytest.raises((TypeError, ValueError)):
        Membership.from_json({**told, name: value})
