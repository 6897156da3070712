"""Words that say that nobody consented, in the six languages whose tables are imported most. Pure.

Patterns are for `plain` text: small letters without accents, so that `pré-cochée` and `PRE-COCHEE` are one word.
"""

import re
import unicodedata

PRETICKED = "a box that was ticked before is no consent (Art. 4(11), recital 32)"
IMPLIED = "silence or going on is no consent (Art. 4(11), recital 32)"
BUNDLED = "a flag for several purposes is no consent (Art. 7(2), recital 43): one record for each"


def plain(text: str) -> str:
    if text.isascii():
        return text.lower()
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def _words(*alternatives: str) -> re.Pattern[str]:
    """Whole words; `~` is a hyphen, an underscore or a space, or nothing."""
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(alternatives).replace('~', '[-_ ]?')})(?![^\W_])")


TEXTS = (
    (
        _words(
            "pre~(?:tick|check|select|mark)ed|(?:tick|check|select)ed~by~default",
            "pre~coch(?:e|ee)s?|coch(?:e|ee)s?~par~defaut",
            "pre~(?:marcad|seleccionad|selecionad|assinalad)[ao]s?",
            "(?:marcad|seleccionad|selecionad|assinalad)[ao]s?~por~(?:defecto|defeito|padrao|omissao)",
            "pre~(?:spuntat|selezionat|flaggat)[aeio]|(?:spuntat|selezionat)[aeio]~per~(?:default|impostazione)",
            "(?:voor|vooraf|standaard)~(?:aangevinkt|aangekruist|geselecteerd)e?",
            "(?:vor|vorab|voraus|standardm(?:a|ae)ssig)~(?:an|aus)?(?:gekreuzt|gehakt|geklickt|gew(?:a|ae)hlt)\\w*",
        ),
        PRETICKED,
    ),
    (
        _words(
            "implied|(?:implicit|tacit|presumed|opt~out)~consent|by~silence",
            "implicit(?:e|es|ement|o|os|a|as|i|amente)|tacit(?:e|es|ement|o|os|a|as|i|amente)",
            "(?:consentement|consentimiento|consentimento|consenso)~presu\\w+",
            "par~(?:le~|son~)?silence|por~(?:el~|o~)?silencio|silenzio~assenso",
            "impliciete?|stilzwijgende?|veronderstelde~toestemming",
            "stillschweigen\\w*|konkludent\\w*|implizit\\w*|mutmasslich\\w*~(?:einwilligung|zustimmung)",
        ),
        IMPLIED,
    ),
    (_words("bundled"), BUNDLED),
)
_HINTS = (
    *("ticked", "checked", "marked", "selec", "selez", "coche", "marcad", "assinalad", "spuntat", "flaggat"),
    *("aangevinkt", "aangekruist", "kreuzt", "gehakt", "geklickt", "gewa", "bundled"),
    *("impli", "tacit", "consent", "consens", "silen", "stilz", "stillsch", "veronderst", "konkludent", "mutmass"),
)
"""One of them is in whatever `TEXTS` finds: a look that takes a tenth of the time."""


def hints(small: str) -> bool:
    for hint in _HINTS:  # noqa: SIM110 - `any` takes three times as long
        if hint in small:
            return True
    return False


_NOT = (
    r"(?<![^\W_])(?:not|never|no|nor|none|without|neither|nicht|nie|niemals|kein\w{0,2}|ohne|weder|noch|ne|pas|jamais|ni"
    r"|aucune?|sans|nunca|sin|ningun[ao]?|nao|nem|sem|nenhuma?|non|mai|senza|nessun[ao]?|niet|nooit|geen|zonder)"
)
_BETWEEN = (
    r"(?:a|an|any|the|of|on|ever|been|be|being|is|was|by|ein\w{0,2}|den|das|mit|war|waren|im|une?|un|una|uno|um|uma|de|des"
    r"|est|etait|ete|etaient|era|eran|eram|estaba|estaban|estava|estavam|foi|fue|e|een|werd|was|used?|using|have|has|had"
    r"|having|contain|contained|contains|show|showed|shown|rely|relied)"
)
_BOX = (
    r"(?:box(?:es)?|checkbox(?:es)?|fields?|options?|feld(?:er)?|kastchen|kaestchen|hakchen|cases?|casillas?|caixas?|casell[ae]"
    r"|vakje[s]?|hokje[s]?)"
)
_IS = r"(?:was|were|is|are|been|war|waren|ist|sind|wurden?|etait|etaient|est|sont|estaba|estava|era|erano|werd|werden)"
_DENIED = re.compile(rf"(?:{_NOT}|n't)(?:[ _](?:{_BETWEEN}|{_BOX})){{0,2}}[-_ ]$")
"""The word itself: `not pre-ticked`, `without a pre-ticked box`."""
_NO_BOX = re.compile(rf"{_NOT}\b[^.,:;!?]{{0,40}}\b{_BOX}\b[^.,:;!?]{{0,40}}\b{_IS}(?: (?:ever|been|yet|je))?[-_ ]$")
"""Every box: `no box of this form was pre-ticked`."""
ALSO = re.compile(r",? (?:or|nor|and|oder|noch|und|ou|et|ni|o|y|e|nem|of|en) (?:by |a |an )?|, ")
"""Between a word that is denied and the next, which is denied with it."""


def is_denied(small: str, start: int) -> bool:
    """Whether what stands right before a word says the opposite of it."""
    if _DENIED.search(small[max(0, start - 40) : start]):
        return True
    return _NO_BOX.search(small[max(0, start - 120) : start]) is not None
