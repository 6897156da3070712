"""The wire: one connection pool, retries, and errors. What is not a clear answer is none."""

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, TypeVar

import httpx

from privacy_svc.client.errors import Unanswered, problem
from privacy_svc.client.sendable import json_bytes, sendable

AGAIN = frozenset({429, 502, 503, 504})
FIRST_SECONDS, MOST_SECONDS = 0.1, 10.0
"""Before the first retry at most; before any retry at most, unless the service asks for more."""
PATIENCE_SECONDS = 60.0
"""A `Retry-After` beyond this is left to the caller."""
T = TypeVar("T")
_dice = random.SystemRandom()
_sending = threading.local()


def _not_ours(_: logging.LogRecord) -> bool:
    """httpx logs each URL; ours hold customers' keys and addresses."""
    return not getattr(_sending, "now", False)


logging.getLogger("httpx").addFilter(_not_ours)


class Transport:
    """Thread-safe. `retries`: tries after the first."""

    def __init__(self, url: str, token: str, timeout: float, retries: int) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError("url is where the privacy service listens, with http:// or https:// before it")
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout, follow_redirects=False)
        self._retries = retries
        self._sleep: Callable[[float], None] = time.sleep

    @property
    def origin(self) -> str:
        """Where it speaks to, without a password that may stand in the URL."""
        url = self._http.base_url
        return f"{url.scheme}://{url.netloc.decode()}"

    def close(self) -> None:
        self._http.close()

    def call(self, method: str, path: str, read: Callable[[Any], T], **more: Any) -> T:
        """The answer as `read` understands it; `more` is that of `stream`. Raises Problem, Unanswered, Unsendable."""
        with self.stream(method, path, whole=True, **more) as response:
            try:
                return read(json.loads(response.content))
            except (KeyError, TypeError, ValueError, AttributeError):
                raise _unclear(more) from None

    @contextmanager
    def stream(
        self,
        method: str,
        path: str,
        *,
        whole: bool = False,
        changes: bool = False,
        key: str | None = None,
        params: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Iterator[httpx.Response]:
        """A good answer; its body is read where the `whole` is wanted. Retried unless it changes something without a
        key."""
        headers = {"Idempotency-Key": key} if key else {}
        content = None
        if body is not None:
            content = json_bytes(body)
            headers["Content-Type"] = "application/json"
        built = partial(self._http.build_request, method, path, params=params, content=content, headers=headers)
        request = sendable(built)
        try:
            response = self._send(request, 0 if changes and not key else self._retries, whole=whole)
        except httpx.RequestError as error:
            raise _lost(error, changes=changes, key=key) from None
        try:
            if not response.is_success:
                raise _refusal(response, changes=changes, key=key)
            yield response
        except httpx.RequestError as error:
            raise _lost(error, changes=changes, key=key) from None
        finally:
            response.close()

    def _send(self, request: httpx.Request, left: int, *, whole: bool) -> httpx.Response:
        """The first answer that need not be asked for again, or the last one. Raises httpx.RequestError."""
        for tries in range(left + 1):
            last = tries == left
            try:
                response = self._once(request, whole=whole)
            except httpx.RequestError:
                if last:
                    raise
                self._sleep(_pause(tries, None))
                continue
            wait = _retry_after(response)
            if response.status_code not in AGAIN or last or (wait or 0) > PATIENCE_SECONDS:
                return response
            response.close()
            self._sleep(_pause(tries, wait))
        raise AssertionError("the last try returns or raises")

    def _once(self, request: httpx.Request, *, whole: bool) -> httpx.Response:
        _sending.now = True
        try:
            return self._http.send(request, stream=not whole)
        finally:
            _sending.now = False


def _pause(tries: int, wait: float | None) -> float:
    """Exponential with full jitter, so that those who failed together do not come again together; after what the
    service asks for, where it does."""
    jitter = _dice.uniform(0, min(MOST_SECONDS, FIRST_SECONDS * 2**tries))
    return jitter if wait is None else wait + jitter


def _retry_after(response: httpx.Response) -> float | None:
    """RFC 9110 §10.2.3: seconds, or a date."""
    said = response.headers.get("retry-after", "").strip()
    if said.isdecimal() and said.isascii():
        return float(said)
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _refusal(response: httpx.Response, *, changes: bool, key: str | None) -> Exception:
    try:
        told = json.loads(response.read())
    except ValueError:
        told = None
    told = told if isinstance(told, dict) else {}
    status = response.status_code
    if status in AGAIN:
        what = told.get("detail") or told.get("title") or "the service or something before it is away"
        wait = _retry_after(response)
        return Unanswered(f"{status}: {what}", sent=changes, idempotency_key=key, retry_after=wait)
    if status < 400:
        return Unanswered(f"{status} is no answer of this service.", sent=changes, idempotency_key=key)
    return problem(status, told)


def _lost(error: httpx.RequestError, *, changes: bool, key: str | None) -> Unanswered:
    sent = changes and not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    what = "There was no answer in time" if isinstance(error, httpx.TimeoutException) else "There was no answer"
    more = "; whether the change was made is not known." if sent else "; that is a no."
    return Unanswered(f"{what} ({type(error).__name__}){more}", sent=sent, idempotency_key=key)


def _unclear(request: Mapping[str, Any]) -> Unanswered:
    message = "The answer cannot be understood; that is a no. Is this the address of the privacy service?"
    return Unanswered(message, sent=bool(request.get("changes")), idempotency_key=request.get("key"))
