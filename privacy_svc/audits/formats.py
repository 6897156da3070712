"""A signed report and the register in the form a reader asks for: JSON, CSV, or a page that stands alone.

The page carries its own style, so that it can be kept as a file; served, it is allowed by its hash.
"""

import base64
import enum
import hashlib
import json
from collections.abc import Callable, Mapping
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
_REPORT_COLUMNS = ("check", "title", "severity", "law", "status", "count", "statement", "evidence", "remedy")
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
)


class Format(enum.StrEnum):
    JSON = "application/json"
    CSV = "text/csv"
    HTML = "text/html"


def report_as(form: Format, report: Mapping[str, Any]) -> str:
    return _WRITERS[form](report, "report.html", "results", _REPORT_COLUMNS)


def register_as(form: Format, register: Mapping[str, Any]) -> str:
    return _WRITERS[form](register, "register.html", "activities", _REGISTER_COLUMNS)


def _json(document: Mapping[str, Any], _template: str, _rows: str, _columns: tuple[str, ...]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _csv(document: Mapping[str, Any], _template: str, rows: str, columns: tuple[str, ...]) -> str:
    return to_csv(columns, document[rows])


def _html(document: Mapping[str, Any], template: str, _rows: str, _columns: tuple[str, ...]) -> str:
    return _environment.get_template(template).render(document)


_WRITERS: Mapping[Format, Callable[[Mapping[str, Any], str, str, tuple[str, ...]], str]] = {
    Format.JSON: _json,
    Format.CSV: _csv,
    Format.HTML: _html,
}
