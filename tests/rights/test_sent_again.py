"""A decision about a request that is sent again with its Idempotency-Key is answered, and not made again."""

import uuid
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.calling import Service
from tests.conftest import ONE_DATABASE

pytestmark = ONE_DATABASE
REASON = {"reason": "passport seen"}
VERIFIED = ("officer", "verify", REASON)


def asked() -> dict[str, str]:
    """A letter that went out just now."""
    said = {"about": "clarification", "question": "All of it?", "reason": "It is much.", "how": "post"}
    return {**said, "asked_at": datetime.now(UTC).isoformat()}


Step = tuple[str, str, Any]
DECISIONS: dict[str, tuple[str, list[Step], Step]] = {
    "verify": ("erasure", [], VERIFIED),
    "approve": ("erasure", [VERIFIED], ("officer", "approve", None)),
    "cancel": ("erasure", [VERIFIED], ("officer", "cancel", None)),
    "withdraw": ("erasure", [VERIFIED], ("officer", "withdraw", None)),
    "refuse": (
        "erasure",
        [VERIFIED],
        ("officer", "refuse", {"ground": "A17LegallyRequired", "explanation": "An invoice."}),
    ),
    "extend": ("erasure", [VERIFIED], ("officer", "extend", {"reason": "complexity"})),
    "complete": (
        "automated_decision",
        [VERIFIED, ("officer", "approve", None)],
        ("officer", "complete", {"result": "upheld", "explanation": "Looked at by a person."}),
    ),
    "answer": ("erasure", [VERIFIED, ("officer", "ask", asked)], ("officer", "answer", {"answer": "Yes, all."})),
    "files": ("erasure", [VERIFIED], ("officer", "files", {"name": "proof.txt", "content": "cHJvb2Y="})),
}


def opened(service: Service, right: str, before: list[Step]) -> str:
    body: dict[str, Any] = {"right": right, "customer": {"id": "1"}}
    number = str(service.call("officer", "POST", "/v1/requests", json=body).json()["id"])
    for step in before:
        answer = send(service, number, step)
        assert answer.is_success, answer.text
    return number


def send(service: Service, number: str, step: Step, key: str | None = None) -> httpx.Response:
    name, what, body = step
    sent = {} if body is None else {"json": body() if callable(body) else body}
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    answer: httpx.Response = service.call(name, "POST", f"/v1/requests/{number}/{what}", headers=headers, **sent)
    return answer


@pytest.mark.parametrize("what", DECISIONS)
def test_sent_again_it_is_answered_and_not_made_again(service: Service, what: str) -> None:
    """The same answer, marked; the timeline has no line more. With another key the state is in the way."""
    right, before, step = DECISIONS[what]
    number = opened(service, right, before)
    first = send(service, number, step, "a-key-of-the-officer")
    assert first.is_success, first.text
    lines = service.call("officer", "GET", f"/v1/requests/{number}/timeline").json()
    again = send(service, number, step, "a-key-of-the-officer")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert (first.headers.get("Idempotent-Replayed"), again.headers.get("Idempotent-Replayed")) == (None, "true")
    assert service.call("officer", "GET", f"/v1/requests/{number}/timeline").json() == lines
    if what in {"verify", "approve", "cancel", "withdraw", "refuse"}:
        assert send(service, number, step).status_code == 409


def test_a_key_is_of_one_decision(service: Service) -> None:
    """With another body, or for another request, it is refused."""
    one, other = (opened(service, "erasure", []) for _ in "12")
    key = "a-key-of-the-officer"
    assert send(service, one, VERIFIED, key).is_success
    assert send(service, one, ("officer", "verify", {"reason": "known by sight"}), key).status_code == 422
    assert send(service, other, VERIFIED, key).status_code == 422


def test_a_wrong_code_spends_no_key_and_is_counted(service: Service) -> None:
    """Each try is one, also with the same key; and the key is free for the right one."""
    number, key = opened(service, "erasure", []), "a-key-of-the-officer"
    wrong = ("officer", "verify", {"code": "00000000"})
    assert [send(service, number, wrong, key).status_code for _ in "12"] == [403, 403]
    lines = service.call("officer", "GET", f"/v1/requests/{number}/timeline").json()
    assert [line["type"] for line in lines].count("rights:request:verification_failed") == 2
    assert send(service, number, VERIFIED, key).is_success


def test_every_decision_that_takes_a_key_is_tried_here(service: Service) -> None:
    """Two are not: they need a second person, or a search that found something, and share the same transaction."""
    paths = service.http.get("/schema/openapi.json").json()["paths"]
    taking = {
        path.rpartition("/")[2]
        for path, methods in paths.items()
        if path.startswith("/v1/requests/{request_id}/")
        and any(p["name"] == "Idempotency-Key" for p in methods.get("post", {}).get("parameters", ()))
    }
    assert taking - set(DECISIONS) == {"confirm-refusal", "leftovers"}
