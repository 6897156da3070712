"""The page of a package: one HTML file without scripts, for a person who never heard of the GDPR. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from privacy_svc.policy import Field
from privacy_svc.rights.languages import LANGUAGES
from privacy_svc.rights.package_words import say
from privacy_svc.rights.tables import Table, plain

SHOWN = 100
"""Entries of the log that the page shows."""
_TELLING = ("user.name.", "user.contact.", "user.demographic.")
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_environment = Environment(
    loader=PackageLoader("privacy_svc.rights"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@cache
def label(name: str) -> str:
    """A column or category name as words: `BillingCity` → `Billing city`."""
    words = " ".join(_WORDS.findall(name.rpartition(".")[2])) or name
    return words[:1].upper() + words[1:].lower()


def category(key: str, language: str) -> str:
    return LANGUAGES[language].categories.get(key) or label(key)


def named(field: Field, language: str) -> str:
    """What a column is called: by its category in other languages than the column's, where that says as much."""
    key = next(iter(field.categories), "")
    spoken = LANGUAGES[language].categories.get(key) if key.startswith(_TELLING) else None
    return spoken or label(field.name)


def shown(value: Any) -> str:
    value = plain(value)
    return "—" if value is None or value == "" else str(value)


def happened(event: str, language: str = "en") -> str:
    """What an entry of the log says; of a type that this release does not know, the type."""
    return LANGUAGES[language].happened.get(event, event)


def moment(at: str, zone: tzinfo | None = None) -> str:
    """An RFC 3339 instant, to the minute, as the clock of the zone says it."""
    if len(at) <= 16:
        return at
    if zone is None:
        return f"{at[:10]} {at[11:16]} UTC"
    return datetime.fromisoformat(at).astimezone(zone).strftime("%Y-%m-%d %H:%M")


_environment.filters |= {"label": label, "shown": shown}


def render(
    *,
    made_on: str,
    time_zone: str,
    information: Mapping[str, Any],
    tables: Sequence[Table],
    consents: Sequence[Mapping[str, Any]],
    entries: Sequence[Mapping[str, Any]],
    count: int,
    demo: bool = False,
) -> str:
    """`entries`: the newest of `count`."""
    zone, language = ZoneInfo(time_zone), information["language"]
    words: Callable[..., str] = partial(say, language)
    return _environment.get_template("package.html").render(
        say=words,
        category=partial(category, language=language),
        named=partial(named, language=language),
        happened=partial(happened, language=language),
        moment=partial(moment, zone=zone),
        language=language,
        made_on=made_on,
        information=information,
        tables=tables,
        consents=consents,
        entries=entries,
        count=count,
        demo=demo,
    )
