"""Other people in what one person is given: taken out of free text, and counted (Art. 15(4) GDPR)."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from privacy_svc.pii import others_in, redact
from privacy_svc.policy import Collection
from privacy_svc.rights.package_words import say
from privacy_svc.store import FoundRow

OWN = ("user.name", "user.contact", "user.financial", "user.government_id", "user.account")
_KINDS = {"EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone", "IBAN_CODE": "account", "CREDIT_CARD": "card"}
_LEAST = 3
"""Characters of a part of a name that is looked for: an initial would keep everybody's."""


class Redactor:
    """For one person, in one language."""

    def __init__(self, language: str, region: str) -> None:
        self._language, self._region = language, region
        self._own: dict[str, None] = {}
        self.counts = Counter[tuple[str, str, str]]()
        """By collection, field and kind."""

    def learn(self, rows: Iterable[FoundRow]) -> None:
        """What the person is known by, of their own rows."""
        for row in rows:
            for field in row.collection.fields:
                value = row.values[field.name]
                if isinstance(value, str) and any(c.startswith(OWN) for c in field.categories):
                    self._own.update(dict.fromkeys((value, *_names(value, field.categories))))

    def clean(self, collection: Collection, values: Mapping[str, Any]) -> dict[str, Any]:
        """The row with its free texts redacted."""
        cleaned = dict(values)
        for field in collection.fields:
            text = values.get(field.name)
            if field.is_free_text and isinstance(text, str) and text.strip():
                cleaned[field.name] = self._text(collection.path, field.name, text)
        return cleaned

    def _text(self, path: str, field: str, text: str) -> str:
        found = others_in(text, self._own, self._language, self._region)
        kinds = [_KINDS.get(f.entity, "name" if f.entity == "PERSON" else "number") for f in found]
        self.counts.update((path, field, kind) for kind in kinds)
        named = [replace(f, entity=say(self._language, f"other.{k}")) for f, k in zip(found, kinds, strict=True)]
        return redact(text, named)

    def told(self) -> list[dict[str, Any]]:
        """What was taken out, without saying what it was."""
        return [
            {"collection": path, "field": field, "kind": kind, "count": n}
            for (path, field, kind), n in sorted(self.counts.items())
        ]


def _names(value: str, categories: Iterable[str]) -> list[str]:
    """Each part of a name, since people are called by one of them."""
    if not any(c.startswith("user.name") for c in categories):
        return []
    return [part for part in re.split(r"[\s,-]+", value) if len(part) >= _LEAST]
