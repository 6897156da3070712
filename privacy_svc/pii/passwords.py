"""Passwords, PINs and keys, by the words before them and by how issuers write them. Pure."""

import re
from collections.abc import Iterator

_WORDS = (
    r"password|passwort|kennwort|passwd|pwd|pw|passcode|mot de passe|mdp|contraseña|wachtwoord|parola d['\u2019]ordine|"
    r"api[ _-]?key|secret|zugangscode|clave de acceso"
)
_SAYS = r"is|ist|lautet|est|es|è"
_PASSWORD = re.compile(
    rf"(?<!\w)(?:{_WORDS})(?:[ ]?[:=][ ]{{0,2}}|[ ]lautet:?[ ]{{1,2}}|[ ](?:{_SAYS}):?[ ]{{1,2}}(?=\S{{0,60}}\d))(?P<secret>\S{{4,128}})",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"(?<!\w)(?:\w{1,20}[_-])?token[ ]?[:=][ ]{0,2}(?P<secret>(?=\S{0,60}\d)\S{8,512})", re.IGNORECASE)
_PIN = re.compile(
    rf"(?<!\w)(?:pin|pin[ -]?code|pin[ -]?nummer|tan|cvv2?|cvc2?|prüfnummer|cryptogramme)(?:[ ]?[:=]|[ ](?:{_SAYS})|[ ]?#)?"
    r"[ ]{0,2}(?P<secret>\d{3,8})(?![\w-]|[.,]\d)",
    re.IGNORECASE,
)
_PRIVATE = r"[A-Z ]{0,20}PRIVATE KEY"
_LINES = r"(?:\s{0,4}+[A-Za-z0-9+/=]{16,}+)*+(?:\s{0,4}+[A-Za-z0-9+/]{1,16}={1,2})?"
"""Of a key whose end is missing."""
_KEY = re.compile(
    rf"(?P<secret>-----BEGIN {_PRIVATE}-----(?:(?:[^-]|-(?!----)){{0,20000}}+-----END {_PRIVATE}-----|{_LINES})"
    r"|(?<!\w)(?:(?:AKIA|ASIA)[A-Z0-9]{16}(?!\w)|gh[pousr]_[A-Za-z0-9]{36}(?!\w)|"
    r"github_pat_\w{22,255}|glpat-[\w-]{20,64}|AIza[\w-]{35}|sk-(?:proj-|ant-|svcacct-)?[\w-]{20,255}|"
    r"(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{16,64}(?!\w)|xox[abpr]-[A-Za-z0-9-]{10,80}|"
    r"eyJ[\w-]{10,500}\.[\w-]{10,2000}\.[\w-]{10,500}))"
)
_WORD_END = re.compile(r"\s|\Z")
_GOES_ON = re.compile(r"[ ]{1,2}\w")
_STATES = frozenset(
    """forgotten reset expired changed unknown sent required invalid incorrect wrong missing none empty protected see
    vergessen zurückgesetzt abgelaufen geändert unbekannt falsch ungültig siehe leer gesperrt oublié réinitialisé expiré
    changé inconnu incorrect invalide olvidada caducada cambiada desconocida incorrecta inválida dimenticata scaduta
    cambiata sconosciuta errata vergeten verlopen gewijzigd onbekend onjuist ongeldig""".split()
)
"""Told about a password, and none."""


def secrets_in(text: str) -> Iterator[tuple[int, int]]:
    for found in _PASSWORD.finditer(text):
        if _may_be_one(text, found):
            yield _whole(text, found)
    yield from (_whole(text, found) for found in _TOKEN.finditer(text))
    for pattern in (_PIN, _KEY):
        yield from (found.span("secret") for found in pattern.finditer(text))


def _whole(text: str, found: re.Match[str]) -> tuple[int, int]:
    """To the next blank, however long it is: a half is left of nothing."""
    return found.start("secret"), _WORD_END.search(text, found.end("secret")).start()  # type: ignore[union-attr] # or the end


def _may_be_one(text: str, found: re.Match[str]) -> bool:
    """A mere word is one unless it tells a state or a sentence goes on."""
    word = found["secret"].rstrip(".,;!)")
    goes_on = word == found["secret"] and _GOES_ON.match(text, found.end("secret"))
    return not word.isalpha() or (word.lower() not in _STATES and not goes_on)
