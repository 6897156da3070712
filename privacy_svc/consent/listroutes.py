"""The suppression list and imports over HTTP."""

import io
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter, RawBody
from litestar.response import Stream

from privacy_svc.auditlog import EventType, Log
from privacy_svc.consent.checks import require_purpose
from privacy_svc.consent.importing import Importer
from privacy_svc.consent.judging import Refused
from privacy_svc.consent.readers import readable_by
from privacy_svc.consent.reading import Format, Line, Shape, guess_format, inspect, read
from privacy_svc.consent.releasing import release_unowned
from privacy_svc.consent.suppression import ALL, counts, scopes_by_address, scopes_of
from privacy_svc.db import Database
from privacy_svc.errors import InvalidBody, PrivacyError
from privacy_svc.http import Caller, Contact, CustomerDirectory, Role, allow, decode, takes
from privacy_svc.identity import Limit, TooManyTries, take
from privacy_svc.policy import PolicyHolder, PolicySet
from privacy_svc.vault import Vault

TAGS = ["Consent"]
MOST = 10_000
"""Addresses in one check."""
CHECKED = Limit("suppression-check", 1_000_000, timedelta(hours=1))
"""Addresses of one caller: an address list, not a search for who ever objected."""
FILES = (
    "text/csv",
    "application/x-ndjson",
    "application/jsonl",
    "application/json",
    "text/plain",
    "application/octet-stream",
)
"""What a file of consents is sent as; what it is, it says itself."""
Address = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
Addresses = Annotated[list[Address], msgspec.Meta(max_length=MOST)]


class CheckSuppressions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Before a module loads an address list. Without `purpose`: suppressed for any that the caller may know of."""

    emails: Addresses = []
    phones: Addresses = []
    purpose: str | None = None

    def __repr__(self) -> str:
        return "CheckSuppressions(…)"


class Suppressed(msgspec.Struct, frozen=True):
    """In the order of the question; `true` must not be used."""

    emails: list[bool]
    phones: list[bool]


@post(
    "/v1/suppressions/check",
    opt=allow(Role.MODULE, Role.DPO) | {"body": CheckSuppressions},
    sync_to_thread=True,
    status_code=200,
    operation_id="checkSuppressions",
    tags=TAGS,
)
def check_suppressions(
    body: RawBody,
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    vault: NamedDependency[Vault],
    log: NamedDependency[Log],
    caller: NamedDependency[Caller],
) -> Suppressed:
    """Is an address on the suppression list? What is no address is not. A module learns it for the purposes that it
    may use or record, and for no other."""
    wanted, in_force = decode(body, CheckSuppressions), policies.current
    if wanted.purpose is not None:
        require_purpose(in_force, wanted.purpose)
    purposes = readable_by(database, log, in_force, caller, wanted.purpose)
    scopes = _scopes(in_force, purposes if wanted.purpose is None else {wanted.purpose})
    asked = len(wanted.emails) + len(wanted.phones)
    contacts = [*(Contact("email", v) for v in wanted.emails), *(Contact("phone", v) for v in wanted.phones)]
    with database.write() as session:
        reached = take(session, CHECKED, caller.id.encode(), asked)
    if reached is not None:
        raise TooManyTries(reached.seconds)
    with database.write() as session:
        listed = scopes_by_address(session, vault, contacts)
        found = [bool(under if scopes is None else under & scopes) for c in contacts for under in [listed.get(c, _NO)]]
        payload = {"asked": asked, "suppressed": sum(found), "purpose": wanted.purpose}
        log.append(session, EventType.SUPPRESSION_CHECKED, actor=caller.name, payload=payload)
    return Suppressed(found[: len(wanted.emails)], found[len(wanted.emails) :])


class ReleaseAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the two, and what you know of it: it stands in the log."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
    email: Address | None = None
    phone: Address | None = None

    def __post_init__(self) -> None:
        if (self.email is None) == (self.phone is None):
            raise InvalidBody("Name one address: email or phone.")

    def __repr__(self) -> str:
        return "ReleaseAddress(…)"

    @property
    def contact(self) -> Contact:
        return Contact("email", self.email) if self.email is not None else Contact("phone", self.phone or "")


class AddressReleased(msgspec.Struct, frozen=True):
    """`left`: entries that still stand. An erasure's goes with the own new consent of who has the address now, and
    what a person said with their word."""

    released: int
    left: int


@post(
    "/v1/suppressions/release",
    opt=allow(Role.DPO) | {"body": ReleaseAddress},
    sync_to_thread=True,
    status_code=200,
    operation_id="releaseSuppressed",
    tags=TAGS,
)
def release_suppressed(
    body: RawBody,
    database: NamedDependency[Database],
    vault: NamedDependency[Vault],
    log: NamedDependency[Log],
    caller: NamedDependency[Caller],
) -> AddressReleased:
    """Entries go of which nobody knows whose they are, because they are older than their owners' tags."""
    wanted = decode(body, ReleaseAddress)
    with database.write() as session:
        found = release_unowned(session, vault, log, wanted.contact, caller.name, wanted.reason)
    return AddressReleased(*found)


