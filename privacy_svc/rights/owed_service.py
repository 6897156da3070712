"""The letters that people are still owed, as routes and command line use them."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from privacy_svc.rights import links, opening, owed
from privacy_svc.rights.address import reach
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.owed_courier import Outbox
from privacy_svc.rights.owed_model import PACKAGE, OwedLetter
from privacy_svc.rights.parts import Event, find
from privacy_svc.rights.service import Requests


class OwedView(msgspec.Struct, frozen=True):
    """No personal data. `kind`: `extension`, `refusal`, `review`, `done` or `package`; `problem`: how the last try
    ended. Without `next_try_at` a person has to tell them."""

    id: str
    request: str
    right: str
    kind: str
    written_at: datetime
    tries: int
    next_try_at: datetime | None
    problem: str | None


class OwedText(msgspec.Struct, frozen=True):
    """For who tells them by other means."""

    letter: OwedView
    address: str | None
    subject: str
    text: str

    def __repr__(self) -> str:
        return "OwedText(…)"


class OwedLetters:
    def __init__(self, requests: Requests) -> None:
        self.database, self.parts = requests.database, requests.parts
        self.outbox = Outbox(self.database, self.parts)

    def open(self) -> Sequence[OwedView]:
        """Of all requests, also those that are closed; the oldest first."""
        with self.database.read() as session:
            return [_view(*found) for found in owed.waiting(session)]

    def text(self, owed_id: str, actor: str) -> OwedText:
        """The look is logged. A package's has the newest link, which is not over yet. Raises NotFound, Conflict once
        they were told."""
        with self.database.write() as session:
            letter = owed.find_open(session, owed_id)
            request = find(session, letter.request_id)
            self.parts.note(session, request, Event.DETAILS_READ, actor)
            address, said = owed.opened(session, self.parts, request, letter)
            if letter.kind == PACKAGE and links.is_there(session, request):
                said = links.letter(session, self.parts, request, links.lengthen(session, self.parts, request))
            return OwedText(_view(letter, request), address, said.subject, said.text)

    def send_again(self, owed_id: str, actor: str) -> None:
        """Now, to the address on file by now; what goes wrong is noted with the letter. Raises NotFound, Conflict once
        they were told or where there is no address."""
        with self.database.write() as session:
            letter = owed.find_open(session, owed_id)
            request = find(session, letter.request_id, lock=True)
            owed.address_anew(session, self.parts, request, letter, reach(session, self.parts, request))
        self.outbox.send(owed_id, actor)

    def told(self, owed_id: str, at: datetime, how: str, actor: str) -> None:
        """By post, by telephone: somebody says when and how. Raises Conflict, BadRequest, NotFound."""
        with self.database.write() as session:
            letter = owed.find_open(session, owed_id)
            request = find(session, letter.request_id, lock=True)
            owed.told_otherwise(session, self.parts, request, letter, at, opening.one_word(how, "how"), actor)


def _view(letter: OwedLetter, request: DataRequest) -> OwedView:
    return OwedView(
        id=letter.id,
        request=request.id,
        right=request.right,
        kind=letter.kind,
        written_at=letter.written_at,
        tries=letter.tries,
        next_try_at=letter.next_at,
        problem=letter.problem,
    )
