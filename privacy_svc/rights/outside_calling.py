"""Calls to a system that a connector file describes: reads all pages, erases and looks again, corrects.

Whatever is not exactly what the file says is wrong, and nothing is taken from it: an answer that was misread would be a
request answered in part, and called whole. Nothing that the other side said gets into a message of ours.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from privacy_svc.db import now
from privacy_svc.outbound import Answer, Outbound, Unreachable
from privacy_svc.policy import AuthBy, Call, Connector, Paging, PagingBy, Reading, filled_in

MOST_PAGES = 1_000
MOST_ROWS = 100_000
MOST_BYTES = 5_000_000
"""In one page."""
LONGEST_WAIT = timedelta(days=1)
"""Whatever the other side asks for."""
_AWAY = frozenset({408, 425, 429, 500, 502, 503, 504})
_NOTHING = 404


class Elsewhere(Exception):
    """What went wrong, in a word of ours. `passing`: it may be right later; after `wait`, if the other side says so."""

    def __init__(self, problem: str, place: str, *, passing: bool = False, wait: timedelta | None = None) -> None:
        super().__init__(f"{place}: {problem}")
        self.problem, self.place, self.passing, self.wait = problem, place, passing, wait


@dataclass(frozen=True)
class Caller:
    """`secrets` by name; none appears in `repr`."""

    connector: Connector
    outbound: Outbound
    secrets: Mapping[str, str] = field(repr=False)
    alive: Callable[[], None] = lambda: None
    """Called before each call; what it raises ends the work."""

    def read(self, identity: str) -> list[dict[str, Any]]:
        """Every row of the person there, by our names of the fields. Raises Elsewhere."""
        reading = self.connector.access
        assert reading is not None
        rows: list[dict[str, Any]] = []
        for page in self._pages(reading, identity):
            rows += [self._row(reading, item) for item in page]
            if len(rows) > MOST_ROWS:
                raise self._wrong("too_many_rows", "access")
        return rows

    def erase(self, identity: str) -> int:
        """Erases, then asks again and expects nothing; how many rows there were. Raises Elsewhere: passing while
        something is still there."""
        assert self.connector.erasure is not None
        before = len(self.read(identity))
        if before:
            self._send("erasure", self.connector.erasure, identity)
            if self.read(identity):
                raise self._wrong("still_there", "erasure", passing=True)
        return before

    def correct(self, identity: str, values: Mapping[str, Any]) -> int:
        """`values` by their names of the fields."""
        correcting = self.connector.rectification
        assert correcting is not None
        call = Call(correcting.call.method, correcting.call.path, dict(values))
        return 0 if self._send("rectification", call, identity) is None else len(values)

    def restrict(self, identity: str) -> int:
        """How many they know by it: 1, or 0 where it is nobody. Raises Elsewhere."""
        assert self.connector.restriction is not None
        return 0 if self._send("restriction", self.connector.restriction, identity) is None else 1

    def lift(self, identity: str) -> int:
        """The same at the end of a restriction."""
        call = self.connector.restriction_end
        if call is None:
            raise self._wrong("nothing_to_call", "restriction_end")
        return 0 if self._send("restriction_end", call, identity) is None else 1

    def ping(self) -> None:
        """Raises Elsewhere where the system does not answer, or does not let us in."""
        self._call("ping", "GET", self.connector.base_url + self.connector.ping, None)

    def _pages(self, reading: Reading, identity: str) -> Iterator[list[Any]]:
        url: str | None = _first(self._url(reading.call.path, identity), reading.paging)
        seen = set[str]()
        for number in range(MOST_PAGES):
            if url is None:
                return
            if url in seen:
                raise self._wrong("page_again", "access.paging")
            seen.add(url)
            answer = self._get(reading, url, identity, absent=number == 0)
            if answer is None:
                return
            items = self._at(answer, reading.items, "access.items")
            if not isinstance(items, list):
                raise self._wrong("wrong_answer", "access.items")
            yield items
            url = self._next(reading, self._url(reading.call.path, identity), answer, items, number)
        raise self._wrong("too_many_pages", "access.paging")

    def _get(self, reading: Reading, url: str, identity: str, *, absent: bool) -> Any:
        """The answer as JSON; None where there is nothing of this person: not in the middle of what is."""
        body = None if reading.call.body is None else filled_in(reading.call.body, identity)
        answer = self._call("access", reading.call.method, url, body, absent=absent)
        if answer is None:
            return None
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):
            raise self._wrong("wrong_answer", "access") from None

    def _next(self, reading: Reading, base: str, answer: Any, items: Sequence[Any], number: int) -> str | None:
        paging = reading.paging
        if paging is None:
            return None
        if paging.by is PagingBy.PAGE:
            return _with(base, paging, paging.first + number + 1) if items else None
        following = self._at(answer, paging.next, "access.paging.next", required=False)
        if following is None or following == "":
            return None
        if not isinstance(following, str | int) or isinstance(following, bool):
            raise self._wrong("wrong_answer", "access.paging.next")
        if paging.by is PagingBy.CURSOR:
            return _with(base, paging, following)
        if not self._is_ours(str(following)):
            raise self._wrong("foreign_link", "access.paging.next")
        return str(following)

    def _is_ours(self, url: str) -> bool:
        """Below the connector's own address: our secret goes nowhere else."""
        try:
            there, ours = urlsplit(url), urlsplit(self.connector.base_url)
            same = (there.scheme, there.netloc) == (ours.scheme, ours.netloc)
        except ValueError:
            return False
        return same and there.path.startswith(ours.path) and ".." not in there.path

    def _row(self, reading: Reading, item: Any) -> dict[str, Any]:
        """A field that a row lacks is empty; a row that is no object is wrong."""
        if not isinstance(item, dict):
            raise self._wrong("wrong_answer", "access.items")
        return {
            name: self._at(item, pointer, f"access.fields.{name}", required=False)
            for name, pointer in reading.pointers.items()
        }

    def _send(self, what: str, call: Call, identity: str) -> Answer | None:
        body = None if call.body is None else filled_in(call.body, identity)
        return self._call(what, call.method, self._url(call.path, identity), body, absent=True)

    def _call(self, what: str, method: str, url: str, body: Any, *, absent: bool = False) -> Answer | None:
        """None for nothing of this person: a 404 where one may say so, the file says that it does, and the system is
        there to say it. Raises Elsewhere for all else but 2xx."""
        self.alive()
        headers = {**self.connector.headers, **self._auth()}
        content = b"" if body is None else json.dumps(body).encode()
        if content:
            headers["Content-Type"] = "application/json"
        try:
            answer = self.outbound.call(method, url, headers=headers, body=content, most_bytes=MOST_BYTES)
        except Unreachable as error:
            passing = error.reason in {"timeout", "no_connection"}
            raise self._wrong(error.reason, what, passing=passing) from None
        if answer.status in _AWAY:
            raise self._wrong(f"answered_{answer.status}", what, passing=True, wait=_retry_after(answer))
        if answer.status == _NOTHING and absent and self.connector.absent_is_404:
            self.ping()
            return None
        if not 200 <= answer.status < 300:
            problem = "redirected" if 300 <= answer.status < 400 else f"answered_{answer.status}"
            raise self._wrong(problem, what)
        return answer

    def _auth(self) -> dict[str, str]:
        auth = self.connector.auth
        if auth is None:
            return {}
        secret = self.secrets.get(auth.secret)
        if not secret:
            raise self._wrong("no_secret", "auth")
        if auth.by is AuthBy.BEARER:
            return {"Authorization": f"Bearer {secret}"}
        if auth.by is AuthBy.BASIC:
            return {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}
        return {auth.header: secret}

    def _url(self, path: str, identity: str) -> str:
        return self.connector.base_url + path.replace("{identity}", quote(identity, safe=""))

    def _at(self, value: Any, pointer: str, place: str, *, required: bool = True) -> Any:
        """RFC 6901."""
        for part in pointer.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict) and name in value:
                value = value[name]
            elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
                value = value[int(name)]
            elif required:
                raise self._wrong("wrong_answer", place)
            else:
                return None
        return value

    def _wrong(self, problem: str, what: str, **more: Any) -> Elsewhere:
        return Elsewhere(problem, f"{self.connector.key}.{what}", **more)


def _first(url: str, paging: Paging | None) -> str:
    return _with(url, paging, paging.first) if paging is not None and paging.by is PagingBy.PAGE else url


def _with(url: str, paging: Paging, value: str | int) -> str:
    return url + ("&" if "?" in url else "?") + urlencode({paging.param: value})


def _retry_after(answer: Answer) -> timedelta | None:
    """RFC 9110 §10.2.3: seconds or a date; what is neither is nothing."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=min(int(text), 10**6)), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(timedelta(), min(at - now(), LONGEST_WAIT))


def until(wait: timedelta | None, usual: timedelta) -> datetime:
    return now() + max(wait or timedelta(), usual)
