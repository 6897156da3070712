"""Consents that callers bring at the same time, in one transaction: each is answered, or refused, by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from litestar import Response
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Log, Signer
from privacy_svc.consent import service
from privacy_svc.consent.choices import Choices
from privacy_svc.consent.confirming import Post
from privacy_svc.consent.recording import Saying
from privacy_svc.consent.schemas import ConsentRecorded, ConsentView, RecordConsent
from privacy_svc.db import now
from privacy_svc.errors import PrivacyError
from privacy_svc.http import CustomerDirectory, CustomerRef, Once, Sent, carry_out
from privacy_svc.policy import PolicyHolder
from privacy_svc.vault import Vault


@dataclass(frozen=True, slots=True)
class Brought:
    """`actor`: who brings it."""

    once: Once
    body: bytes
    wanted: RecordConsent
    actor: str


class Taken(NamedTuple):
    """The answer, and a letter to send once it is committed."""

    answer: Response[ConsentRecorded]
    post: Post | None


@dataclass(frozen=True)
class Intake:
    vault: Vault
    log: Log
    directory: CustomerDirectory
    policies: PolicyHolder
    base_url: str
    signer: Signer

    def each(self, session: Session, brought: Sequence[Brought]) -> list[Taken | Exception]:
        """Under the policy of this moment. Raises what a look at the store does: then nothing holds."""
        taking = _Taking(self, session)
        sent = [Sent(one.once, one.body, one, {"customer": one.wanted.customer}) for one in brought]
        answers = carry_out(session, sent, ConsentRecorded, taking.record)
        return [
            answer if isinstance(answer, PrivacyError) else Taken(answer, taking.posts.get(id(one)))
            for one, answer in zip(brought, answers, strict=True)
        ]


class _Taking:
    """One transaction's."""

    def __init__(self, intake: Intake, session: Session) -> None:
        self._session, self._directory = session, intake.directory
        self._choices = Choices(
            intake.vault, intake.log, intake.directory, intake.policies.current, intake.base_url, intake.signer
        )
        self.posts: dict[int, Post] = {}

    def record(self, brought: Sequence[Brought]) -> list[ConsentRecorded | PrivacyError]:
        """What was not answered before."""
        ids = self._directory.admit_each(self._session, [(one.wanted.customer, one.actor) for one in brought])
        sayings = {n: Saying(i, brought[n].wanted, brought[n].actor) for n, i in enumerate(ids) if isinstance(i, str)}
        found: dict[int, ConsentRecorded | PrivacyError] = {n: i for n, i in enumerate(ids) if not isinstance(i, str)}
        said: dict[int, tuple[str, CustomerRef, ConsentView]] = {}
        for n, answer in zip(sayings, self._choices.say_all(self._session, list(sayings.values())), strict=True):
            if isinstance(answer, PrivacyError):
                found[n] = answer
                continue
            said[n] = (sayings[n].subject_id, brought[n].wanted.customer, answer[0])
            if answer[1] is not None:
                self.posts[id(brought[n])] = answer[1]
        told = service.recorded(self._session, self._choices.policies, list(said.values()), now())
        found |= zip(said, told, strict=True)
        return [found[n] for n in range(len(brought))]
