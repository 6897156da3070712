"""English."""

from privacy_svc.rights.languages.en import letters, package, timeline
from privacy_svc.rights.languages.words import Words

WORDS = Words(
    letters=letters.TEXTS,
    package=package.TEXTS,
    happened=package.HAPPENED,
    categories=package.CATEGORIES,
    lines=timeline.LINES,
    values=timeline.VALUES,
)
