"""What nobody should write into a note: card numbers, secrets, and words of special categories (Art. 9 GDPR). Pure.

Words cannot know what a sentence means: "the invoice is sick" is found too. That is why a warning is the first thing a
data map may ask for. Presidio is not loaded: a write waits for this.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from privacy_svc.pii.finding import Finding, without_overlaps

_CARD = re.compile(r"(?<![\d.+-])\d(?:[ -]?\d){12,18}(?![\d-])")
_PASSWORD = re.compile(
    r"(?<!\w)(?:password|passwort|kennwort|passwd|pwd|mot de passe|contraseña|wachtwoord|parola d['\u2019]ordine|pin|api[ _-]?key|"
    r"secret)[ ]?(?:[:=]|(?:is|ist|est|es|è)(?=[ ]{1,2}\S{0,60}\d))[ ]{1,2}(?P<secret>\S{4,128})|(?<!\w)(?:password|passwort|pwd|api[ _-]?key|secret)[:=]"
    r"(?P<other>\S{4,128})",
    re.IGNORECASE,
)
_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----|(?<!\w)(?:AKIA|ASIA)[A-Z0-9]{16}(?!\w)|(?<!\w)gh[pousr]_[A-Za-z0-9]{36}(?!\w)|"
    r"(?<!\w)(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{16,64}(?!\w)|(?<!\w)xox[abpr]-[A-Za-z0-9-]{10,80}|"
    r"(?<!\w)eyJ[\w-]{10,500}\.[\w-]{10,2000}\.[\w-]{10,500}"
)
_WORDS: Mapping[tuple[str, str], str] = {
    ("HEALTH", "user.health_and_medical"): """ill, illness, sick leave, disease, diagnosed, diagnosis, cancer, diabetes,
        diabetic, hiv, depression, depressed, pregnant, pregnancy, disabled, disability, wheelchair, dementia, epilepsy,
        surgery, chemotherapy, psychiatrist, burnout, covid, krank, krankheit, krankgeschrieben, diagnose, krebs,
        depressionen, schwanger, schwangerschaft, behindert, behinderung, schwerbehindert, rollstuhl, demenz, epilepsie,
        chemotherapie, reha, malade, maladie, arrêt maladie, diagnostic, diabète, diabétique, dépression, enceinte,
        grossesse, handicap, handicapé, handicapée, fauteuil roulant, démence, épilepsie, chirurgie, enfermo, enferma,
        enfermedad, diagnóstico, cáncer, diabético, diabética, depresión, embarazada, embarazo, discapacidad,
        discapacitado, silla de ruedas, demencia, epilepsia, malato, malata, malattia, diagnosi, cancro, tumore, diabete,
        depressione, incinta, gravidanza, disabile, disabilità, sedia a rotelle, demenza, ziek, ziekte, ziekmelding,
        kanker, depressie, zwanger, zwangerschap, gehandicapt, handicap, rolstoel, dementie, operatie""",
    (
        "RELIGION",
        "user.demographic.religious_belief",
    ): """catholic, protestant, muslim, islamic, jewish, hindu, buddhist,
        atheist, jehovah's witness, katholisch, evangelisch, muslimisch, muslima, jüdisch, jude, jüdin, hinduistisch,
        buddhistisch, atheistisch, zeugen jehovas, catholique, protestante, musulman, musulmane, juif, juive, bouddhiste,
        athée, católico, católica, musulmán, musulmana, judío, judía, budista, ateo, atea, cattolico, cattolica,
        musulmano, ebreo, ebrea, buddista, katholiek, protestants, moslim, joods, boeddhist, atheïst""",
    ("UNION", "user.demographic.trade_union_membership"): """trade union, union member, union membership, shop steward,
        gewerkschaft, gewerkschafter, gewerkschafterin, gewerkschaftsmitglied, ver.di, ig metall, syndicat, syndiqué,
        syndiquée, sindicato, sindicalista, sindacato, sindacalista, iscritto al sindacato, vakbond, vakbondslid""",
    ("POLITICS", "user.demographic.political_opinion"): """party member, votes for, communist, socialist, conservative
        voter, parteimitglied, kommunist, kommunistin, membre du parti, communiste, militante del partido, comunista,
        iscritto al partito, partijlid, communist""",
    (
        "ETHNICITY",
        "user.demographic.race_ethnicity",
    ): """ethnicity, ethnic origin, skin colour, skin color, romani, sinti,
        ethnische herkunft, hautfarbe, origine ethnique, couleur de peau, origen étnico, color de piel, origine etnica,
        colore della pelle, etnische afkomst, huidskleur""",
    ("SEXUALITY", "user.demographic.sexual_orientation"): """gay, lesbian, bisexual, homosexual, transgender, schwul,
        lesbisch, bisexuell, homosexuell, homosexuel, homosexuelle, lesbienne, bisexuel, lesbiana, bisexual, omosessuale,
        lesbica, bisessuale, homoseksueel, biseksueel""",
}


@cache
def _special() -> re.Pattern[str]:
    groups = []
    for (name, _), words in _WORDS.items():
        each = sorted({" ".join(w.split()) for w in words.split(",")}, key=lambda w: (-len(w), w))
        groups.append(f"(?P<{name}>{'|'.join(re.escape(w).replace(chr(92) + ' ', chr(92) + 's+') for w in each)})")
    return re.compile(rf"(?<!\w)(?:{'|'.join(groups)})(?!\w)", re.IGNORECASE)


_CATEGORY = {kind: category for kind, category in _WORDS}  # noqa: C416 - the pairs are the keys


def unwanted_in(text: str) -> list[Finding]:
    """In the order of the text, without overlaps."""
    return without_overlaps(text, _found(text))


def _found(text: str) -> Iterator[Finding]:
    for card in _CARD.finditer(text):
        if _luhn(re.sub(r"\D", "", card[0])):
            yield _finding("CREDIT_CARD", "user.financial.credit_card", *card.span(), 1.0)
    for secret in _PASSWORD.finditer(text):
        yield _finding("SECRET", "user.authorization.password", *secret.span(secret.lastgroup or 0), 0.9)
    for key in _KEY.finditer(text):
        yield _finding("SECRET", "user.authorization.password", *key.span(), 1.0)
    for word in _special().finditer(text):
        kind = word.lastgroup or ""
        yield _finding(kind, _CATEGORY[kind], *word.span(), 0.8)


def _finding(entity: str, category: str, start: int, end: int, score: float) -> Finding:
    return Finding(entity, category, start, end, score, "unwanted")


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1. Zeros only are no card."""
    doubled = (int(c) * (1 + n % 2) for n, c in enumerate(reversed(digits)))
    return digits.strip("0") != "" and digits[0] != "0" and sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0
