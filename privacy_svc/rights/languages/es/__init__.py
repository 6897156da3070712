"""Spanish."""

from privacy_svc.rights.languages.es import events, letters, package, timeline
from privacy_svc.rights.languages.words import Words

WORDS = Words(
    letters=letters.TEXTS,
    package=package.TEXTS,
    happened=events.HAPPENED,
    categories=package.CATEGORIES,
    lines=timeline.LINES,
    values=timeline.VALUES,
)
