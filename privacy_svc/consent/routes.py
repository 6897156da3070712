"""Consents over HTTP, and the ways they are taken back. `{customer}` in a path is the CRM's own key."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, HeaderParameter, RawBody
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log, Signer
from privacy_svc.consent import service, standing
from privacy_svc.consent.checks import may_record
from privacy_svc.consent.choices import CHOICES, Choices
from privacy_svc.consent.confirming import Post
from privacy_svc.consent.errors import MayNotRecord
from privacy_svc.consent.intake import Brought, Taken
from privacy_svc.consent.issue import issue_receipt
from privacy_svc.consent.posting import forget_unsent, note_sent
from privacy_svc.consent.proving import Asked, overview
from privacy_svc.consent.readers import readable_by, refuse
from privacy_svc.consent.schemas import (
    AskUnsubscribeLink,
    ConsentRecorded,
    CustomerConsents,
    PassSignal,
    RecordConsent,
    SignalNoted,
    UnsubscribeLink,
    read_consent,
)
from privacy_svc.db import Database, Together, now
from privacy_svc.errors import Erased, Forbidden
from privacy_svc.http import (
    IDEMPOTENCY_KEY,
    Caller,
    CustomerDirectory,
    CustomerRef,
    Once,
    Role,
    allow,
    decode,
    once_of_request,
    parts_of,
)
from privacy_svc.identity import caller_of_request
from privacy_svc.mail import Mailer, MailUnavailable
from privacy_svc.policy import PolicyHolder
from privacy_svc.settings import Settings
from privacy_svc.vault import Vault

TAGS = ["Consent"]
CUSTOMER = "/v1/customers/{customer:str}"
READERS = allow(Role.MODULE, Role.DPO)


@post(
    "/v1/consents",
    opt=allow(Role.MODULE, Role.DPO) | {"body": RecordConsent},
    operation_id="recordConsent",
    tags=TAGS,
)
async def record_consent(
    request: Request[Any, Any, Any],
    body: RawBody,
    idempotency_key: Annotated[str | None, HeaderParameter(name=IDEMPOTENCY_KEY)] = None,
) -> Response[ConsentRecorded]:
    """One person, one purpose: given, refused or withdrawn. Holds for every decision after the answer.

    Where the purpose asks for double opt-in, `given` is recorded as `requested`, which permits nothing, and the person
    gets a link by mail. What stands already (`current`) goes on standing meanwhile."""
    wanted, parts, caller = read_consent(body), parts_of(request), caller_of_request(request)
    once = once_of_request(request, caller, idempotency_key)
    policies: PolicyHolder = parts["policies"]
    if caller.role is Role.MODULE and not may_record(policies.current, caller.name, wanted):
        why = MayNotRecord(f"modules.yml does not let {caller.name} record consents to {wanted.purpose}.")
        await asyncio.to_thread(refuse, parts["database"], parts["log"], caller, wanted.purpose, why)
    recording: Together[Brought, Taken] = parts["recording"]
    taken = await recording.do(Brought(once, body, wanted, caller.name))
    if taken.post is not None:  # none when it was answered before
        await asyncio.to_thread(_send, parts["mailer"], taken.post, parts["database"], parts["vault"], once)
    return taken.answer


@post(
    "/v1/consents/unsubscribe-link",
    opt=allow(Role.MODULE, Role.DPO) | {"body": AskUnsubscribeLink},
    dependencies=CHOICES,
    sync_to_thread=True,
    status_code=200,
    operation_id="makeUnsubscribeLink",
    tags=TAGS,
)
def make_unsubscribe_link(
    body: RawBody,
    database: NamedDependency[Database],
    directory: NamedDependency[CustomerDirectory],
    choices: NamedDependency[Choices],
    policies: NamedDependency[PolicyHolder],
    log: NamedDependency[Log],
    caller: NamedDependency[Caller],
) -> UnsubscribeLink:
    """The link and the headers by which a mail can be unsubscribed from with one click (RFC 8058), without signing in.
    It is the same each time, and does not expire. A module gets those of the purposes it works for: else it would
    learn who is known here."""
    wanted = decode(body, AskUnsubscribeLink)
    readable_by(database, log, policies.current, caller, wanted.purpose)
    with database.write() as session:
        subject_id = directory.admit(session, wanted.customer, caller.name)
    return choices.unsubscribe_link(subject_id, wanted.purpose)


def _send(mailer: Mailer, post: Post, database: Database, vault: Vault, once: Once) -> None:
    """Raises MailUnavailable: then the same request, sent again, asks again, and is not answered as if it had. Whoever
    is killed here leaves the letter to a worker."""
    try:
        mailer.send(post.address, post.letter)
    except MailUnavailable:
        with database.write() as session:
            ours = forget_unsent(session, post)
            if ours:
                once.unspend(session)
        if ours:
            raise
        return
    with database.write() as session:
        note_sent(session, vault, post)


def _refuse_erased(session: Session, subject_id: str, caller: Caller) -> None:
    """The proof outlives an erasure (Art. 17(3)(e)), for the DPO alone."""
    if caller.role is not Role.DPO and standing.subject_state(session, subject_id, now()).erased:
        raise Erased("This person's data were erased.")


@get(
    CUSTOMER + "/consents",
    opt=READERS,
    sync_to_thread=True,
    operation_id="listConsents",
    tags=TAGS,
)
def list_consents(
    customer: FromPath[str],
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    log: NamedDependency[Log],
    directory: NamedDependency[CustomerDirectory],
    caller: NamedDependency[Caller],
    as_of: FromQuery[datetime | None] = None,
    known_at: FromQuery[datetime | None] = None,
    purpose: FromQuery[str | None] = None,
    evidence: FromQuery[bool] = False,
) -> CustomerConsents:
    """What stands for each purpose, how it came about, and what the person objected to; or what stood `as_of` a past
    time, as far as it was known at `known_at`. A module is told of the
    purposes it may use or record. The DPO gets the proof with it: who recorded it, the exact text,
    the entry of the log. `evidence` opens what the person's evidence key seals. Once the person is erased,
    only for the DPO."""
    if evidence and caller.role is not Role.DPO:
        raise Forbidden("What proves a consent may be the person's own words: only the DPO opens it.")
    ref, at = CustomerRef(id=customer), now()
    in_force = policies.current
    purposes = readable_by(database, log, in_force, caller, purpose)
    asked = Asked(as_of, known_at, purpose, caller.role is not Role.MODULE, evidence, purposes).check(at)
    with database.write() as session:
        subject_id = directory.admit(session, ref, caller.name)
        _refuse_erased(session, subject_id, caller)
        log.append(session, EventType.CONSENT_READ, actor=caller.name, subject_id=subject_id, payload=asked.told())
        return overview(session, log, in_force, subject_id, ref, asked, at)


@get(
    "/v1/consents/{consent:str}/receipt",
    opt=READERS,
    sync_to_thread=True,
    media_type="application/ld+json",
    operation_id="getReceipt",
    tags=TAGS,
)
def get_receipt(
    consent: FromPath[str],
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    log: NamedDependency[Log],
    signer: NamedDependency[Signer],
    settings: NamedDependency[Settings],
    caller: NamedDependency[Caller],
) -> dict[str, Any]:
    """A signed receipt, ISO/IEC TS 27560 as JSON-LD; a module's for the purposes it may use or record. Once the person
    is erased, only for the DPO."""
    with database.read() as session:
        purpose = service.find(session, consent).purpose
    readable_by(database, log, policies.current, caller, purpose)
    with database.write() as session:
        row = service.find(session, consent)
        _refuse_erased(session, row.subject_id, caller)
        payload = {"receipt": row.id}
        log.append(session, EventType.CONSENT_READ, actor=caller.name, subject_id=row.subject_id, payload=payload)
        return issue_receipt(session, signer, policies.current, row, settings.base_url)


@post(
    CUSTOMER + "/signals",
    opt=allow(Role.MODULE, Role.DPO) | {"body": PassSignal},
    dependencies=CHOICES,
    sync_to_thread=True,
    status_code=200,
    operation_id="passSignal",
    tags=TAGS,
)
def pass_signal(
    customer: FromPath[str],
    body: RawBody,
    database: NamedDependency[Database],
    directory: NamedDependency[CustomerDirectory],
    choices: NamedDependency[Choices],
    caller: NamedDependency[Caller],
) -> SignalNoted:
    """A module saw `Sec-GPC: 1` from a person it knows: purposes that honour Global Privacy Control end. Send it as
    often as it is seen; it is noted once, and what the person agrees to later stands."""
    decode(body, PassSignal)
    with database.write() as session:
        subject_id = directory.admit(session, CustomerRef(id=customer), caller.name)
        noted = choices.signal(session, subject_id, caller.name)
        return SignalNoted(noted, standing.subject_state(session, subject_id, now()).version)


@get("/.well-known/gpc.json", opt=allow(Role.PUBLIC), sync_to_thread=True, operation_id="gpcSupport", tags=TAGS)
def tell_gpc(policies: NamedDependency[PolicyHolder]) -> dict[str, bool]:
    """Whether Global Privacy Control is honoured here (W3C GPC): where a purpose of the policy does."""
    return {"gpc": any(p.honours_gpc for p in policies.current.purposes.values())}


HANDLERS = [
    record_consent,
    make_unsubscribe_link,
    list_consents,
    get_receipt,
    pass_signal,
    tell_gpc,
]
