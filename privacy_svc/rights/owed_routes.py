"""Letters that people are still owed, over HTTP."""

from datetime import datetime

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody

from privacy_svc.http import Caller, Role, allow, decode
from privacy_svc.rights.owed_service import OwedLetters, OwedText, OwedView
from privacy_svc.rights.service import Requests

ALL = "/v1/letters"
ONE = ALL + "/{letter_id:str}"
TAGS = ["Rights requests"]


class NoteTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When and how (post, phone …) the person was told."""

    told_at: datetime
    how: str


@get(
    ALL,
    opt=allow(Role.DPO, Role.ADMIN, Role.AUDITOR),
    sync_to_thread=True,
    operation_id="listLettersOwed",
    tags=TAGS,
)
def list_letters(requests: NamedDependency[Requests]) -> list[OwedView]:
    """What people have to be told and nobody knows yet that they were, of all requests."""
    return list(OwedLetters(requests).open())


@get(ONE, opt=allow(Role.DPO), sync_to_thread=True, operation_id="readLetterOwed", tags=TAGS)
def read_letter(
    letter_id: FromPath[str], requests: NamedDependency[Requests], caller: NamedDependency[Caller]
) -> OwedText:
    """The letter in clear, to be told by other means. Each look is logged."""
    return OwedLetters(requests).text(letter_id, caller.name)


@post(
    ONE + "/send",
    opt=allow(Role.DPO, Role.ADMIN),
    status_code=204,
    sync_to_thread=True,
    operation_id="sendLetterAgain",
    tags=TAGS,
)
def send_again(letter_id: FromPath[str], requests: NamedDependency[Requests], caller: NamedDependency[Caller]) -> None:
    """Now, to the address on file by now; the list of letters says what became of it."""
    OwedLetters(requests).send_again(letter_id, caller.name)


@post(
    ONE + "/told",
    opt=allow(Role.DPO, Role.ADMIN) | {"body": NoteTold},
    status_code=204,
    sync_to_thread=True,
    operation_id="noteLetterTold",
    tags=TAGS,
)
def note_told(
    letter_id: FromPath[str],
    body: RawBody,
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
) -> None:
    """The person was told by other means; an extension counts from then."""
    said = decode(body, NoteTold)
    OwedLetters(requests).told(letter_id, said.told_at, said.how, caller.name)


HANDLERS = [list_letters, read_letter, send_again, note_told]
