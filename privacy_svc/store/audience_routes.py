"""Audiences over HTTP: /v1/audiences."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import RawBody
from litestar.response import Stream

from privacy_svc.errors import Fault, InvalidBody
from privacy_svc.http import Caller, Role, allow, decode, encode
from privacy_svc.store.audiences import Audience, Audiences
from privacy_svc.store.authzen_wire import MOST_FIELDS, module_of
from privacy_svc.store.directory import Directory
from privacy_svc.store.evaluating import Terms
from privacy_svc.store.pdp import Question

MEDIA_TYPE = "application/x-ndjson"
MOST = 100_000
"""Customers that may be named in one request."""


class AskAudience(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without `customers`, everybody; `collection` where the data map has several kinds of customers. `module` is for
    a DPO, who may ask for any."""

    purpose: str
    supported_obligations: list[str] = []
    fields: Annotated[list[str], msgspec.Meta(max_length=MOST_FIELDS)] = []
    customers: list[str] | None = None
    collection: str | None = None
    module: str | None = None


@post(
    "/v1/audiences",
    status_code=200,
    opt=allow(Role.MODULE, Role.DPO),
    sync_to_thread=True,
    operation_id="findAudience",
    tags=["Policy gateway"],
)
def find_audience(
    body: RawBody,
    directory: NamedDependency[Directory],
    audiences: NamedDependency[Audiences],
    caller: NamedDependency[Caller],
) -> Stream:
    """A line of JSON a customer, `{"id", "decision", "reason"?}`, and a last one of totals: a stream without it was
    cut off. All of it is decided and logged, as one entry, before the first line goes out."""
    wanted = decode(body, AskAudience)
    if wanted.customers is not None and len(wanted.customers) > MOST:
        why = f"names {len(wanted.customers):,}: at most {MOST:,} in one request, or leave it out for everybody"
        raise InvalidBody("The list is too long.", faults=[Fault("/customers", why)])
    asked = Question(caller.name, module_of(caller, wanted.module), wanted.purpose, tuple(dict.fromkeys(wanted.fields)))
    collection = directory.people(wanted.collection)
    terms = Terms(obliging="custom" in wanted.supported_obligations)
    return Stream(_lines(audiences.find(asked, terms, collection, wanted.customers)), media_type=MEDIA_TYPE)


def _lines(audience: Audience) -> Iterator[bytes]:
    yield from audience.lines
    told = {"decided_at": audience.decided_at, "policy_version": audience.policy_version}
    yield encode({"totals": asdict(audience.totals), **told, "decision_id": audience.decision_id}) + b"\n"


HANDLERS = [find_audience]
