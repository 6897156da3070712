"""The log on the wire."""

from datetime import datetime
from typing import Any

import msgspec

from privacy_svc.auditlog.searching import EntryView
from privacy_svc.http import CustomerRef


class AppendEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A module's own entry; `type` is its own word, two or three parts with colons."""

    type: str
    payload: dict[str, Any]
    customer: CustomerRef | None = None


class Appended(msgspec.Struct, frozen=True):
    id: str


class EntryOut(msgspec.Struct, frozen=True):
    id: str
    index: int | None
    at: datetime
    type: str
    actor: str
    subject: str | None
    payload: dict[str, Any] | None
    erased: bool
    altered: bool
    """The stored payload is not what was sealed there."""


class Entries(msgspec.Struct, frozen=True):
    events: list[EntryOut]
    cursor: str | None = None


def entry_out(view: EntryView) -> EntryOut:
    payload = dict(view.payload) if view.payload is not None else None
    told = (view.id, view.index, view.at, view.type, view.actor, view.subject_id)
    return EntryOut(*told, payload, view.erased, view.altered)
