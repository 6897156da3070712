"""A text without what was found in it. Pure."""

from collections.abc import Iterable
from typing import Literal

from privacy_svc.pii.finding import Finding, without_overlaps

Style = Literal["label", "mask", "drop"]
"""`label` puts the entity's name in brackets, `mask` an asterisk for each character, `drop` nothing."""


def redact(text: str, findings: Iterable[Finding], style: Style = "label") -> str:
    """The findings may overlap; nothing they cover remains."""
    parts, at = [], 0
    for found in without_overlaps(text, findings):
        parts += [text[at : found.start], _instead(found, style)]
        at = found.end
    return "".join([*parts, text[at:]])


def _instead(found: Finding, style: Style) -> str:
    if style == "drop":
        return ""
    return "*" * (found.end - found.start) if style == "mask" else f"[{found.entity}]"
