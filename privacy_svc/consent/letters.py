"""The letter that asks to confirm a consent. It advertises nothing: until it is answered, nobody has agreed to that."""

from privacy_svc.mail import Letter
from privacy_svc.policy import Organisation, Purpose

PATH = "/confirm"

_WORDS = {
    "en": (
        "Please confirm: {title}",
        "Hello,",
        "somebody, we hope you, agreed to this with this address: {title}.",
        "somebody, we hope you, agreed to this for a child in your care and gave this address: {title}.",
        "To confirm it, open this page and press the button:",
        "The link works once, for {hours} hours. If it was not you, do nothing: unconfirmed it counts for nothing.",
        "Data protection: {dpo}",
    ),
    "de": (
        "Bitte bestätigen: {title}",
        "Guten Tag,",
        "jemand, hoffentlich Sie, hat mit dieser Adresse zugestimmt: {title}.",
        "jemand, hoffentlich Sie, hat für ein Kind in Ihrer Obhut zugestimmt und diese Adresse genannt: {title}.",
        "Zum Bestätigen öffnen Sie bitte diese Seite und drücken Sie den Knopf:",
        "Der Link gilt einmal, {hours} Stunden lang. Waren Sie es nicht, tun Sie nichts: Unbestätigt gilt es nicht.",
        "Datenschutz: {dpo}",
    ),
}


def ask_to_confirm(
    organisation: Organisation,
    purpose: Purpose,
    language: str,
    hours: int,
    base_url: str,
    token: str,
    *,
    for_child: bool = False,
) -> Letter:
    """In the language of the notice that was shown, where there are words for it. `for_child`: to the guardian."""
    chosen = language if language in _WORDS else "en"
    dpo = organisation.dpo
    blanks = {
        "title": purpose.title.get(language) or next(iter(purpose.title.values())),
        "hours": hours,
        "dpo": f"{dpo.name}, {dpo.email}" if dpo.email else dpo.name,
    }
    subject, hello, own, childs, how, until, closing = (words.format(**blanks) for words in _WORDS[chosen])
    link = f"    {base_url.rstrip('/')}{PATH}?token={token}&lang={chosen}"
    ending = f"{organisation.controller.name}\n{closing}"
    return Letter(subject, f"{hello}\n\n{childs if for_child else own}\n\n{how}\n\n{link}\n\n{until}\n\n{ending}\n")
