"""What all pages of the console share: who may, how a page is made, what a wrong form is answered with."""

import enum
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from litestar import Request
from litestar.params import RawBody
from litestar.response import Redirect, Template

from privacy_svc.db import now
from privacy_svc.errors import BadRequest
from privacy_svc.http import Caller, CustomerRef, Role, allow
from privacy_svc.policy import PolicyHolder, PolicySet
from privacy_svc.web.forms import form
from privacy_svc.web.rendering import page
from privacy_svc.web.staff import HOME, REFUSED, STAFF

E = TypeVar("E", bound=enum.StrEnum)
READS: Mapping[str, Any] = {
    "opt": STAFF,
    "sync_to_thread": True,
    "include_in_schema": False,
    "exception_handlers": REFUSED,
}
"""A page that every role of the staff may see: it shows nobody."""
DECIDES: Mapping[str, Any] = {**READS, "opt": allow(Role.DPO, Role.ADMIN)}
LOOKS: Mapping[str, Any] = {**READS, "opt": allow(Role.DPO)}
"""A page with what is sealed; each look is an entry of the log."""


def console(
    request: Request[Any, Any, Any], caller: Caller, policies: PolicyHolder, name: str, **more: Any
) -> Template:
    return page(
        request,
        policies.current,
        name,
        language="en",
        caller=caller,
        decides=caller.role in {Role.DPO, Role.ADMIN},
        looks=caller.role is Role.DPO,
        **more,
    )


def sent(body: RawBody, *required: str) -> dict[str, str]:
    """A form's fields, without blanks around them and without those left empty. Raises BadRequest."""
    found = {name: text.strip() for name, text in form(body).items() if text.strip()}
    for name in required:
        if name not in found:
            raise BadRequest(f"The form lacks what it asks for: {name.replace('_', ' ')}.")
    return found


def local_time(text: str | None, policies: PolicySet) -> datetime | None:
    """What `<input type=datetime-local>` says, in the organisation's time. Raises BadRequest."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest("A time is written as 2026-11-29T08:30.") from None
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(policies.organisation.time_zone))


def minute(text: str | None, policies: PolicySet) -> datetime | None:
    """A form's minute as the last instant in it, as far as it has come: what happened in the minute is within it."""
    at = local_time(text, policies)
    return at and min(at.replace(second=59, microsecond=999_999), max(at, now()))


def named(customer: str) -> CustomerRef:
    """By an address, a phone number with its country code, or the CRM's own key."""
    if "@" in customer:
        return CustomerRef(email=customer)
    return CustomerRef(phone=customer) if customer.startswith("+") else CustomerRef(id=customer)


def choice(kind: type[E], text: str) -> E:
    """One of what a form or a query offers. Raises BadRequest."""
    try:
        return kind(text)
    except ValueError:
        raise BadRequest(f"There is no {kind.__name__.lower()} {text[:40]!r}.") from None


def back(to: str) -> Redirect:
    return Redirect(f"{HOME}/{to}", status_code=303)