_NO: frozenset[str] = frozenset()


def _scopes(policies: PolicySet, purposes: Collection[str] | None) -> frozenset[str] | None:
    """What keeps an address from one of these; None for whatever is on the list. What an erasure left stands against
    everybody, also against who works for nothing yet."""
    if purposes is None:
        return None
    known = (policies.purposes[key] for key in purposes if key in policies.purposes)
    return frozenset({ALL}.union(*map(scopes_of, known)))


@get(
    "/v1/suppressions",
    opt=allow(Role.DPO, Role.AUDITOR),
    sync_to_thread=True,
    operation_id="countSuppressions",
    tags=TAGS,
)
def count_suppressions(database: NamedDependency[Database]) -> list[dict[str, Any]]:
    """How many addresses are suppressed, by kind, scope and reason. Which they are, nobody can say."""
    with database.read() as session:
        return counts(session)


@post(
    "/v1/consents/import",
    opt=allow(Role.DPO, Role.ADMIN) | takes(*FILES),
    sync_to_thread=True,
    status_code=200,
    operation_id="importConsents",
    tags=TAGS,
)
def import_consents(
    body: RawBody,
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    vault: NamedDependency[Vault],
    log: NamedDependency[Log],
    directory: NamedDependency[CustomerDirectory],
    caller: NamedDependency[Caller],
    form: Annotated[Format | None, QueryParameter(name="format")] = None,
    dry_run: FromQuery[bool] = False,
) -> Stream:
    """CSV or NDJSON, see docs/dpo.md; at most as large as a body may be. Answers with a line a refused row and a last
    line of totals, or of the error that ended it. To resume, send it again: what is there is not recorded twice."""
    file = io.BytesIO(body)
    inspected = inspect(file)
    lines = read(file, Shape(form or guess_format("", body[:1000])))
    importer = Importer(database, vault, log, directory, policies.current, caller.name, dry_run=dry_run)
    return Stream(_answers(importer, f"{inspected.digest} http", lines), media_type="application/x-ndjson")


def _answers(importer: Importer, digest: str, lines: Iterator[Line]) -> Iterator[bytes]:
    refused: list[Refused] = []
    try:
        for totals in importer.steps(digest, lines, refused.extend, again=True):  # noqa: B007 - the last is wanted
            yield from (msgspec.json.encode(r) + b"\n" for r in refused)
            refused.clear()
        yield msgspec.json.encode({"totals": totals.to_json()}) + b"\n"
    except PrivacyError as error:
        yield msgspec.json.encode({"error": {"type": f"/problems/{error.slug}", "detail": error.detail}}) + b"\n"


HANDLERS = [check_suppressions, count_suppressions, release_suppressed, import_consents]
