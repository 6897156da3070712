"""Consents on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from privacy_svc.consent.states import Method
from privacy_svc.consent.unconsenting import BUNDLED, IMPLIED, PRETICKED
from privacy_svc.errors import Fault, InvalidBody
from privacy_svc.http import CustomerRef, decode
from privacy_svc.policy import DIRECT_MARKETING

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
"""Kept in clear, so no free text."""
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
Saying = Annotated[str, msgspec.Meta(min_length=1, max_length=2000, pattern=r"\w")]
"""A text with a letter or a digit in it: blanks and dashes say nothing."""


class NoticeRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the person was shown."""

    id: str
    version: int
    language: str


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it came to us. `reference` and `evidence` are the caller's proof and are sealed."""

    channel: Word
    method: str = Method.EXPRESSED
    reference: Text | None = None
    evidence: dict[str, Any] | Text | None = None

    def __repr__(self) -> str:
        return f"Source({self.channel!r}, …)"


class Guardian(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The holder of parental responsibility who gave it, and how that was verified (Art. 8(2)). Sealed."""

    verification: Saying
    name: Text | None = None
    contact: Text | None = None

    def __repr__(self) -> str:
        return "Guardian(…)"


class RecordConsent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One purpose, one state. Without `given_at`: now. A withdrawal needs no notice; with a refusal it has in common
    that it ends what was recorded before, also with an earlier `given_at`."""

    customer: CustomerRef
    purpose: str
    state: Literal["given", "refused", "withdrawn"]
    source: Source
    notice: NoticeRef | None = None
    given_at: Moment | None = None
    expires_at: Moment | None = None
    guardian: Guardian | None = None


_NOT_CONSENT = {
    "/purposes": BUNDLED,
    "/purpose": f"a text is expected; {BUNDLED}",
    "/preticked": PRETICKED,
    "/implied": IMPLIED,
}


def read_consent(body: bytes) -> RecordConsent:
    """Raises InvalidBody, with the article where what was sent is no consent."""
    try:
        return decode(body, RecordConsent)
    except InvalidBody as error:
        faults = [Fault(f.pointer, _NOT_CONSENT.get(f.pointer, f.detail)) for f in error.faults]
        raise InvalidBody(error.detail, faults=faults) from None


class RaiseObjection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Against a purpose, a group of them, `profiling`, or all direct marketing (Art. 21(2)): `direct_marketing`, as a
    purpose or by itself."""

    purpose: str | None = None
    direct_marketing: bool = False
    reason: Text | None = None

    def __post_init__(self) -> None:
        if (self.purpose is None) is not self.direct_marketing:
            raise InvalidBody('Send either "purpose" or "direct_marketing": true.')

    @property
    def against(self) -> str:
        return self.purpose or DIRECT_MARKETING

    def __repr__(self) -> str:
        return f"RaiseObjection({self.against!r}, …)"


class AskUnsubscribeLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For a mail to one person about one purpose."""

    customer: CustomerRef
    purpose: str


class UnsubscribeLink(msgspec.Struct, frozen=True, omit_defaults=True):
    """`headers` go into the mail as they are, under its DKIM signature (RFC 8058). `warning` is there where mail
    programs will not heed them."""

    url: str
    headers: dict[str, str]
    warning: str | None = None


class PassSignal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That the person's browser sent `Sec-GPC: 1`."""

    gpc: Literal[1]


class SignalNoted(msgspec.Struct, frozen=True):
    """`purposes`: those it was noted for now, not before."""

    purposes: list[str]
    state_version: int


class PlaceRestriction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Text | None = None

    def __repr__(self) -> str:
        return "PlaceRestriction(…)"


class NoticeShown(msgspec.Struct, frozen=True):
    id: str
    version: int
    language: str
    digest: str


class ConsentView(msgspec.Struct, frozen=True):
    """One record, as it was recorded. `state` is what was said then."""

    id: str
    purpose: str
    state: str
    notice: NoticeShown
    channel: str
    method: str
    guardian: bool
    given_at: datetime
    recorded_at: datetime
    valid_until: datetime | None
    recorded_by: str
    state_version: int
    entry: str | None = None
    """Id of its entry of the log."""
    index: int | None = None
    """The entry's place in the log's tree, for who may prove it; None while it waits for one."""

    @property
    def receipt(self) -> str:
        return f"/v1/consents/{self.id}/receipt"


class ConsentRecorded(msgspec.Struct, frozen=True, omit_defaults=True):
    """`current` is what stands now: another state than `state` where something later was recorded before. `objected`
    is there, and true, where an objection against the purpose stands: then not even a consent permits it.

    `requested` while a consent stands records nothing yet: `id`, `receipt` and `valid_until` are that consent's.
    """

    id: str
    customer: CustomerRef
    purpose: str
    state: str
    current: str
    valid_until: datetime | None
    state_version: int
    receipt: str
    objected: bool = False


class NoticeText(msgspec.Struct, frozen=True):
    """The exact text that was shown; `title` and `text` are None where it is not kept any more."""

    id: str
    version: int
    language: str
    digest: str
    title: str | None
    text: str | None


class LogPlace(msgspec.Struct, frozen=True):
    """The entry that was written with the record; `index` and `proof` are None until it is in the tree."""

    entry: str | None
    index: int | None
    proof: str | None


class Proof(msgspec.Struct, frozen=True):
    """Who recorded what stood, when it was said and when we knew, what was shown, and where the log proves it.

    `evidence` is opened for the DPO alone, who asks for it: reference, evidence, guardian.
    """

    consent: str
    given_at: datetime
    recorded_at: datetime
    recorded_by: str
    channel: str
    method: str
    evidence_kept: bool
    evidence: dict[str, Any] | None
    notice: NoticeText | None
    receipt: str | None
    log: LogPlace

    def __repr__(self) -> str:
        return f"Proof({self.consent!r}, …)"


class PurposeConsent(msgspec.Struct, frozen=True):
    """What stands for one purpose, and how it came about, newest first. `until`: when it ends or ended, as far as is
    known: it runs out, or something else was said. `ask_from`: when the person may next be asked, if at all."""

    purpose: str
    state: str
    valid_until: datetime | None
    history: list[ConsentView]
    since: datetime
    until: datetime | None
    ask_from: datetime | None = None
    proof: Proof | None = None


class CustomerConsents(msgspec.Struct, frozen=True):
    """What held at `as_of`, as far as it was known at `known_at`."""

    customer: CustomerRef
    state_version: int
    restricted: bool
    objections: list[str]
    consents: list[PurposeConsent]
    as_of: datetime
    known_at: datetime


class StateChanged(msgspec.Struct, frozen=True):
    """From this state version on every decision reads the change."""

    state_version: int
