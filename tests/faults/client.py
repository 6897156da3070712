"""A mixed load that writes down what it was told: consents, decisions, reads, writes, entries, requests, erasures."""

import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.e2e.service import Installation
from tests.faults.record import Record, Said

PATIENCE = 60.0
"""Seconds for which a call is sent again, the same with the same key, until it is answered."""
CALL_SECONDS = 4.0
CUSTOMERS = "/v1/records/shop/customers"
SUPPORT = {"purpose": "service.support"}
AWAY = {429, 503}


class GivenUp(Exception):
    """Nobody answered, and the call is not sent again."""


@dataclass
class Caller:
    """One thread of the load. Each customer is one caller's, so that the order of what was said of them is known."""

    service: Installation
    record: Record
    chance: random.Random
    keys: list[str]
    end: threading.Event
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=CALL_SECONDS))

    def run(self) -> None:
        with self.http:
            while not self.end.is_set():
                try:
                    self.chance.choices(*self.mix)[0](self.chance.choice(self.keys))
                except GivenUp:
                    continue

    @property
    def mix(self) -> tuple[list[Callable[[str], None]], list[int]]:
        return [self.consent, self.evaluate, self.read, self.write, self.note], [30, 20, 20, 15, 15]

    def call(self, name: str, method: str, path: str, *, again: bool = True, **more: Any) -> httpx.Response:
        """The first answer that is none of something being away. A call that ran into its timeout may still be carried
        out, so it is always sent again; one whose process died only with `again`."""
        headers = {"Authorization": f"Bearer {self.service.tokens[name]}"}
        if method in {"POST", "PATCH"}:
            headers["Idempotency-Key"] = str(uuid.UUID(int=self.chance.getrandbits(128)))
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                answer = self.http.request(method, self.service.url + path, headers=headers, **more)
            except httpx.TransportError as error:
                self.record.count(answered=False)
                if not again and not isinstance(error, httpx.TimeoutException | httpx.ConnectError):
                    raise GivenUp from None
            else:
                self.record.count(answered=True)
                if answer.status_code not in AWAY:
                    return answer
                if "retry-after" not in answer.headers:
                    self.record.wrong.append(f"{method} {path}: {answer.status_code} without Retry-After")
            time.sleep(0.1)
        raise AssertionError(f"{method} {path} was not answered for {PATIENCE:.0f} s; {self.service.logs()[-4000:]}")

    def good(self, answer: httpx.Response, *wanted: int) -> bool:
        if answer.status_code in wanted:
            return True
        request = answer.request
        self.record.wrong.append(f"{request.method} {request.url.path}: {answer.status_code} {answer.text[:300]}")
        return False

    def consent(self, key: str) -> None:
        """Given and withdrawn in turns; one in four is not sent again where nobody answered."""
        before = self.record.consents[key]
        state = "given" if not before or before[-1].value == "withdrawn" else "withdrawn"
        tag = f"call-{self.chance.getrandbits(48):x}"
        body = {
            "customer": {"id": key},
            "purpose": "marketing.email",
            "state": state,
            "notice": {"id": "newsletter", "version": 2, "language": "en"},
            "source": {"channel": tag, "method": "explicit"},
        }
        try:
            answer = self.call("shop", "POST", "/v1/consents", json=body, again=self.chance.random() < 0.75)
        except GivenUp:
            before.append(Said(tag, state, certain=False))
            raise
        if self.good(answer, 201):
            before.append(Said(tag, state, certain=True))

    def evaluate(self, key: str) -> None:
        """No permit once a withdrawal was acknowledged; the decision is in the log before it is told."""
        body = {
            "subject": {"type": "module", "id": "marketing"},
            "action": {"name": "use"},
            "resource": {"type": "customer", "id": key, "properties": {"fields": ["email"]}},
            "context": {"purpose": "marketing.email"},
        }
        answer = self.call("marketing", "POST", "/access/v1/evaluation", json=body)
        if not self.good(answer, 200):
            return
        told = answer.json()
        self.record.entries.add(told["context"]["decision_id"])
        said = self.record.consents[key]
        if told["decision"] and said and said[-1] == Said(said[-1].tag, "withdrawn", certain=True):
            self.record.wrong.append(f"customer {key}: a permit after the withdrawal {said[-1].tag}")

    def read(self, key: str) -> None:
        """Of anybody; nobody who was told to be erased when it was asked can be read."""
        gone = sorted(self.record.erased)
        chosen = self.chance.choice(gone) if gone and self.chance.random() < 0.3 else key
        answer = self.call("support", "GET", f"{CUSTOMERS}/{chosen}", params=SUPPORT)
        if self.good(answer, *((410,) if chosen in gone else (200,))) and chosen not in gone:
            self.record.entries.add(answer.json()["decision_id"])

    def write(self, key: str) -> None:
        city = f"Town {self.chance.getrandbits(32):x}"
        try:
            answer = self.call(
                "support",
                "PATCH",
                f"{CUSTOMERS}/{key}",
                params=SUPPORT,
                json={"city": city},
                again=self.chance.random() < 0.75,
            )
        except GivenUp:
            self.record.writes[key].append(Said(city, city, certain=False))
            raise
        if self.good(answer, 200):
            self.record.writes[key].append(Said(city, city, certain=True))

    def note(self, key: str) -> None:
        body = {"type": "shop:order:packed", "customer": {"id": key}, "payload": {"n": self.chance.getrandbits(30)}}
        answer = self.call("shop", "POST", "/v1/audit/events", json=body)
        if self.good(answer, 201):
            self.record.entries.add(answer.json()["id"])


@dataclass
class Officer(Caller):
    """Opens requests and erases people, one after another; each customer of its own only once."""

    def run(self) -> None:
        with self.http:
            while not self.end.is_set() and self.keys:
                self.request(self.keys.pop(), "erasure" if self.chance.random() < 0.6 else "access")

    def request(self, key: str, right: str) -> None:
        opened = self.call("officer", "POST", "/v1/requests", json={"right": right, "customer": {"id": key}})
        if not self.good(opened, 201):
            return
        number = opened.json()["id"]
        self.record.requests.add(number)
        path = f"/v1/requests/{number}"
        if not self.good(self.call("officer", "POST", f"{path}/verify", json={"reason": "passport seen"}), 200):
            return
        if right == "erasure":
            self.record.erasing.add(key)
            if not self.good(self.call("officer", "POST", f"{path}/approve"), 200):
                return
        self.record.running.add(number)
        while not self.end.is_set():
            state = self.call("officer", "GET", path).json().get("state")
            if state == "completed" and right == "erasure":
                self.record.erased.add(key)
            if state not in {"in_progress", "awaiting_approval"}:
                return
            time.sleep(0.1)
