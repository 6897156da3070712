"""The switches of the Privacy Centre: one for each purpose that is the person's to decide, and one for all advertising.

Off is a withdrawal, an objection, or both; on is a consent to the newest notice, or an objection that is taken back.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from privacy_svc.consent.choices import PERSON, Choices, Said, is_over
from privacy_svc.consent.errors import NoticeChanged
from privacy_svc.consent.objections import lift_objection, object_to, objects_since
from privacy_svc.consent.schemas import NoticeRef, RecordConsent, Source
from privacy_svc.consent.standing import subject_state
from privacy_svc.consent.states import Method
from privacy_svc.consent.suppression import Cause
from privacy_svc.consent.versions import hold
from privacy_svc.db import now
from privacy_svc.errors import NotFound
from privacy_svc.http import CustomerRef
from privacy_svc.policy import (
    DIRECT_MARKETING,
    Purpose,
    SpecialCondition,
    SubjectState,
    is_objected,
    is_objectionable,
)

CHANNEL = "privacy-centre"


class Position(enum.StrEnum):
    ON = "on"
    OFF = "off"
    ASKED = "asked"
    """On by the person's word, but a mail waits to be confirmed."""
    BARRED = "barred"
    """Off by an objection to something above it."""


@dataclass(frozen=True, slots=True)
class Switch:
    purpose: Purpose
    position: Position


@dataclass(frozen=True)
class Switches:
    """Of one person, in the caller's transaction."""

    choices: Choices
    subject_id: str

    def show(self, session: Session) -> tuple[Sequence[Switch], bool]:
        """All of them; and whether all advertising is objected to."""
        state = subject_state(session, self.subject_id, now())
        purposes = [p for p in self.choices.policies.purposes.values() if _is_theirs(p, state)]
        return [Switch(p, _position(p, state)) for p in purposes], DIRECT_MARKETING in state.objections

    def off(self, session: Session, key: str, actor: str = PERSON) -> None:
        """Holds from the commit on; what is off stays so. Raises NotFound, Erased."""
        hold(session, self.subject_id)
        if key == DIRECT_MARKETING:
            object_to(session, self.choices.log, self.subject_id, key, actor, CHANNEL)
            self.choices.keeper.suppress(session, self.subject_id, key, Cause.OBJECTION, actor)
            return
        purpose = self._purpose(session, key)
        if not is_over(session, self.subject_id, purpose):
            self.choices.take_back(session, self.subject_id, purpose, CHANNEL, actor)

    def on(self, session: Session, key: str, shown: str, actor: str = PERSON) -> Said | None:
        """What was recorded, with a letter to send where the purpose asks for one. `shown`: the digest of the notice
        that the person had before them. Raises NoticeChanged where that is not the text of now: nobody agrees to what
        they have not seen. Raises NotFound, InvalidBody, Erased, NoAddress, TooManyRequests."""
        hold(session, self.subject_id)
        if key == DIRECT_MARKETING:
            self._lift(session, key, actor)
            return None
        purpose = self._purpose(session, key)
        agreed = None if purpose.consent is None else self._consent(purpose, shown)
        self._lift(session, key, actor)
        if agreed is None:
            return None
        said = self.choices.say(session, self.subject_id, agreed, actor)
        if said[1] is None:
            self.choices.keeper.follow_own(session, self.subject_id, purpose, actor)
        return said

    def note_signal(self, session: Session, actor: str = PERSON) -> None:
        """The browser by which they choose sends `Sec-GPC: 1`. Raises Erased, NotFound."""
        self.choices.signal(session, self.subject_id, actor)

    def _purpose(self, session: Session, key: str) -> Purpose:
        """Raises NotFound for one that is not theirs to decide."""
        purpose = self.choices.policies.purposes.get(key)
        if purpose is None or not _is_theirs(purpose, subject_state(session, self.subject_id, now())):
            raise NotFound("There is no such choice.")
        return purpose

    def _lift(self, session: Session, key: str, actor: str) -> None:
        if objects_since(session, self.subject_id, key) is not None:
            lift_objection(session, self.choices.log, self.subject_id, key, actor, CHANNEL)
            self.choices.keeper.lifted(session, self.subject_id, key, actor)

    def _consent(self, purpose: Purpose, digest: str) -> RecordConsent:
        assert purpose.consent is not None
        explicit = purpose.special_condition is SpecialCondition.EXPLICIT_CONSENT
        newest = (purpose.consent.notice, self.choices.policies.notice_versions[purpose.consent.notice])
        texts = (n for n in self.choices.policies.notices.values() if (n.id, n.version) == newest)
        text = next((n for n in texts if n.digest == digest), None)
        if text is None:
            raise NoticeChanged("The text is another one now; read it before you agree.")
        shown = NoticeRef(text.id, text.version, text.language)
        source = Source(CHANNEL, Method.EXPLICIT if explicit else Method.EXPRESSED)
        ref = CustomerRef(subject=self.subject_id)
        return RecordConsent(ref, purpose.key, "given", source, notice=shown)


def _is_theirs(purpose: Purpose, state: SubjectState) -> bool:
    return state.kind in purpose.subjects and (purpose.consent is not None or is_objectionable(purpose))


def _position(purpose: Purpose, state: SubjectState) -> Position:
    fact = state.consents.get(purpose.key)
    if purpose.consent is not None and (fact is None or fact.state != "given" or _is_past(fact.valid_until)):
        return Position.ASKED if fact is not None and fact.state == "requested" else Position.OFF
    if is_objected(purpose, state):
        return Position.OFF if purpose.key in state.objections else Position.BARRED
    return Position.ON


def _is_past(until: datetime | None) -> bool:
    return until is not None and until <= now()
