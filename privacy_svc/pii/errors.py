"""What can be wrong about a text to be examined."""

from privacy_svc.errors import BadRequest


class UnknownLanguage(BadRequest):
    slug, title = "unknown-language", "Texts in this language cannot be examined"
    remedy = "Send one of the languages that `detail` names, or none: the organisation's first language is then taken."
