"""Customers sign in with a code that is mailed to the address on file. No password, nothing to remember.

Six digits, ten minutes, five tries, and only in the browser that asked: it holds a secret by which the code is hashed.
Nothing tells from outside whether an address is known. For one that nobody has a code is made, counted and refused all
the same; what takes its time, the look into the customer store and the mail, comes after the answer.
"""

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.db import Database, now
from privacy_svc.errors import PrivacyError, SharedAddress
from privacy_svc.http import CustomerDirectory, CustomerRef, Role
from privacy_svc.identity.failures import UNKNOWN, held_up
from privacy_svc.identity.limits import Limit, Reached, forget_over, take
from privacy_svc.identity.model import SignInCode
from privacy_svc.identity.secret import digest, new_secret
from privacy_svc.identity.sessions import start_session
from privacy_svc.mail import Letter, Mailer, MailUnavailable

MINUTES = 10
TRIES = 5
PERSON = "person"
"""The actor of what customers do themselves."""
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
ASKED_BY_NETWORK = Limit("network", 30, _HOUR)
ASKED_FOR_ADDRESS = (Limit("address", 5, _HOUR), Limit("address", 15, _DAY))
TRIED_BY_NETWORK = Limit("network-tries", 60, _HOUR)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """A code that waits to be sent. `flow` is for the browser alone."""

    flow: str = field(repr=False)
    digits: str = field(repr=False)
    address: str = field(repr=False)


def ask(session: Session, log: Log, address: str, network: str) -> Asked | Reached:
    """Somebody says that this is their address. The same answer, after the same work, whoever has it. Raises
    KeyUnavailable."""
    forget_over(session)
    session.execute(delete(SignInCode).where(SignInCode.expires_at <= now()))
    reached = _asked_too_often(session, log, address, network)
    if reached is not None:
        return held_up(session, log, reached)
    asked = Asked(new_secret(), f"{secrets.randbelow(1_000_000):06d}", address)
    row = SignInCode(flow_hash=digest(asked.flow), code_hash=_hash(asked.flow, asked.digits), tries=0)
    row.expires_at = now() + timedelta(minutes=MINUTES)
    session.add(row)
    return asked


def _asked_too_often(session: Session, log: Log, address: str, network: str) -> Reached | None:
    if (reached := take(session, ASKED_BY_NETWORK, network.encode())) is not None:
        return reached
    key = _address_key(session, log, address)
    found = (take(session, limit, key) for limit in ASKED_FOR_ADDRESS)
    return next((reached for reached in found if reached is not None), None)


def _address_key(session: Session, log: Log, address: str) -> bytes:
    """Spellings that mean the same count as one; what is no address counts as itself."""
    hashed = log.vault.address_hasher(session, write=True).newest([("email", address)])
    return hashed[0].digest if hashed else digest(address)


@dataclass(frozen=True, slots=True)
class Post:
    """What sends a code, once the browser has its answer."""

    database: Database
    log: Log
    directory: CustomerDirectory
    mailer: Mailer

    def send(self, asked: Asked, letter: Letter) -> None:
        """Where the address is somebody's. What goes wrong is logged, and the browser learns nothing of it: nor does
        whoever measures how long others' writes are held up, for what is written is the same for everybody."""
        try:
            subject_id, address, why = self._whose(asked)
            with self.database.write() as session:  # from now on the code counts
                mine = SignInCode.flow_hash == digest(asked.flow)
                session.execute(update(SignInCode).where(mine).values(subject_id=subject_id))
            why = why or self._mail(address, letter)
            event = EventType.SIGN_IN_CODE_NOT_SENT if why else EventType.SIGN_IN_CODE_SENT
            with self.database.write() as session:
                payload = {"why": why} if why else {}
                self.log.append(session, event, actor=UNKNOWN, subject_id=subject_id, payload=payload)
        except PrivacyError as error:
            _log.warning("sign_in.code_waits", problem=error.slug)

    def _whose(self, asked: Asked) -> tuple[str | None, str, str]:
        """The person and the address as it is on file, since what was typed may only look like it; or why not. No write
        lock is held while the store is searched; only of somebody whom we do not know yet it reads the row."""
        try:
            with self.database.read() as session:
                customer = self.directory.locate(session, CustomerRef(email=asked.address))
                subject_id = self.directory.find(session, customer) if customer else None
        except SharedAddress:  # nobody can say whose code it would be
            return None, "", "several people share the address"
        if customer is not None and subject_id is None:
            with self.database.write() as session:
                subject_id = self.directory.admit(session, customer)
        with self.database.read() as session:
            address = self._on_file(session, subject_id, asked.address) if subject_id else None
        return (subject_id, address, "") if address else (None, "", "nobody has the address")

    def _on_file(self, session: Session, subject_id: str, typed: str) -> str | None:
        hasher = self.log.vault.address_hasher(session)
        contacts = self.directory.contacts(session, [subject_id]).get(subject_id, ())
        wanted = hasher.of("email", typed)
        return next((c.value for c in contacts if c.kind == "email" and hasher.of("email", c.value) == wanted), None)

    def _mail(self, address: str, letter: Letter) -> str:
        """Why it could not be sent, or nothing."""
        try:
            self.mailer.send(address.strip(), letter)
        except MailUnavailable as error:
            return error.slug
        return ""


def redeem(session: Session, log: Log, flow: str, digits: str, network: str, before: str = "") -> str | Reached | None:
    """The secret of a fresh session; that of `before` ends. None where the code is refused: the try is counted and
    logged in this transaction, so the boundary refuses only after its commit."""
    if (reached := take(session, TRIED_BY_NETWORK, network.encode())) is not None:
        return held_up(session, log, reached)
    row = session.scalar(select(SignInCode).where(SignInCode.flow_hash == digest(flow)).with_for_update())
    given = _hash(flow, "".join(digits.split()))
    if row is not None and row.tries < TRIES and row.expires_at > now():
        row.tries += 1
        if hmac.compare_digest(row.code_hash, given) and row.subject_id is not None:
            session.delete(row)
            return start_session(session, log, Role.CUSTOMER, PERSON, subject_id=row.subject_id, before=before)
        if row.tries == TRIES:
            log.append(session, EventType.SIGN_IN_LOCKED, actor=UNKNOWN, payload={"limit": "code"})
    _failed(session, log, row.tries if row else 0)
    return None


def _failed(session: Session, log: Log, tries: int) -> None:
    """About nobody, for the address may be nobody's: to seal it for somebody takes longer, and that would be seen."""
    payload = {"by": "code", "attempt": tries}
    log.append(session, EventType.SIGN_IN_FAILED, actor=UNKNOWN, payload=payload)


def _hash(flow: str, digits: str) -> bytes:
    return hmac.digest(flow.encode(), digits.encode(errors="replace"), "sha256")
