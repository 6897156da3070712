"""A mailing system that is not ours: it knows people by their address, in pages, and can be made to misbehave."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.listening import Heard, Said, listening

SECRET = "sesame-4711"
CONNECTOR = """\
connector:
  key: mailtool
  title: Mail tool
  base_url: {url}/v1
  auth: {{by: bearer, secret: mailtool}}
  identity: email
  ping: /health
  access:
    path: /contacts?email={{identity}}
    items: /data/contacts
    collection: contacts
    paging: {paging}
    fields:
      address: {{from: /email, data_categories: [user.contact.email]}}
      list: {{from: /lists/0/name, data_categories: [user.behavior]}}
  erasure: {{path: "/contacts/{{identity}}"}}
  rectification:
    path: /contacts/{{identity}}
    send: {{city: town}}
  restriction: {{path: "/holds", body: {{who: "{{identity}}"}}}}
  restriction_end: {{path: "/holds/{{identity}}"}}
"""
CURSOR = "{by: cursor, param: after, next: /next}"


@dataclass
class MailTool:
    url: str = ""
    contacts: list[dict[str, Any]] = field(default_factory=list)
    page: int = 2
    says: list[Said] = field(default_factory=list)
    """Answered first, one by one, instead of the truth."""
    always: Said | None = None
    says_404: bool = False
    """Of somebody whom it does not know."""
    keeps: bool = False
    """Says that it erased, and did not."""
    held: list[str] = field(default_factory=list)
    """Whose data it uses no more."""
    heard: list[Heard] = field(default_factory=list)

    def answer(self, heard: Heard) -> Said:
        self.heard.append(heard)
        if self.always is not None or self.says:
            return self.always or self.says.pop(0)
        if heard.headers.get("authorization") != f"Bearer {SECRET}":
            return Said(401, b"Ana Figueiredo is not for you")
        url = urlsplit(heard.path)
        if heard.method == "GET" and url.path == "/v1/contacts":
            return self.listed(parse_qs(url.query))
        if url.path == "/v1/holds":
            self.held.append(json.loads(heard.body)["who"])
            return Said(201, b"{}")
        address = unquote(url.path.rpartition("/")[2])
        if heard.method == "DELETE" and url.path.startswith("/v1/holds/"):
            self.held = [who for who in self.held if who != address]
        elif heard.method == "DELETE":
            if not self.keeps:
                self.contacts = [c for c in self.contacts if c["email"] != address]
        elif heard.method == "PATCH":
            for contact in self.contacts:
                contact.update(json.loads(heard.body) if contact["email"] == address else {})
        return Said()

    def listed(self, asked: dict[str, list[str]]) -> Said:
        mine = [c for c in self.contacts if c["email"] == asked["email"][0]]
        if self.says_404 and not mine:
            return Said(404, b"nobody")
        start = (int(asked["page"][0]) - 1) * self.page if "page" in asked else int(asked.get("after", ["0"])[0])
        part, end = mine[start : start + self.page], start + self.page
        following = str(end) if end < len(mine) else None
        link = f"{self.url}/v1/contacts?email={asked['email'][0]}&after={end}" if following else None
        body = {"data": {"contacts": part}, "next": following, "link": link}
        return Said(200, json.dumps(body).encode())


@contextmanager
def mailing(count: int = 5, address: str = "ana@mail.example") -> Iterator[MailTool]:
    tool = MailTool()
    tool.contacts = [{"email": address, "lists": [{"name": f"list {n}"}], "secret": "x"} for n in range(count)]
    tool.contacts.append({"email": "bo@mail.example", "lists": []})
    with listening(tool.answer) as server:
        tool.url = server.url
        yield tool
