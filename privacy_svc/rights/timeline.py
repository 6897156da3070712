"""The timeline of a request: what happened, as lines that a person can read, in their language (`languages`)."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.errors import BadRequest
from privacy_svc.rights.languages import LANGUAGES
from privacy_svc.rights.model import DataRequest, RequestEvent
from privacy_svc.rights.parts import Event
from privacy_svc.rights.views import TimelineLine


def timeline(session: Session, request: DataRequest, language: str, zone: str) -> list[TimelineLine]:
    """Oldest first; days are those of the time `zone`. Raises BadRequest for a language without words."""
    if language not in LANGUAGES:
        raise BadRequest(f"language is one of {', '.join(LANGUAGES)}.")
    events = select(RequestEvent).where(RequestEvent.request_id == request.id)
    return [_line(e, language, zone) for e in session.scalars(events.order_by(RequestEvent.at, RequestEvent.id))]


def _line(event: RequestEvent, language: str, zone: str) -> TimelineLine:
    said = {name: _word(language, zone, name, value) for name, value in event.params.items()}
    text = LANGUAGES[language].lines[Event(event.type)].format(**said)
    return TimelineLine(event.at, event.type, text, event.actor, event.params)


def _word(language: str, zone: str, name: str, value: Any) -> Any:
    if name in {"due", "ends"}:
        return datetime.fromisoformat(value).astimezone(ZoneInfo(zone)).date().isoformat()
    words = LANGUAGES[language]
    if name == "ground" and value in words.letters:
        return words.letters[value].rstrip(".")
    return words.values.get((name, value), value)
