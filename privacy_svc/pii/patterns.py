r"""Addresses, ages, births, telephone numbers and sites as people write them in six languages. Pure.

For the `regex` module, whose `\K` leaves what stands before it out of a match. Every repetition has a bound, so that
no text makes a pattern look again and again.
"""

from collections.abc import Mapping

_CAP = r"(?:(?:[dlDL]|[dD]ell|[dD]all|[aA]ll|[sS]ant)['\u2019])?\p{Lu}[\p{L}\p{M}'\u2019.-]{0,30}+"
_OF = (
    r"(?:de la|de las|de los|de l['\u2019]|des|del|della|delle|dei|degli|dello|dell['\u2019]|de|du|da|do|dos|di|la|las|"
    r"le|les|los|el|en|y|der|den|dem|die|am|an|im|van|von|vom|zum|zur|het|ter|aan|sur|sous|saint|santa|san)"
)
_NUMBER = r"\d{1,5}(?:[ ]?[a-zA-Z](?!\p{L}))?(?:[-/]\d{1,4}[a-zA-Z]?)?(?![\d.,:]?\d|%|[ ]?(?:€|\$|EUR|Uhr|Euro))"
_MIDDLE = rf"(?:[ -](?:{_OF}[ ])?(?:{_OF}[ ])?{_CAP}){{0,4}}"
_TOWN = r"(?:St\.[ ])?(?:[dlDL]['\u2019])?\p{Lu}[\p{L}\p{M}'\u2019-]{1,30}+"
_CITY = rf"{_TOWN}(?:[ -](?:{_OF}[ ])?(?:{_OF}[ ])?{_TOWN}){{0,3}}"

GERMANIC = """straße strasse str weg gasse allee platz ring damm ufer chaussee steig stieg pfad straat laan plein gracht
    kade dijk singel markt steenweg dreef hof park berg graben brücke wall tor zeile promenade""".split()
"""What streets' names end with."""
_ENDS = "|".join(GERMANIC)
ENGLISH = (
    "Street|St|Road|Rd|Avenue|Ave|Av|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Square|Sq|Way|Close|Place|Pl|Terrace|"
    "Crescent|Gardens|Grove|Hill|Row|Mews|Parkway|Pkwy|Highway|Hwy|Circle|Cir|Trail|Walk|Quay|Green|Park|Loop|Plaza"
)
_FEAST = (
    r"\d{1,2}(?:er)?[ ](?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre)"
    r"(?:[ ](?:1[89]|20)\d\d)?"
)
"""French streets are called after days."""
_UNIT = r"(?:,?[ ](?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Fl|#|No)\.?[ ]?\w{1,6}(?!\w))?"
_UK_CODE = r"[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2}(?!\w)"
_US_CODE = r"[A-Z]{2},?[ ]\d{5}(?:-\d{4})?(?!\w)"
_GAP = r"(?:,?[ ]{1,2}|,?[ ]{0,2}\r?\n[ \t]{0,8}|[ ][-\u2013][ ])"
_CODE_CITY = rf"(?:[A-Z]{{1,2}}-)?\d{{4,5}}(?:[ ]?[A-Z]{{2}}(?!\p{{L}}))?,?[ ]{{1,2}}{_CITY}(?:[ ]\(\p{{Lu}}{{2}}\))?"
_TAIL = (
    rf"(?:{_GAP}{_CODE_CITY}|{_GAP}(?:{_CITY}{_GAP})?(?:{_UK_CODE}|{_US_CODE}|\d{{4,5}}(?!\w))|,[ ]{_CITY})?"
    rf"(?:,[ ](?:Germany|Deutschland|France|Spain|España|Italy|Italia|Netherlands|Nederland|USA|UK|United Kingdom))?"
)

STREET_WORDS = tuple(f" {word}" for word in ENGLISH.split("|")) + tuple(
    "Am ,An de,Im ,In de,Auf de,Unter de,Zum ,Zur ,Hinter de,Vor de,Op de,Aan de,Box,Postfach,ostale,BP ,Apartado,"
    "Postbus".split(",")
)
LOW_STREET_WORDS = (
    tuple(f"{word}{sign}" for word in GERMANIC for sign in (" ", ". "))
    + tuple(
        f"{word} "
        for word in """rue avenue av. boulevard bd place chemin impasse allée allées quai route cours square passage
    faubourg montée sentier villa chaussée calle avenida avda avda. plaza pza pza. paseo camino carrer ronda travesía via viale
    v.le piazza p.zza corso c.so largo vicolo strada piazzale rua travessa praça""".split()
    )
    + ("c/",)
)
"""Without one of these no street stands in a text: as they are written, and in lower case."""

