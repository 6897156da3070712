"""What people said about purposes: recorded, read, and how they take it back."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from privacy_svc.client import answers
from privacy_svc.client.answers import (
    Consent,
    Consents,
    Customer,
    Guardian,
    Notice,
    Signal,
    Source,
    State,
    UnsubscribeLink,
)
from privacy_svc.client.sendable import segment
from privacy_svc.client.transport import Transport

DIRECT_MARKETING = "direct_marketing"
"""All of it, also of what is to come (Art. 21(2))."""
T = TypeVar("T")
ADDRESSES = 10_000
"""Checked in one request."""


class Consenting:
    """The part of `Client` that is about consents."""

    _wire: Transport

    def record_consent(  # noqa: PLR0913 - all but the first by name
        self,
        customer: Customer,
        *,
        purpose: str,
        state: State,
        source: Source,
        notice: Notice | None = None,
        guardian: Guardian | None = None,
        given_at: datetime | str | None = None,
        expires_at: datetime | str | None = None,
        idempotency_key: str | None = None,
    ) -> Consent:
        """What a person said of one purpose; holds at once. A withdrawal needs no notice. Times have a zone (RFC 3339);
        `given_at` is now, unless you say when. It is recorded once, however often it has to be sent; give a key of
        your own, a new one for each consent, where your module itself may be ended and begin again."""
        body: dict[str, Any] = {"customer": named(customer), "purpose": purpose, "state": state, "source": source}
        more = {"notice": notice, "guardian": guardian, "given_at": _time(given_at), "expires_at": _time(expires_at)}
        body |= {name: value for name, value in more.items() if value is not None}
        return self._wire.call(
            "POST", "/v1/consents", answers.consent, body=body, changes=True, key=idempotency_key or str(uuid.uuid4())
        )

    def consents(
        self,
        customer: str | int,
        *,
        purpose: str | None = None,
        as_of: datetime | str | None = None,
        known_at: datetime | str | None = None,
    ) -> Consents:
        """What stands of one customer (by the CRM's own key), for the purposes that your module may use or record, and
        how it came about; or what stood `as_of` a past time, as far as it was known at `known_at`. Raises Forbidden
        for another `purpose`, Erased, NotFound."""
        asked = {"purpose": purpose, "as_of": _time(as_of), "known_at": _time(known_at)}
        params = {name: value for name, value in asked.items() if value is not None}
        path = f"/v1/customers/{segment(customer)}/consents"
        return self._wire.call("GET", path, answers.consents, params=params)

    def object_to(
        self,
        customer: str | int,
        purpose: str = DIRECT_MARKETING,
        *,
        reason: str | None = None,
        idempotency_key: str | None = None,
    ) -> int:
        """A customer (by the CRM's own key) objects (Art. 21 GDPR): to a purpose, a group of them, `profiling`, or, if
        you name none, to all direct marketing. No reason is needed. It holds at once; returns the state version, for
        `min_state_version`. Raises BadCall for what nobody can object to, NotFound, Erased.

        Agreeing again to the same purpose lifts it; otherwise the DPO does, or the person in the Privacy Centre. A
        restriction (Art. 18) is the DPO's to place and to lift: a module reads of it (`consents`).
        """
        body = {"purpose": purpose} | ({"reason": reason} if reason is not None else {})
        return self._change(customer, "objections", answers.state_version, body, idempotency_key)

    def pass_signal(self, customer: str | int) -> Signal:
        """The browser of a customer whom you know (by the CRM's own key) sent `Sec-GPC: 1`. Pass it on as often as you
        see it: it is noted once for each purpose that honours it, and what the person says on purpose later stands."""
        return self._change(customer, "signals", answers.signal, {"gpc": 1}, None)

    def _change(
        self, customer: str | int, what: str, read: Callable[[Any], T], body: dict[str, Any], key: str | None
    ) -> T:
        path = f"/v1/customers/{segment(customer)}/{what}"
        return self._wire.call("POST", path, read, body=body, changes=True, key=key or str(uuid.uuid4()))

    def unsubscribe_link(self, customer: Customer, *, purpose: str) -> UnsubscribeLink:
        """For a mail to one customer: unsubscribing from the purpose with one click (RFC 8058). It is the same each
        time, and does not expire."""
        body = {"customer": named(customer), "purpose": purpose}
        return self._wire.call("POST", "/v1/consents/unsubscribe-link", answers.unsubscribe_link, body=body)

    def check_suppressions(
        self, *, emails: Sequence[str] = (), phones: Sequence[str] = (), purpose: str | None = None
    ) -> dict[str, bool]:
        """Each address, and whether it must not be used: for the purpose, or for anything. Before you load a list that
        came from elsewhere. 10,000 to a request; the service takes so many an hour from one caller."""
        found = dict[str, bool]()
        for kind, some in _pieces({"emails": emails, "phones": phones}):
            body = {kind: some} | ({"purpose": purpose} if purpose is not None else {})
            listed = self._wire.call("POST", "/v1/suppressions/check", _as_listed(kind, len(some)), body=body)
            found |= zip(some, listed, strict=True)
        return found


def named(customer: Customer) -> dict[str, str]:
    given: object = customer  # whatever a caller without types passes
    if isinstance(customer, Mapping):
        return dict(customer)
    if isinstance(given, str | int) and not isinstance(given, bool):
        return {"id": str(given)}
    raise ValueError("a customer is the CRM's own key, or one of id, email, phone, subject with its value")


def _time(at: datetime | str | None) -> str | None:
    return at.isoformat() if isinstance(at, datetime) else at


def _pieces(addresses: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, list[str]]]:
    for kind, given in addresses.items():
        every = list(dict.fromkeys(given))
        for start in range(0, len(every), ADDRESSES):
            yield kind, every[start : start + ADDRESSES]


def _as_listed(kind: str, asked: int) -> Callable[[Any], list[bool]]:
    """Whatever is not a clear no is a yes: the address must not be used."""

    def read(got: Any) -> list[bool]:
        listed = [one is not False for one in got[kind]]
        if len(listed) != asked:
            raise ValueError("not as many answers as addresses")
        return listed

    return read
