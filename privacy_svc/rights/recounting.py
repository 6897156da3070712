"""What this service itself knows of a person, told to them: what they said, and what its log has about them."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc import consent
from privacy_svc.auditlog import EntryView
from privacy_svc.db import now
from privacy_svc.errors import NotFound
from privacy_svc.policy import DIRECT_MARKETING, Module
from privacy_svc.rights.article15 import in_language
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.notices import name_of
from privacy_svc.rights.package_words import say
from privacy_svc.rights.page import SHOWN
from privacy_svc.rights.parts import WORKER, Parts
from privacy_svc.rights.recipients_model import RecipientNotice
from privacy_svc.rights.releases import USES, purpose_of
from privacy_svc.rights.spool import Spool

LOG_PAGE = 500


def recipients_of(parts: Parts, uses: Mapping[str, str]) -> list[dict[str, Any]]:
    """Recipients of the purposes for which the log has releases, by name (CJEU C-154/21), each with the first time."""
    first: dict[str, str] = {}
    for purpose, at in uses.items():
        found = parts.policy.purposes.get(purpose)
        for recipient in found.recipients if found else ():
            first[recipient] = min(at, first.get(recipient, at))
    return [{"name": name_of(parts, key), "since": at} for key, at in sorted(first.items())]


class Recount:
    """About one person, in one language. `log` comes first: the others tell of what it met."""

    def __init__(self, session: Session, parts: Parts, subject_id: str, language: str) -> None:
        self._session, self._parts, self._subject, self._language = session, parts, subject_id, language
        self.count = 0
        self.newest: list[dict[str, Any]] = []
        self._uses: dict[str, str] = {}
        """Purposes for which the log has releases, each with the first time."""

    @cached_property
    def _history(self) -> Sequence[consent.ConsentView]:
        return consent.history(self._session, self._subject)

    def log(self) -> Spool:
        """Every use of the data, newest first. Modules are named; of staff only that it was staff (CJEU C-579/21)."""
        spool, after, more = Spool(), None, True
        while more:
            search = self._parts.log.search
            found = search(self._session, subject_id=self._subject, after=after, limit=LOG_PAGE)
            more = len(found) == LOG_PAGE
            for entry in found:
                told = self._entry(entry, self._parts.policy.modules)
                spool.write((",\n " if self.count else "[\n ") + msgspec.json.encode(told).decode())
                self.count += 1
                if len(self.newest) < SHOWN:
                    self.newest.append(told)
            after = found[-1].index if found else None
        spool.write("\n]\n" if self.count else "[]\n")
        return spool

    def _entry(self, entry: EntryView, modules: Mapping[str, Module]) -> dict[str, Any]:
        payload, module = entry.payload or {}, modules.get(entry.actor)
        purpose = payload.get("purpose")
        if entry.type in USES and (used := purpose_of(self._session, self._parts, entry, payload, self._subject)):
            self._uses[used] = entry.at.isoformat()
        others = say(self._language, "service" if entry.actor == WORKER else "staff")
        return {
            "id": entry.id,
            "index": entry.index,
            "at": entry.at.isoformat(),
            "type": entry.type,
            "by": module.title if module else others,
            "purpose": self._title(purpose) if isinstance(purpose, str) else None,
            "key": purpose,
        }

    def disclosed(self) -> list[dict[str, Any]]:
        return recipients_of(self._parts, self._uses)

    def told(self) -> list[dict[str, Any]]:
        """Whom we told of what this person had corrected or restricted (Art. 19, second sentence)."""
        mine = select(RecipientNotice, DataRequest.right).join(
            DataRequest, DataRequest.id == RecipientNotice.request_id
        )
        told = mine.where(DataRequest.subject_id == self._subject, RecipientNotice.told_at.is_not(None))
        return [
            {"name": name_of(self._parts, n.recipient), "right": right, "told_at": n.told_at.isoformat()}
            for n, right in self._session.execute(told.order_by(RecipientNotice.told_at, RecipientNotice.recipient))
            if n.told_at
        ]

    def consents(self) -> list[dict[str, Any]]:
        """Everything the person was asked and said, by purpose, what stands first."""
        return [
            {
                "id": said.id,
                "at": said.given_at.isoformat(),
                "purpose": self._title(said.purpose),
                "key": said.purpose,
                "state": said.state,
                "valid_until": said.valid_until.isoformat() if said.valid_until else None,
                "notice": {"id": said.notice.id, "version": said.notice.version, "language": said.notice.language},
                "channel": said.channel,
            }
            for said in self._history
        ]

    def receipts(self) -> dict[str, dict[str, Any]]:
        """Signed, by the consent's id; none of what was imported without the text that was shown."""
        found = {}
        for said in self._history:
            row = consent.find(self._session, said.id)
            try:
                found[said.id] = consent.issue_receipt(
                    self._session, self._parts.signer, self._parts.policy, row, self._parts.settings.base_url
                )
            except NotFound:
                continue
        return found

    def choices(self) -> dict[str, Any]:
        state = consent.subject_state(self._session, self._subject, now())
        return {"restricted": state.restricted, "objections": [self._title(o) for o in sorted(state.objections)]}

    def _title(self, key: str) -> str:
        if key == DIRECT_MARKETING:
            return say(self._language, "direct_marketing")
        found = self._parts.policy.purposes.get(key) or self._parts.policy.groups.get(key)
        return in_language(found.title, self._language) if found else key
