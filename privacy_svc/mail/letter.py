"""A letter, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Letter:
    """To whom it goes is said when it is sent; the text never appears in `repr`. `headers`: further ones (RFC 5322)."""

    subject: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Letter({self.subject!r})"
