"""JSON of which there is one reading: names that are there twice are refused, as readers differ about them. Pure."""

import json
from typing import Any

from privacy_svc.auditlog.signed_note import NoteError


def strict_json(text: str) -> Any:
    """Raises NoteError."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise NoteError("the JSON is nested too deeply") from None
    except ValueError as error:
        raise NoteError(f"not JSON: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NoteError("a name stands twice in one object")
    return found
