"""What a decision reads about a person. Plain immutable values; the consent room fills them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

DIRECT_MARKETING = "direct_marketing"
"""In `SubjectState.objections`: all direct marketing (Art. 21(2))."""
PROFILING = "profiling"
"""In `SubjectState.objections`: all profiling that Art. 21 reaches, of whatever purpose."""


@dataclass(frozen=True, slots=True)
class ConsentFact:
    """The consent that stands for one purpose. `state` is a DPV state: only `given` permits."""

    state: str
    notice: str
    notice_version: int
    valid_until: datetime | None
    guardian: bool = False
    proven: bool = True
    """How it was given is known. Imported without a notice, `notice` is empty and `notice_version` 0."""
    explicit: bool = False
    """By a statement of its own, as special categories need (Art. 9(2)(a))."""
    since_restriction: bool = False
    """An explicit one, given and recorded while the restriction stood that stands now (Art. 18(2))."""


@dataclass(frozen=True, slots=True)
class SubjectState:
    """Everything a decision reads about a person. No field may be missing, so nothing can be forgotten."""

    subject_id: str
    kind: str
    """fideslang data subject, e.g. `customer`."""
    version: int
    erased: bool
    restricted: bool
    objections: frozenset[str]
    """Purposes and groups objected to (Art. 21); `direct_marketing` and `profiling` stand for all of it."""
    consents: Mapping[str, ConsentFact]
    age: int | None
    """Whole years, of which more than 21 need not be told apart; None when it is not known."""
    country: str | None
    """ISO 3166, of the person; None when it is not known, or makes no difference."""
    retention_anchor: datetime | None
    """When the relationship ended; None while it lasts."""