STREETS: Mapping[str, str] = {
    "number first": rf"(?<![\w.,/-]){_NUMBER}(?:[ ](?:\p{{Lu}}[\p{{L}}'\u2019.-]{{0,25}}|\d{{1,3}}(?:st|nd|rd|th))){{1,4}}"
    rf"[ ](?:{ENGLISH})(?!\p{{L}})\.?(?:[ ](?:N|S|E|W|NE|NW|SE|SW)(?!\w))?{_UNIT}{_TAIL}",
    "rue": rf"(?<![\w.,/-])\d{{1,4}}(?:[ ]?(?:bis|ter|[A-D]))?,?[ ](?i:rue|avenue|av\.|boulevard|bd|place|chemin|impasse|"
    rf"allée|allées|quai|route|cours|square|passage|faubourg|montée|sentier|villa)"
    rf"(?:(?:[ ]{_OF}){{0,3}}[ ]{_CAP}{_MIDDLE}|[ ]du[ ]{_FEAST})(?!\w){_TAIL}",
    "rue in Belgium": rf"(?<![\w-])(?:[Rr]ue|[Aa]venue|[Bb]oulevard|[Pp]lace|[Cc]haussée|[Cc]hemin|[Qq]uai|[Ss]quare|[Ii]mpasse)"
    rf"(?:(?:[ ]{_OF}){{0,3}}[ ]{_CAP}{_MIDDLE}|[ ]du[ ]{_FEAST}),?[ ]{_NUMBER}"
    rf"(?=,?\s{{1,3}}(?:[A-Z]{{1,2}}-)?\d{{4,5}}[ ]|[ ]{{0,2}}(?:[,.;)\r\n]|\Z)){_TAIL}",
    "straße des": rf"(?<![\w-])(?:Straße|Strasse|Str\.|Allee|Platz)[ ](?:des|der|vom)[ ](?:\d{{1,2}}\.[ ])?\p{{Lu}}[\p{{L}}\p{{M}}-]{{1,30}}"
    rf"(?:[ ]\p{{Lu}}[\p{{L}}\p{{M}}-]{{1,30}}){{0,2}}[ ]{_NUMBER}{_TAIL}",
    "calle": rf"(?<!\w)(?:[Cc]/[ ]?|(?:[Cc]alle|[Aa]v(?:enida|da)\.?|[Aa]v\.|[Pp]laza|[Pp]za\.?|[Pp]aseo|[Cc]amino|[Cc]arrer|[Rr]onda|"
    rf"[Tt]ravesía|[Vv]ia|[Vv]iale|V\.le|[Pp]iazza|P\.zza|[Cc]orso|C\.so|[Ll]argo|[Vv]icolo|[Ss]trada|[Pp]iazzale|"
    rf"[Rr]ua|[Tt]ravessa|[Pp]raça)[ ])(?:{_OF}[ ]){{0,3}}{_CAP}{_MIDDLE},?[ ](?:n\.?[ºo°]?[ ]?|núm\.?[ ]|nº[ ]?)?{_NUMBER}"
    rf"(?:,[ ]\d{{1,2}}\.?[ºª°][ ]?\w{{0,3}})?{_TAIL}",
    "straße": rf"(?<![\w-])(?:\p{{Lu}}[\p{{L}}\p{{M}}.-]{{0,30}}[ ]){{0,3}}?(?=\p{{L}}[\p{{L}}\p{{M}}-]{{0,40}}\.?[ ]{{1,2}}\d)"
    rf"\p{{Lu}}[\p{{L}}\p{{M}}-]{{0,40}}(?<=(?i:{_ENDS}))\.?[ ]{{1,2}}{_NUMBER}{_TAIL}",
    "am": rf"(?<!\w)(?:Am|An der|An den|Im|In der|In den|Auf der|Auf dem|Unter den|Zum|Zur|Hinter der|Vor dem|Op de|Aan de)"
    rf"[ ]\p{{Lu}}[\p{{L}}\p{{M}}-]{{2,30}}[ ]{_NUMBER}(?=,?\s{{1,3}}(?:[A-Z]{{1,2}}-)?\d{{4,5}}[ ]){_TAIL}",
    "post box": r"(?<!\w)(?:P\.?[ ]?O\.?[ ]Box|Postfach|Boîte postale|BP|Apartado(?: de correos)?|Casella postale|"
    r"Postbus)[ ]\d{1,6}(?!\w)" + _TAIL,
}
PLACES: Mapping[str, str] = {
    "british": rf"(?<![\w-]){_UK_CODE}",
    "american": rf"(?<!\w){_CITY},[ ]{_US_CODE}",
    "dutch": rf"(?<![\w-])[1-9]\d{{3}}[ ]?[A-Z]{{2}},?[ ]{_CITY}",
    "labelled": r"(?<!\w)(?i:zip(?:[ ]code)?|post[ ]?code|postal code|plz|postleitzahl|code postal|código postal|"
    r"codice postale|cap|c\.p\.)[ ]?(?:is|ist|:|est|es|è)?[ ]?\K(?:\d{4,5}(?:-\d{4})?(?:[ ]?[A-Z]{2})?|[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2})(?!\w)",
}
CODE_AND_CITY = rf"(?<![\w.,/+-])(?:[A-Z]{{1,2}}-)?\d{{5}}[ ]{_CITY}"
"""Five digits before a capital; a person must check that it is a place."""

