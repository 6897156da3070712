"""Free texts that a module writes: what nobody should write into them is warned of, taken out or refused, as the data
map's `check` says. What was found is told and logged by kind and count, never by word."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from privacy_svc.errors import BadRequest
from privacy_svc.pii import redact, unwanted_in
from privacy_svc.policy import Check, Collection

Found = dict[str, dict[str, int]]
"""By field: kind and count."""


class Unwanted(BadRequest):
    slug, title = "unwanted-text", "The text holds what must not be written there"
    remedy = "Leave out what `detail` names. The data map asks for this check: `check: refuse` at the field."


def checked(collection: Collection, values: Mapping[str, Any]) -> tuple[dict[str, Any], Found]:
    """The values as they may be written, and what was found. Raises Unwanted."""
    kept, told = dict(values), Found()
    refused: list[str] = []
    for name, value in values.items():
        how = collection.by_name[name].check
        found = unwanted_in(value) if how and isinstance(value, str) else []
        if not found:
            continue
        told[name] = dict(sorted(Counter(f.entity for f in found).items()))
        if how is Check.REDACT:
            kept[name] = redact(value, found)
        elif how is Check.REFUSE:
            refused.append(f"{name} ({', '.join(told[name])})")
    if refused:
        raise Unwanted(f"Not written: {'; '.join(refused)}.")
    return kept, told
