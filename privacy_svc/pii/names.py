"""Names of persons by the words around them: titles, greetings, introductions, sign-offs. Pure.

No list of names: a name that stands alone is not found by these rules. Patterns are for the `regex`
module, whose `\\K` leaves the words before the name out of the match.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """Alternatives as regular expressions."""

    titles: str
    greetings: str
    introductions: str
    closings: str


RULES: Mapping[str, Rules] = {
    "en": Rules(
        r"Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor",
        r"Dear|Hi|Hello|Hey",
        r"(?:my|his|her|their) name is|(?:spoke|talked) (?:to|with)|I am called|on behalf of",
        r"(?:kind|best|warm)? ?regards|best wishes|best|sincerely|yours(?: sincerely| truly| faithfully)?|"
        r"cheers|thanks|thank you|many thanks",
    ),
    "de": Rules(
        r"Herrn?|Frau|Familie|Dr|Prof|Professor|Dipl\.-Ing",
        r"Liebe[rs]?|Sehr geehrte[rs]?|Guten Tag|Hallo|Hi|Moin|Servus",
        r"(?:mein|sein|ihr) Name ist|ich hei(?:ß|ss)e|(?:gesprochen|telefoniert) mit|im Namen von",
        r"(?:mit )?(?:freundlichen?|herzlichen?|besten?|lieben?|viele[n]?|schönen?) Gr(?:ü|ue)(?:ß|ss)en?|"
        r"hochachtungsvoll|MfG|LG|VG|Gru(?:ß|ss)|(?:vielen )?Dank",
    ),
    "fr": Rules(
        r"M|Mme|Mlle|Monsieur|Madame|Mademoiselle|Dr|Maître|Me",
        r"Cher|Chère|Bonjour|Bonsoir|Salut",
        r"(?:je m['\u2019]appelle|mon nom est|parlé (?:à|avec)|au nom de)",
        r"(?:bien )?cordialement|salutations(?: distinguées)?|bien à vous|merci",
    ),
    "es": Rules(
        r"Sr|Sra|Srta|Señor|Señora|Señorita|Don|Doña|Dr|Dra",
        r"Estimad[oa]|Querid[oa]|Hola|Buenos días|Buenas tardes",
        r"me llamo|mi nombre es|habl(?:é|ado) con|en nombre de",
        r"(?:un )?(?:cordial )?saludos?(?: cordiales)?|atentamente|gracias",
    ),
    "it": Rules(
        r"Sig|Sig\.ra|Signor|Signora|Signorina|Dott|Dott\.ssa|Dr|Avv|Ing",
        r"Gentile|Egregio|Car[oa]|Buongiorno|Ciao|Salve",
        r"mi chiamo|il mio nome è|(?:ho )?parlato con|a nome di",
        r"(?:cordiali|distinti) saluti|saluti|grazie",
    ),
    "nl": Rules(
        r"Dhr|Mevr|Mw|[Mm]eneer|[Mm]evrouw|(?:[Dd]e )?[Hh]eer|Dr|Drs",
        r"Beste|Geachte|Hallo|Hoi|Dag",
        r"mijn naam is|ik heet|gesproken met|namens",
        r"(?:met )?(?:vriendelijke|hartelijke) groet(?:en)?|groet(?:en|jes)?|bedankt|dank u",
    ),
}

_NOBODY = (
    "Team|All|Everyone|Everybody|There|Sir|Madam|Sirs|Customer|Customers|Support|Colleague|Colleagues|Friend|Friends|"
    "Damen|Herren|Kunde|Kundin|Kunden|Zusammen|Kollegen|Kolleginnen|"
    "Monsieur|Madame|Messieurs|Mesdames|Client|Clients|Équipe|Señores|Cliente|Clientes|Equipo|Clienti|Signori|"
    "Klant|Klanten|Heer|Mevrouw|World"
)
_WORD = r"\p{Lu}(?:['\u2019]\p{Lu})?[\p{L}\p{M}]+(?:[-'\u2019]\p{Lu}?[\p{L}\p{M}]+)*"
_BETWEEN = r"von|van|vom|zu|zum|zur|der|den|de|del|della|di|da|do|dos|du|la|le|ter|ten|al|el|bin|ibn|\p{Lu}\."
_NAME = rf"(?!(?:{_NOBODY})\b){_WORD}(?:[ \t]+(?:(?:{_BETWEEN})[ \t]+)*{_WORD}){{0,2}}"


def patterns(language: str) -> Mapping[str, str]:
    """Rule's name to pattern; English words stand in texts of any language."""
    both = [RULES[code] for code in dict.fromkeys((language, "en"))]
    title, hello, intro, bye = (
        "|".join(getattr(r, name) for r in both) for name in ("titles", "greetings", "introductions", "closings")
    )
    titled = rf"(?:(?:{title})\.?[ \t]+)"
    return {
        "title": rf"\b{titled}+\K{_NAME}",
        "greeting": rf"\b(?i:{hello})[ \t]+{titled}*\K{_NAME}",
        "introduction": rf"\b(?i:{intro})[ \t]+{titled}*\K{_NAME}",
        "closing": rf"\b(?i:{bye})[ \t]*[,.!]?[ \t]*\r?\n\s*\K{_NAME}(?=[ \t]*[,.]?[ \t]*\r?$)",
    }
