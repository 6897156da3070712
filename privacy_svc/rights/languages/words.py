"""All that a language has to say."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from privacy_svc.rights.parts import Event


@dataclass(frozen=True)
class Words:
    letters: Mapping[str, str]
    package: Mapping[str, str]
    lines: Mapping[Event, str]
    """Of a timeline, by what happened; the blanks are the event's parameters, none of them personal."""
    values: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """What a parameter's value is in words; another value stands as it is."""
    happened: Mapping[str, str] = field(default_factory=dict)
    """Entries of the log; what has no words here is told by its type."""
    categories: Mapping[str, str] = field(default_factory=dict)
    """Of fideslang; what has no words here is told by its own."""
