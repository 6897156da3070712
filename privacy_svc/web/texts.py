"""The words of the Privacy Centre, by language. What the organisation says about its purposes stands in the policy.

A language is one more file in `catalogues`, which is read at the start: gettext's format, that translators' tools know.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.resources import files
from io import BytesIO
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from babel.units import format_unit

NAMES = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "pt": "Português"}
LANGUAGES = tuple(NAMES)
_LOCALES = {"en": "en_IE", "de": "de_DE", "fr": "fr_FR", "es": "es_ES", "pt": "pt_PT"}
"""By which dates are written: of the countries whose law this is."""


MOST = 1_000
"""Characters that are looked at of what a browser accepts: anybody may send any number."""
_RANGE = re.compile(r"([a-z]{2})(?:-[a-z0-9-]+)?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?")


def _read(language: str) -> Catalog:
    path = files("privacy_svc.web") / "catalogues" / f"{language}.po"
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def _compiled(catalogue: Catalog) -> Translations:
    binary = BytesIO()
    write_mo(binary, catalogue)
    binary.seek(0)
    return Translations(binary)


_CATALOGUES = {language: _read(language) for language in LANGUAGES}
TEXTS: Mapping[str, Mapping[str, str]] = {
    language: {str(m.id): str(m.string) for m in catalogue if m.id and not m.pluralizable}
    for language, catalogue in _CATALOGUES.items()
}
_COUNTED = {language: _compiled(catalogue) for language, catalogue in _CATALOGUES.items()}


def text(language: str, key: str, **values: object) -> str:
    return TEXTS[language][key].format(**values)


def counted(language: str, key: str, n: int) -> str:
    """A text about `n` things, in the form that the language has for so many. Raises KeyError where it has none."""
    found = _COUNTED[language].ngettext(key, key, n)
    if found == key:
        raise KeyError(key)
    return found.format(n=n)


def choose(asked: Iterable[str | None], accepted: str, available: tuple[str, ...]) -> str:
    """The language asked for outright, else the first that the browser accepts (RFC 9110 §12.5.4), else ours."""
    known = [language for language in available if language in TEXTS] or [LANGUAGES[0]]
    return next((w for w in [*asked, *_wanted(accepted)] if w in known), known[0])


def _wanted(accepted: str) -> list[str]:
    parts = accepted[:MOST].lower().split(",")
    found = [part.groups() for text in parts if (part := _RANGE.fullmatch(text.strip()))]
    ranked = sorted(found, key=lambda pair: -float(pair[1] or 1))
    return [language for language, weight in ranked if float(weight or 1) > 0]


def category(language: str, key: str) -> str:
    """A data category in plain words: its own, or those of the nearest category above it that has some."""
    while f"category.{key}" not in TEXTS[language] and "." in key:
        key = key.rpartition(".")[0]
    return TEXTS[language].get(f"category.{key}") or key.replace("_", " ")


def day(language: str, zone: str, at: datetime) -> str:
    """As people there write it, by the organisation's clock."""
    return str(format_date(at.astimezone(ZoneInfo(zone)).date(), "long", locale=_LOCALES[language]))


def moment(language: str, zone: str, at: datetime) -> str:
    """The same to the minute."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{day(language, zone, at)}, {format_time(local, 'short', ZoneInfo(zone), _LOCALES[language])}"


def period(language: str, iso: str) -> str:
    """`P24M` as words; whole years are said as years."""
    parts = {unit: int(n) for n, unit in re.findall(r"(\d+)([YMWD])", iso)}
    months = parts.get("Y", 0) * 12 + parts.get("M", 0)
    days = parts.get("W", 0) * 7 + parts.get("D", 0)
    named = (("year", months // 12), ("month", months % 12), ("day", days))
    return ", ".join(_long(language, unit, n) for unit, n in named if n)


def wait(language: str, seconds: int) -> str:
    """In minutes, and in hours where it is more than two; never shorter than it is."""
    unit, size = ("hour", 3600) if seconds > 7200 else ("minute", 60)
    return _long(language, unit, -(-seconds // size))


def _long(language: str, unit: str, n: int) -> str:
    return format_unit(n, f"duration-{unit}", "long", locale=_LOCALES[language])
