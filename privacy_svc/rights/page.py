"""The page of a package: one HTML file without scripts, for a person who never heard of the GDPR. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from privacy_svc.rights.package import Table, plain

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_environment = Environment(
    loader=PackageLoader("privacy_svc.rights"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def label(name: str) -> str:
    """A column or category name as words: `BillingCity` → `Billing city`."""
    words = " ".join(_WORDS.findall(name.rpartition(".")[2])) or name
    return words[:1].upper() + words[1:].lower()


def shown(value: Any) -> str:
    value = plain(value)
    return "—" if value is None or value == "" else str(value)


def happened(event: str) -> str:
    """`gateway:record:read` → `Record read`."""
    return " ".join(event.split(":")[1:]).replace("_", " ").capitalize() or event


def moment(at: str) -> str:
    """An RFC 3339 instant, to the minute."""
    return f"{at[:10]} {at[11:16]} UTC" if len(at) > 16 else at


_environment.filters |= {"label": label, "shown": shown, "happened": happened, "moment": moment}


def render(
    *,
    title: str,
    made_on: str,
    information: Mapping[str, Any],
    tables: Sequence[Table],
    consents: Sequence[Mapping[str, Any]],
    entries: Sequence[Mapping[str, Any]],
    demo: bool = False,
) -> str:
    return _environment.get_template("package.html").render(
        title=title,
        made_on=made_on,
        information=information,
        tables=tables,
        consents=consents,
        entries=entries,
        demo=demo,
    )
