"""Detection on the wire."""

import msgspec

from privacy_svc.http import CustomerRef
from privacy_svc.pii.finding import Finding
from privacy_svc.pii.redaction import Style


class DetectText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`customer` is whom the text is about: their log then says that it was examined."""

    text: str
    language: str | None = None
    customer: CustomerRef | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class RedactText(DetectText, frozen=True, forbid_unknown_fields=True):
    style: Style = "label"

    __repr__ = DetectText.__repr__


class FindingView(msgspec.Struct, frozen=True):
    """`start` and `end` count Unicode code points from 0; `end` is the first one after the finding."""

    entity: str
    category: str
    start: int
    end: int
    score: float
    recognizer: str


class Findings(msgspec.Struct, frozen=True):
    findings: list[FindingView]


class Redacted(msgspec.Struct, frozen=True):
    """The text after redaction; the findings' places are those in the text that was sent."""

    text: str
    findings: list[FindingView]


def views(findings: list[Finding]) -> list[FindingView]:
    return [FindingView(f.entity, f.category, f.start, f.end, f.score, f.recognizer) for f in findings]
