"""A signed report and the register in the form a reader asks for: JSON, CSV, or a page that stands alone.

The page carries its own style, so that it can be kept as a file; served, it is allowed by its hash.
"""

import base64
import enum
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from privacy_svc.audits.tables import to_csv

_environment = Environment(
    loader=PackageLoader("privacy_svc.audits"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_STYLE = _environment.get_template("style.css").render()
_environment.globals["style"] = Markup(_STYLE)  # noqa: S704 - our own file
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
PAGE_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_REPORT_COLUMNS = (
    "check",
    "area",
    "title",
    "severity",
    "law",
    "status",
    "count",
    "statement",
    "evidence",
    "accepted",
    "remedy",
)
_REGISTER_COLUMNS = (
    "id",
    "purpose",
    "description",
    "legal_basis",
    "article",
    "special_condition",
    "assessment",
    "subjects",
    "categories",
    "recipients",
    "transfers",
    "retention",
    "modules",
    "held_in",
    "for",
)
"""`for`: the controller, where the organisation is the processor."""


_SCREENING_COLUMNS = ("id", "needed", "always", "criteria", "open", "article", "assessment", "reviewed")


_AFFECTED_COLUMNS = (
    "what",
    "subject",
    "rows",
    "ways",
    "fields",
    "entries",
    "first_at",
    "last_at",
    "purpose",
    "asked",
    "permitted",
    "note",
)


class Format(enum.StrEnum):
    JSON = "application/json"
    CSV = "text/csv"
    HTML = "text/html"


def report_as(form: Format, report: Mapping[str, Any], *, demo: bool = False) -> str:
    """`demo` says so on the page."""
    if form is Format.CSV:
        return to_csv(_REPORT_COLUMNS, ({"area": ""} | r for r in report["results"]))
    return _json(report) if form is Format.JSON else _page("report.html", report, demo=demo)


def register_as(form: Format, register: Mapping[str, Any], *, demo: bool = False) -> str:
    if form is Format.CSV:
        return to_csv(_REGISTER_COLUMNS, _register_rows(register))
    return _json(register) if form is Format.JSON else _page("register.html", register, demo=demo)


def _register_rows(register: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Of a controller (Art. 30(1)), then of a processor (Art. 30(2))."""
    empty = dict.fromkeys(_REGISTER_COLUMNS)
    yield from (empty | activity for activity in register["activities"])
    for work in register["as_processor"]:
        told = {"id": work["id"], "purpose": work["processing"], "transfers": work["transfers"]}
        yield empty | told | {"article": "GDPR 28", "for": work["controller"]["name"]}


def screening_as(form: Format, screening: Mapping[str, Any], *, demo: bool = False) -> str:
    """Of purposes that need an impact assessment."""
    if form is Format.CSV:
        return to_csv(_SCREENING_COLUMNS, screening["purposes"])
    return _json(screening) if form is Format.JSON else _page("dpia.html", screening, demo=demo)


def affected_as(form: Format, affected: Mapping[str, Any]) -> str:
    """Whom a breach touched, as JSON or CSV: there a row for each person, and after them what has no row of its own."""
    return to_csv(_AFFECTED_COLUMNS, _affected_rows(affected)) if form is Format.CSV else _json(affected)


def _affected_rows(affected: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    empty = dict.fromkeys(_AFFECTED_COLUMNS)
    yield from (empty | person | {"what": "person"} for person in affected["people"])
    for audience in affected["audiences"]:
        told = {name: audience[name] for name in ("purpose", "asked", "permitted")}
        yield empty | told | {"what": "audience", "first_at": audience["at"], "last_at": audience["at"]}
    people = f"at least {affected['unnamed_at_least']} people, at most {affected['unnamed']}"
    yield empty | {"what": "erased since", "entries": affected["unnamed"], "note": people}
    yield from (empty | {"what": kind, "entries": n} for kind, n in affected["nameless"].items())
    yield empty | {"what": "note", "note": affected["note"]}


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _page(template: str, document: Mapping[str, Any], *, demo: bool) -> str:
    return _environment.get_template(template).render(document, demo=demo)