AGES: Mapping[str, str] = {
    "english": r"(?<![\w.,])\d{1,3}[ -]?(?:years?|yrs?)[ -]old(?!\w)|(?<![\w.,])\d{1,3}[ ]?(?:y/o|yo)(?!\w)"
    r"|(?<!\w)(?:aged?|turned|turns|age of|age is|age:)[ ]\K\d{1,3}(?![\w%/]|[.,]\d)",
    "german": r"(?<![\w.,])\d{1,3}[ ]Jahre[ ](?:alt|jung)(?!\w)|(?<![\w.,])\d{1,3}-?jährige?[nrsm]?(?!\w|[ ](?:Garantie|Laufzeit|Vertrag|Bestehen|Erfahrung|Jubiläum|Tradition))"
    r"|(?<!\w)(?:im Alter von|Alter:?|Alters von)[ ]\K\d{1,3}(?![\w%/]|[.,]\d)(?:[ ]Jahren)?",
    "french": r"(?<!\w)(?:âgée?s? de|à l['\u2019]âge de|j['\u2019]ai|il a|elle a|a fêté ses|âge[ ]?:)[ ]\K\d{1,3}(?:[ ]ans)(?!\w|[ ]de[ ])",
    "spanish": r"(?<![\w.,])\d{1,3}[ ]años de edad(?!\w)|(?<!\w)(?:tengo|tiene|cumplió|cumple|edad de|edad:)[ ]\K\d{1,3}[ ]años(?!\w|[ ]de[ ](?!edad))"
    r"|(?<!\w)edad:?[ ](?:es[ ])?\K\d{1,3}(?![\w%/]|[.,]\d)",
    "italian": r"(?<!\w)(?:ho|ha|età di|all['\u2019]età di|compiuto|compie|età:)[ ]\K\d{1,3}(?:[ ]anni)(?!\w|[ ]di[ ])|(?<![\w.,])\d{1,3}enne(?!\w)"
    r"|(?<!\w)(?:età:?)[ ]\K\d{1,3}(?![\w%/]|[.,]\d)",
    "dutch": r"(?<![\w.,])\d{1,3}[ ]jaar[ ](?:oud|jong)(?!\w)|(?<![\w.,])\d{1,3}-jarige(?!\w)|(?<!\w)leeftijd:?[ ](?:is[ ])?\K\d{1,3}(?![\w%/]|[.,]\d)",
}

YEARS = {
    "beside a person": r"(?<![\w.,])\d{1,3}[ ](?:years|Jahre|ans|años|anni|jaar)(?!\w|-)(?![ ](?:de|di|van|von)?[ ]?(?i:garan|gewähr|laufzeit|exp|erfahr|"
    r"ervar|esper|contrat|vertrag|ago|later|old))",
}
"""Counted behind a name or a word for a person."""

