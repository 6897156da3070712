"""The organisation's colour on the pages that customers see. Pure.

A colour on which nobody can read is a fault of the file: text has a contrast of 4.5:1 (WCAG 2.2, 1.4.3).
"""

import re
from dataclasses import dataclass

from privacy_svc.policy.reading import Block

KEYS = ("accent", "accent_dark")
_COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
_LEAST = 4.5
_LIGHT, _DARK = ("#ffffff", "#f6f8f7"), ("#18211f", "#101615")
"""What is behind text, in the light and in the dark scheme."""
_TINT = 0.1


@dataclass(frozen=True, slots=True)
class Appearance:
    """Empty: the service's own. `accent` is that of links and buttons, `accent_dark` the same where the reader's screen
    is dark."""

    accent: str = ""
    accent_dark: str = ""

    @property
    def accent_soft(self) -> str:
        return mixed(self.accent, _LIGHT[0], _TINT)

    @property
    def accent_dark_soft(self) -> str:
        return mixed(self.accent_dark, _DARK[0], _TINT)


def read_appearance(block: Block) -> Appearance:
    inner = block.block("appearance", KEYS)
    found = Appearance(*(inner.text(key).lower() for key in KEYS))
    for key, colour, grounds in (("accent", found.accent, _LIGHT), ("accent_dark", found.accent_dark, _DARK)):
        if not colour:
            continue
        if not _COLOUR.fullmatch(colour):
            inner.fault(key, "is a colour such as #0b6e69")
            return Appearance()
        worst = min(contrast(colour, ground) for ground in (*grounds, mixed(colour, grounds[0], _TINT)))
        if worst < _LEAST:
            wanted = "darker" if grounds is _LIGHT else "lighter"
            inner.fault(key, f"has a contrast of {worst:.1f}:1 and cannot be read: take a {wanted} colour (4.5:1)")
            return Appearance()
    return found


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mixed(colour: str, ground: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(ground), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def _channels(colour: str) -> list[int]:
    return [int(colour[n : n + 2], 16) for n in (1, 3, 5)]


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in _channels(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
