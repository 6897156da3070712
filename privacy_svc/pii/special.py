"""Words of special categories (Art. 9 GDPR) in six languages, with what else some of them mean. Pure.

A word that ends with `*` is a stem: Muslim* is also Muslimin and muslimischen. A stem is written as long as no other
word begins with it.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

_WORDS: Mapping[tuple[str, str], str] = {
    ("HEALTH", "user.health_and_medical"): """ill, illness*, sick leave, sick note*, off sick, called in sick, disease*,
        diagnosed, diagnosis, diagnoses, cancer, diabet*, hiv, depression*, depressed, depressive*, pregnan*, disabled,
        disabilit*, wheelchair*, dementia, epilep*, surgery, chemotherap*, psychiatr*, psychotherap*, burnout*, covid*,
        bipolar, autis*, schizophren*, krank, kranke, kranken, kranker, krankes, krankheit*, krankmeldung*,
        krankgemeldet*, krankgeschrieben*, krankschreibung*, krankenstand, krankentag*, erkrank*, arbeitsunfähig*,
        diagnose, diagnosen, diagnostiziert*, krebs, krebskrank*, krebspatient*, krebserkrank*, brustkrebs, depressiv*,
        schwanger*, behindert*, behinderung*, schwerbehinder*, rollstuhl*, demenz*, reha, rehaklinik, herzinfarkt*,
        schlaganfall*, suchtkrank*, malade*, maladie*, arrêt maladie, congé maladie, diagnostic, diagnostiqu*, diabét*,
        dépressi*, enceinte, enceintes, grossesse*, handicap, handicaps, handicapé*, handicapped, fauteuil roulant,
        démence*, épilep*, chirurgie, chimiothérap*, cancer du sein, enfermo*, enferma*, enfermedad*, baja médica,
        diagnóstic*, cáncer, diabétic*, depresi*, embaraz*, discapacid*, discapacitad*, silla de ruedas, demencia*,
        quimioterap*, malato, malata, malati, malate, malattia, malattie, diagnosi, cancro, tumore, tumori,
        depressione, depresso, depressa, incinta, incinte, gravidanz*, disabile, disabili, disabilità,
        sedia a rotelle, demenza, chemioterap*, ziek, zieke, ziekte*, ziekmelding*, ziekgemeld*, kanker*, depressie*,
        zwanger*, gehandicapt*, rolstoel*, dementie, operatie, arbeidsongeschikt*""",
    (
        "RELIGION",
        "user.demographic.religious_belief",
    ): """catholic, catholics, catholicism, protestant*, muslim*, moslem*, islam, islamic, islamisch*, jew, jews,
        jewish, judaism, hindu, hindus, hinduis*, buddhis*, atheis*, jehovah's witness*, sikh*, katholi*, evangelisch*,
        konfessionslos*, jude, juden, jüdin*, jüdisch*, zeugen jehovas, zeuge jehovas, zeugin jehovas, kirchenaustritt,
        catholique*, musulm*, islamique*, juif, juifs, juive*, bouddhis*, athée*, témoin de jéhovah, católic*, islámic*,
        judío*, judía*, budis*, ateo, atea, ateos, ateas, testigo de jehová, cattolic*, ebreo, ebrea, ebrei, ebree,
        ebraic*, buddis*, atei, islamic*, testimone di geova, moslim*, islamit*, jood, joden, joods*, boeddhis*, atheïs*,
        jehova's getuige*""",
    ("UNION", "user.demographic.trade_union_membership"): """trade union*, union member*, union rep*, shop steward*,
        gewerkschaft*, ver.di, ig metall, ig bce, syndicat, syndicats, syndical, syndicale*, syndicali*, syndicaux,
        syndiqué*, sindicato*, sindical, sindicales, sindicalist*, sindicalizad*, sindacat*, sindacal*, vakbond*""",
    ("POLITICS", "user.demographic.political_opinion"): """party member*, votes for, voted for, communist*, socialist*,
        conservative voter*, parteimitglied*, kommunist*, sozialist*, sozialdemokrat*, mitglied der spd,
        mitglied der cdu, mitglied der csu, mitglied der fdp, mitglied der afd, mitglied der grünen, membre du parti,
        communiste*, socialiste*, militante del partido, afiliado al partido, afiliada al partido, comunist*,
        iscritto al partito, iscritta al partito, iscritti al partito, partijlid*, partijleden, lid van de pvda,
        lid van de vvd, lid van de pvv""",
    (
        "ETHNICITY",
        "user.demographic.race_ethnicity",
    ): """ethnicity, ethnic origin*, ethnic background, skin colour, skin color, romani, sinti, sinto, sintiza,
        ethnische herkunft, ethnischer herkunft, ethnischen herkunft, hautfarbe, dunkelhäutig*, origine ethnique,
        origines ethniques, couleur de peau, origen étnico, color de piel, origine etnica, colore della pelle,
        etnische afkomst, huidskleur""",
    ("SEXUALITY", "user.demographic.sexual_orientation"): """gay, gays, lesbian*, bisexual*, homosexual*, transgender*,
        transsexu*, schwul, schwule, schwulen, schwuler, schwules, schwulem, lesbe, lesben, lesbisch*, bisexuel*,
        homosexuel*, lesbienne*, transsexuel*, omosessual*, lesbic*, bisessual*, transessual*, homoseksue*,
        homofiel*, lesbien*, biseksue*, transseksue*""",
}
CATEGORY = {kind: category for kind, category in _WORDS}  # noqa: C416 - the pairs are the keys

