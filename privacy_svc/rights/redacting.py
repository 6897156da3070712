"""Other people in what one person is given: taken out of free text, and counted (Art. 15(4) GDPR)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from privacy_svc.pii import (
    Asked,
    Finding,
    Mentions,
    Own,
    examined,
    name_parts,
    others_and_own_in,
    redact,
    without_overlaps,
    words_of,
)
from privacy_svc.policy import Collection, Field, within
from privacy_svc.rights.package_words import say
from privacy_svc.store import Everybody, FoundRow, day_of, telling

OWN = ("user.name", "user.contact", "user.financial", "user.government_id", "user.account")
_NAMES, _BIRTHS = ("user.name",), ("user.demographic.date_of_birth",)
_NO_STREETS = tuple(f"user.contact.address.{part}" for part in ("city", "postal_code", "state", "country"))
_KINDS = {
    "ADDRESS": "address",
    "CREDIT_CARD": "card",
    "DATE_OF_BIRTH": "birth",
    "EMAIL_ADDRESS": "email",
    "IBAN_CODE": "account",
    "PERSON": "name",
    "PHONE_NUMBER": "phone",
}
"""Everything else is an identity number."""


class Redactor:
    """For one person, in their language. `staff`: in which notes are written, whoever they are given to; `everybody`:
    who else may be named."""

    def __init__(self, language: str, staff: str, region: str, everybody: Everybody) -> None:
        self._language, self._staff, self._region, self._everybody = language, staff, region, everybody
        self._values: dict[str, None] = {}
        self._streets: dict[str, None] = {}
        self._days: dict[str, None] = {}
        self._words: dict[str, None] = {}
        """Of their name."""
        self.counts = Counter[tuple[str, str, str]]()
        """By collection, field and kind."""

    def learn(self, rows: Iterable[FoundRow]) -> None:
        """What the person is known by, of the rows that are theirs alone: in others, others are named."""
        for row in (r for r in rows if not r.shared):
            for field in row.collection.fields:
                self._learn(field, row.values[field.name])

    def _learn(self, field: Field, value: object) -> None:
        if _is(field, _BIRTHS) and (day := day_of(value)):
            self._days[day] = None
        if not isinstance(value, str) or not _is(field, OWN):
            return
        self._values.update(dict.fromkeys((value, *telling(value, self._region))))
        if _is(field, _NAMES):
            self._values.update(dict.fromkeys(name_parts(value)))
            self._words.update(dict.fromkeys(words_of(value)))
        if _is(field, ("user.contact.address",)) and not _is(field, _NO_STREETS):
            self._streets[value] = None

    def clean(self, collection: Collection, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The rows with their free texts redacted. Who else is named in them is asked for once for all."""
        cleaned = [dict(row) for row in rows]
        texts = [
            (row, field.name, text)
            for row in cleaned
            for field in collection.fields
            if field.is_free_text and isinstance(text := row.get(field.name), str) and text.strip()
        ]
        own = Own(self._values, self._words, self._streets, self._days)
        read = (self._staff, self._language)
        found = [others_and_own_in(text, own, read, self._region) for *_, text in texts]
        mentions = [Mentions(text, examined(self._staff), self._words) for *_, text in texts]
        asked = Asked.all(m.asked([*others, *mine]) for m, (others, mine) in zip(mentions, found, strict=True))
        known = self._everybody.known(asked)
        for (row, name, text), (others, _), mentioned in zip(texts, found, mentions, strict=True):
            every = without_overlaps(text, [*others, *mentioned.found(known)])
            row[name] = self._redacted((collection.path, name), text, every)
        return cleaned

    def _redacted(self, place: tuple[str, str], text: str, found: Sequence[Finding]) -> str:
        kinds = [_KINDS.get(f.entity, "number") for f in found]
        self.counts.update((*place, kind) for kind in kinds)
        named = [replace(f, entity=say(self._language, f"other.{k}")) for f, k in zip(found, kinds, strict=True)]
        return redact(text, named)

    def told(self) -> list[dict[str, Any]]:
        """What was taken out, without saying what it was."""
        return [
            {"collection": path, "field": field, "kind": kind, "count": n}
            for (path, field, kind), n in sorted(self.counts.items())
        ]


def _is(field: Field, categories: Sequence[str]) -> bool:
    return any(within(c, categories) for c in field.categories)