_MONTH = (
    "january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|"
    "sept?|oct|nov|dec|januar|jänner|februar|märz|mai|juni|juli|oktober|dezember|okt|dez|janvier|février|mars|avril|juin|"
    "juillet|août|septembre|octobre|novembre|décembre|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|"
    "octubre|noviembre|diciembre|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|januari|februari|"
    "maart|mei|augustus"
)
DATES: Mapping[str, str] = {
    "day first": rf"(?<![\w.,])\d{{1,2}}(?:st|nd|rd|th|er|\.|º|°)?[ ](?:de[ ]|of[ ])?(?i:{_MONTH})\.?,?[ ](?:del?[ ])?(?:19|20)\d\d(?!\w)",
    "month first": rf"(?<!\w)(?i:{_MONTH})\.?[ ]\d{{1,2}}(?:st|nd|rd|th)?,?[ ](?:19|20)\d\d(?!\w)",
}
_ANY_DATE = rf"(?:\d{{1,2}}[./-][ ]?\d{{1,2}}[./-][ ]?(?:19|20)\d\d|(?:19|20)\d\d-\d\d-\d\d|{DATES['day first']}|{DATES['month first']})"
BIRTHS: Mapping[str, str] = {
    "date first": rf"(?<![\d.]){_ANY_DATE}(?!\d)(?=[^.!?\r\n\d,;]{{1,40}}(?<!\w)(?:geboren|born|née?|naquit|nació|nacid[oa]|nat[oa]|nacque)(?!\w)"
    r"(?![ ](?:am|on|op|in|im|le|el|il|en|nel|den)?[ ]?\d))",
    "star": r"(?<!\w)\*[ ]?\K\d{1,2}[./]\d{1,2}[./](?:19|20)\d\d(?!\w)",
    "year": r"(?<!\w)(?i:born in|year of birth:?|birth year:?|geboren im jahr|jahrgang|geburtsjahr:?|née? en|nacid[oa] en|nat[oa] nel|"
    r"geboren in|geboortejaar:?)[ ]\K(?:19|20)\d\d(?!\w)",
}

_EXT = r"(?:[ ]?(?:x|ext\.?|extension)[ ]?\d{1,6})?(?!\w|[.,]\d)"
PHONES: Mapping[str, tuple[str, float]] = {
    "international": (r"(?<![\w.,+-])(?:\+|00[ ]?)[1-9](?:[ .\-/]{0,2}\(?\d\)?){6,14}" + _EXT, 0.6),
    "labelled": (
        r"(?<!\w)(?i:tele?(?:fon)?|tél|telephone|phone|ph|mobile?|mob|cell|fax|handy|gsm|móvil|cellulare|telefoon|téléphone|"
        r"teléfono|telefono|portable)(?:[ ]?(?:no|nr|number)\.?)?[.:]{1,2}[ ]{0,2}\K\+?\(?\d(?:[ .\-/()]{0,2}\d){5,14}"
        + _EXT,
        0.7,
    ),
    "area in brackets": (r"(?<![\w.,+-])(?:\+?1[ .-]?)?\(0?\d{2,5}\)[ /.-]?\d{2,4}(?:[ .-]?\d{2,4}){1,3}" + _EXT, 0.5),
    "american": (r"(?<![\w.,+/-])(?:(?:001|1)[ .-])?\d{3}([ .-])\d{3}\1\d{4}" + _EXT, 0.4),
    "with a trunk zero": (r"(?<![\w.,+/-])0\d{1,5}[ /.-]{1,3}\d{2,8}(?:[ .-]\d{2,5}){0,4}" + _EXT, 0.3),
    "digits": (r"(?<![\w.,+/-])\d{2,4}(?:[ .-]?\d{2,4}){2,4}" + _EXT, 0.05),
}
"""With how much each says by itself: below 0.4 a word such as "call" must stand before it."""

SITES: Mapping[str, str] = {
    "www": r"(?<![\w@/.])(?i:www)\d?\.[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}(?:/(?:[^\s<>\"')\]]{0,300}[\w/=#-])?)?",
    "bare": r"(?<![\w@/.:-])[a-z0-9][a-z0-9-]{1,62}(?:\.[a-z0-9-]{1,63}){0,2}\.(?:com|org|net|info|biz|eu|de|fr|es|it|nl|"
    r"at|ch|be|co\.uk|io)(?![\w@-]|\.\w)(?:/(?:[^\s<>\"')\]]{0,300}[\w/=#-])?)?",
}
