"""Drafts of what the authority (Art. 33(3) GDPR) and the people (Art. 34(2)) are told of a breach. Pure.

A person reads, completes and sends them. Where something is not known yet the draft says so, because Art. 33(4) lets
it follow; what the article asks for is never left out silently.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from privacy_svc.audits.breach_words import WORDS
from privacy_svc.policy import Organisation


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known, as the register has it."""

    id: str
    aware_at: datetime
    due_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    categories: tuple[str, ...]
    subjects: tuple[str, ...]
    people: int | None
    records: int | None
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    to: str
    language: str
    subject: str
    text: str


def drafts(facts: Facts, organisation: Organisation) -> list[Draft]:
    """To the authority in the first of the organisation's languages that we have words for, else in English; to the
    people in each."""
    languages = [tongue for tongue in organisation.languages if tongue in WORDS] or ["en"]
    return [
        _to_authority(facts, organisation, languages[0]),
        *(_to_people(facts, organisation, language) for language in languages),
    ]


def _to_authority(facts: Facts, organisation: Organisation, language: str) -> Draft:
    words = WORDS[language]
    late = facts.said.get("delay") or words["late_why"]
    parts = [
        words["authority_begin"].format(controller=organisation.controller.name),
        f"{words['nature']}\n{facts.said['nature']}",
        f"{words['when']}\n{_span(facts, organisation, words)}",
        f"{words['numbers']}\n{_numbers(facts, words)}",
        f"{words['contact']}\n{_contact(organisation)}",
        f"{words['consequences']}\n{facts.said.get('consequences') or words['unknown']}",
        f"{words['measures']}\n{facts.said.get('measures') or words['unknown']}",
        words["late"].format(due=_instant(facts.due_at, organisation), why=late),
    ]
    to = ", ".join(filter(None, (organisation.authority.name, organisation.authority.address)))
    return Draft(to, language, words["authority_subject"].format(id=facts.id), "\n\n".join(parts))


def _to_people(facts: Facts, organisation: Organisation, language: str) -> Draft:
    """Without ids, numbers and words of the trade: Art. 34(2) asks for clear and plain language."""
    words = WORDS[language]
    parts = [
        words["people_begin"].format(controller=organisation.controller.name),
        f"{words['people_what']}\n{facts.said['nature']}",
        f"{words['people_may']}\n{facts.said.get('consequences') or words['unknown']}",
        f"{words['people_done']}\n{facts.said.get('measures') or words['unknown']}",
        f"{words['people_ask']}\n{_contact(organisation)}",
    ]
    return Draft(words["people_to"], language, words["people_subject"], "\n\n".join(parts))


def _contact(organisation: Organisation) -> str:
    return ", ".join(filter(None, (organisation.dpo.name, organisation.dpo.address, organisation.dpo.email)))


def _numbers(facts: Facts, words: Mapping[str, str]) -> str:
    people, records = (
        words["unknown"] if n is None else words["about"].format(n=n) for n in (facts.people, facts.records)
    )
    kinds = {name: ", ".join(getattr(facts, name)) or words["unknown"] for name in ("categories", "subjects")}
    return words["numbers_are"].format(people=people, records=records, **kinds)


def _span(facts: Facts, organisation: Organisation, words: Mapping[str, str]) -> str:
    ends = (facts.began_at, facts.ended_at)
    began, ended = (words["unknown"] if at is None else _instant(at, organisation) for at in ends)
    return words["span"].format(began=began, ended=ended, aware=_instant(facts.aware_at, organisation))


def _instant(at: datetime, organisation: Organisation) -> str:
    return f"{at.astimezone(ZoneInfo(organisation.time_zone)):%Y-%m-%d %H:%M} ({organisation.time_zone})"
