"""Recipients, as routes, command line and console use them: each method is one transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from privacy_svc.errors import NotFound
from privacy_svc.policy import Party
from privacy_svc.rights import notices, shared_secrets
from privacy_svc.rights.address import reach
from privacy_svc.rights.courier import Courier
from privacy_svc.rights.errors import AddressMissing
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.notices import Exemption
from privacy_svc.rights.parts import Event, find
from privacy_svc.rights.service import Requests
from privacy_svc.rights.views import NoticeView


class Recipients:
    def __init__(self, requests: Requests) -> None:
        self.database, self.parts = requests.database, requests.parts

    @property
    def courier(self) -> Courier:
        return Courier(self.database, self.parts)

    def told(self, request_id: str, recipient: str, how: str, answer: str | None, actor: str) -> list[NoticeView]:
        return self._change(
            request_id, lambda s, r: notices.told_by_person(s, self.parts, r, recipient, how, answer, actor)
        )

    def exempt(self, request_id: str, recipient: str, ground: Exemption, reason: str, actor: str) -> list[NoticeView]:
        return self._change(
            request_id, lambda s, r: notices.exempt_by_person(s, self.parts, r, recipient, ground, reason, actor)
        )

    def again(self, request_id: str, recipient: str) -> list[NoticeView]:
        return self._change(request_id, lambda s, r: notices.try_again(s, r, recipient))

    def tell_person(self, request_id: str, actor: str) -> None:
        """Raises AddressMissing, after an erasure too: then it is answered the way it was asked. MailUnavailable."""
        with self.database.read() as session:
            request = find(session, request_id)
            address = reach(session, self.parts, request)
            letter = notices.letter_to_person(session, self.parts, request)
        if not address:
            raise AddressMissing("There is no e-mail address on file.")
        self.parts.mailer.send(address, letter)
        with self.database.write() as session:
            self.parts.note(session, find(session, request_id), Event.LETTER_SENT, actor, letter=letter.subject)

    def untold(self, limit: int = 25) -> list[tuple[str, NoticeView]]:
        """What a person has to see to, the oldest first: request and notice."""
        with self.database.read() as session:
            return [(n.request_id, notices.view(self.parts, n)) for n in notices.untold(session, limit)]

    # How they are told

    def all(self) -> Sequence[Party]:
        return list(self.parts.organisation.recipients.values())

    def secrets(self) -> dict[str, int]:
        with self.database.read() as session:
            return shared_secrets.known(session)

    def new_secret(self, recipient: str, actor: str) -> tuple[str, datetime]:
        """The secret, shown this once, and until when the one before signs along."""
        self._require_known(recipient)
        with self.database.write() as session:
            return shared_secrets.new_webhook_secret(session, self.parts.vault, self.parts.log, recipient, actor)

    def set_token(self, recipient: str, token: str, actor: str) -> None:
        self._require_known(recipient)
        with self.database.write() as session:
            shared_secrets.set_token(session, self.parts.vault, self.parts.log, recipient, token, actor)

    def _require_known(self, recipient: str) -> None:
        known = self.parts.organisation.recipients
        if recipient not in known:
            raise NotFound(f"organisation.yml has no recipient {recipient!r}; it has {', '.join(sorted(known))}.")

    def _change(self, request_id: str, change: Callable[[Session, DataRequest], None]) -> list[NoticeView]:
        with self.database.write() as session:
            request = find(session, request_id, lock=True)
            change(session, request)
            return notices.views(session, self.parts, request)