_NEAR = 40
_ELSE: Mapping[str, str] = {
    "enceinte": r"(?<!\w)(?:une|des|les|deux|cette|ces|votre|vos|notre|nos|mon|ton|mini)[ -]enceinte|['\u2019]enceinte|"
    r"bluetooth|haut-parleur|sans fil|enceintes? (?:portable|connectée|acoustique|hi-?fi|nomade)",
    "handicap": r"golf|handicap[ :]{1,2}(?:de |van |di |von |of )?[+-]?\d",
    "disabled": r"account|feature|button|option|login|plug-?in|mode|function|setting|cookie|notification|script|alert|"
    r"channel|device|service|field|menu|link|card|api|(?:is|are|was|were|been|be) disabled (?:by|in|for|on|due|until)",
    "jude": r"(?<!\w)(?:hey|st\.?|saint) jude|jude [a-z]*(?:law|bellingham)",
    "syndicat": r"syndicats? (?:de copropriété|d['\u2019]initiative|des copropriétaires|mixte)",
    "krebs": r"krebs(?:suppe|fleisch|scheren|e\b)|gekochte",
}
"""What stands around a word that means something else: a loudspeaker, a golfer's figure, a switch."""


def special_in(text: str) -> Iterator[tuple[str, int, int]]:
    """Kind, start, end."""
    for word in _special().finditer(text):
        if not _means_else(text, word):
            yield word.lastgroup or "", word.start(), word.end()


def _means_else(text: str, word: re.Match[str]) -> bool:
    said = word[0].lower()
    other = _ELSE.get(said) or _ELSE.get(said.removesuffix("s"))
    if other is None:
        return False
    return re.search(other, text[max(0, word.start() - _NEAR) : word.end() + _NEAR].lower()) is not None


@cache
def _special() -> re.Pattern[str]:
    groups = []
    for (name, _), words in _WORDS.items():
        each = sorted({" ".join(w.split()) for w in words.split(",")}, key=lambda w: (-len(w), w))
        groups.append(f"(?P<{name}>{'|'.join(map(_one, each))})")
    return re.compile(rf"(?<!\w)(?:{'|'.join(groups)})(?!\w)", re.IGNORECASE)


def _one(word: str) -> str:
    stem = word.removesuffix("*")
    return r"\s+".join(map(re.escape, stem.split())) + (r"\w{0,20}" if stem != word else "")
