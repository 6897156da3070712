"""The ledger of Art. 19 over HTTP: /v1/requests/{id}/notifications."""

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody

from privacy_svc.http import Caller, Role, allow, decode
from privacy_svc.rights.notices import Exemption
from privacy_svc.rights.recipient_service import Recipients
from privacy_svc.rights.service import Requests
from privacy_svc.rights.views import NoticeView

ALL = "/v1/requests/{request_id:str}/notifications"
ONE = ALL + "/{recipient:str}"
TAGS = ["Recipients"]
READERS = allow(Role.DPO, Role.ADMIN, Role.AUDITOR)
STAFF = allow(Role.DPO, Role.ADMIN)


class NoteTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How they were told, and what they said; both are sealed."""

    how: str
    answer: str | None = None

    def __repr__(self) -> str:
        return "NoteTold(…)"


class NoteExempt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ground: Exemption
    reason: str

    def __repr__(self) -> str:
        return f"NoteExempt({self.ground!r}, …)"


@get(ALL, opt=READERS, sync_to_thread=True, operation_id="listNotifications", tags=TAGS)
def list_notifications(request_id: FromPath[str], requests: NamedDependency[Requests]) -> list[NoticeView]:
    """Art. 19: each recipient, told when, answered what."""
    return list(requests.notifications(request_id))


@post(
    ONE + "/told",
    opt=STAFF | {"body": NoteTold},
    status_code=200,
    sync_to_thread=True,
    operation_id="noteRecipientTold",
    tags=TAGS,
)
def note_told(
    request_id: FromPath[str],
    recipient: FromPath[str],
    body: RawBody,
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
) -> list[NoticeView]:
    """A person has told the recipient."""
    said = decode(body, NoteTold)
    return Recipients(requests).told(request_id, recipient, said.how, said.answer, caller.name)


@post(
    ONE + "/impossible",
    opt=STAFF | {"body": NoteExempt},
    status_code=200,
    sync_to_thread=True,
    operation_id="noteRecipientExempt",
    tags=TAGS,
)
def note_exempt(
    request_id: FromPath[str],
    recipient: FromPath[str],
    body: RawBody,
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
) -> list[NoticeView]:
    """Telling them is impossible or disproportionate; a named person says why."""
    said = decode(body, NoteExempt)
    return Recipients(requests).exempt(request_id, recipient, said.ground, said.reason, caller.name)


@post(ONE + "/again", opt=STAFF, status_code=200, sync_to_thread=True, operation_id="tellRecipientAgain", tags=TAGS)
def tell_again(
    request_id: FromPath[str], recipient: FromPath[str], requests: NamedDependency[Requests]
) -> list[NoticeView]:
    """Try at once: what was in the way is mended."""
    return Recipients(requests).again(request_id, recipient)


@post(ALL + "/letter", opt=STAFF, status_code=202, sync_to_thread=True, operation_id="tellPersonRecipients", tags=TAGS)
def tell_person(
    request_id: FromPath[str], requests: NamedDependency[Requests], caller: NamedDependency[Caller]
) -> None:
    """The person asks who was told (Art. 19, second sentence): a letter to the address on file."""
    Recipients(requests).tell_person(request_id, caller.name)


HANDLERS = [list_notifications, note_told, note_exempt, tell_again, tell_person]
