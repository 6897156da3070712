"""All that a language has to say."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from privacy_svc.rights.parts import Event


@dataclass(frozen=True)
class Words:
    letters: Mapping[str, str]
    package: Mapping[str, str]
    happened: Mapping[str, str]
    """Entries of the log, by type: all that can be about a person, who reads it in the Privacy Centre and in a package."""
    lines: Mapping[Event, str]
    """Of a timeline, by what happened; the blanks are the event's parameters, none of them personal."""
    values: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """What a parameter's value is in words; another value stands as it is."""
    categories: Mapping[str, str] = field(default_factory=dict)
    """Of fideslang; what has no words here is told by its own."""
