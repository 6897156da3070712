"""What people are told about their requests, a folder a language: letters, package, timeline. Pure.

English is what everybody gets for whom there is nothing else. A language is added by one more folder, and its line
here; a test holds that all have the same texts with the same blanks.
"""

from collections.abc import Mapping

from privacy_svc.rights.languages import de, en, es, fr, pt
from privacy_svc.rights.languages.words import Words

USUAL = "en"
LANGUAGES: Mapping[str, Words] = {"en": en.WORDS, "de": de.WORDS, "fr": fr.WORDS, "es": es.WORDS, "pt": pt.WORDS}
