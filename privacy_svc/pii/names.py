"""What stands before and after people's names, in six languages: titles, greetings, introductions, sign-offs. Pure.

All in lower case; a phrase is told by its words, whatever stands between them.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lexicon:
    titles: frozenset[str]
    """Stand before a surname, and are not part of it."""
    greetings: frozenset[str]
    """Words with a capital before a name: also roles such as "customer"."""
    before: tuple[str, ...]
    """What a name follows: introductions, family, roles, verbs."""
    weak: tuple[str, ...]
    """What a company's name or a place may follow as well: it needs a name that looks like one."""
    closings: tuple[str, ...]
    """What the line above a signature ends with."""
    after: tuple[str, ...]
    """What only people do."""
    at: frozenset[str]
    """Words before places."""


def _lexicon(titles: str, greetings: str, before: str, weak: str, closings: str, after: str, at: str) -> Lexicon:
    words = [frozenset(each.split()) for each in (titles, greetings, at)]
    lists = [tuple(p.strip() for p in " ".join(each.split()).split(",")) for each in (before, weak, closings, after)]
    return Lexicon(words[0], words[1], lists[0], lists[1], lists[2], lists[3], words[2])


LEXICONS: Mapping[str, Lexicon] = {
    "en": _lexicon(
        "mr mrs ms miss mx dr prof professor sir dame lord lady rev reverend judge officer captain sgt",
        "dear hi hello hey customer client contact patient colleague cc attn attention signed author "
        "employee member user applicant tenant guest student uncle aunt brother sister",
        """name is, name's, i am, i'm, spoke to, spoke with, speak to, speak with, talked to, talked with, signed by,
        written by, sent by, reported by, requested by, customer, client, colleague, patient, employee,
        manager, doctor, lawyer, assistant, neighbour, neighbor, friend, husband, wife, brother, sister, son,
        daughter, mother, father, partner, boyfriend, girlfriend, uncle, aunt, cousin, boss, mr, mrs, ms, hi,
        hello, dear, regards, attn, cc, name, ask for""",
        """this is, called, named, met, meeting with, met with, on behalf of, in the name of, contact, contacted,
        e-mailed, emailed, phoned, asked, told, from, by, thanks, thank you, belongs to, invoice to, meeting""",
        """regards, wishes, best, sincerely, yours, truly, faithfully, cheers, thanks, thank you, love, greetings,
        all the best, respectfully, take care""",
        """called, said, says, wrote, writes, asked, asks, lives, lived, works, worked, phoned, emailed, told, complained,
        wants, wanted, replied, requested, signed, was born, is married, is a customer, 's wife, 's husband,
        's mother, 's father, 's address, 's phone, 's email, 's account, 's birthday, has moved, moved to,
        will call, would like""",
        "in from to near at of around towards via",
    ),
    "de": _lexicon(
        "herr herrn hr hrn frau fräulein familie dr prof professor dipl dipl.-ing ing mag pfarrer",
        "liebe lieber liebes hallo hi moin servus kunde kundin kunden ansprechpartner ansprechpartnerin kontakt "
        "patient patientin kollege kollegin kollegen mitarbeiter mitarbeiterin mieter mieterin mitglied "
        "nachbar nachbarin freund freundin bruder schwester mutter vater sohn tochter ehemann ehefrau mann onkel tante "
        "chef chefin anwalt anwältin nutzer nutzerin antragsteller antragstellerin absender empfänger inhaber inhaberin "
        "gast schüler schülerin unterzeichner sachbearbeiter sachbearbeiterin betreuer betreuerin "
        "guten tag morgen abend sehr geehrte geehrter",
        """name ist, heiße, heisse, gesprochen mit, telefoniert mit, gespräch mit, telefonat mit, termin mit, rücksprache
        mit, unterzeichnet von, geschrieben von, geehrte, geehrter, geehrter herr, geehrte frau, namens, hier
        spricht, gruß, grüße, lg, vg""",
        """heißt, heisst, bin, im namen von, im auftrag von, genannt, ist, hier ist, kontaktieren sie, wenden sie sich
        an, von, danke, dank""",
        """grüßen, grüßen,, gruessen, grüssen, grüße, gruß, gruss, grüsse, gruesse, hochachtungsvoll, mfg, lg, vg, dank,
        danke, herzlichst, ihr, ihre, dein, deine""",
        """hat angerufen, rief an, ruft an, hat geschrieben, schrieb, schreibt, hat gesagt, sagte, sagt, fragt, fragte,
        wohnt, arbeitet, möchte, bittet, bat, hat sich, hat gebeten, hat uns, meldete, meldet sich, beschwert,
        ist umgezogen, wurde geboren, geboren am, hat gekündigt, wünscht, bestätigte, bestätigt""",
        "in aus nach bei von über richtung bis zu um",
    ),
    "fr": _lexicon(
        "m mr mme mlle monsieur madame mademoiselle dr docteur maître me pr professeur",
        "cher chère bonjour bonsoir salut client cliente contact patient patiente collègue signé "
        "locataire membre adhérent titulaire destinataire expéditeur",
        """je m'appelle, m'appelle, s'appelle, mon nom est, nom est, parlé à, parlé avec, échangé avec, signé par, écrit
        par, envoyé par, client, cliente, collègue, patient, patiente, mari, femme, frère, sœur, fils, fille,
        mère, père, ami, amie, voisin, voisine, avocat, rendez-vous avec, bonjour, bonsoir, madame, monsieur""",
        """je suis, au nom de, de la part de, contacter, contacté, rencontré, appelé, appel de, demandé à, merci, nommé,
        nommée, par, c'est""",
        """cordialement, salutations, distinguées, à vous, à toi, merci, amicalement, bises, respectueusement,
        sincèrement, bonne journée""",
        """a appelé, a téléphoné, a écrit, a dit, a demandé, habite, travaille, souhaite, demande, vit à, réside,
        appelle, est né, est née, a déménagé, veut, voudrait, a signé, a confirmé, née le, né le, nous a""",
        "à en de depuis vers chez près sur",
    ),
    "es": _lexicon(
        "sr sra srta señor señora señorita don doña dr dra d dª prof",
        "estimado estimada querido querida hola cliente clienta contacto paciente firmado buenos buenas "
        "días tardes socio titular destinatario remitente compañero compañera",
        """me llamo, se llama, soy, mi nombre es, nombre es, hablé con, hablado con, hablar con, reunión con, cita con,
        firmado por, escrito por, enviado por, cliente, clienta, paciente, compañero, compañera, marido,
        esposa, esposo, mujer, hermano, hermana, hijo, hija, madre, padre, amigo, amiga, vecino, vecina,
        abogado, abogada, hola, señora, señor""",
        """en nombre de, de parte de, contactar con, contactar a, llamar a, llamada de, gracias, llamado, llamada, por, a""",
        "saludos, saludo, cordiales, cordial, atentamente, gracias, abrazo, besos, atte, cordialmente",
        """llamó, ha llamado, dijo, dice, escribió, ha escrito, pidió, pide, preguntó, vive, trabaja, quiere, solicita,
        solicitó, nació, se ha mudado, se mudó, nos ha, desea, confirmó, nacido, nacida""",
        "en de desde a hacia por cerca hasta",
    ),
    "it": _lexicon(
        "sig sigg sig.ra sig.na signor signora signorina dott dott.ssa dottor dottoressa dr avv ing prof prof.ssa geom",
        "gentile egregio caro cara buongiorno buonasera ciao salve cliente contatto paziente firmato spett "
        "collega gentilissimo gentilissima socio destinatario mittente",
        """mi chiamo, si chiama, il mio nome è, nome è, parlato con, parlare con, incontro con, appuntamento con, firmato
        da, scritto da, inviato da, cliente, paziente, collega, marito, moglie, fratello, sorella, figlio,
        figlia, madre, padre, amico, amica, vicino, vicina, avvocato, ciao, signora, signor""",
        """sono, a nome di, per conto di, da parte di, contattare, chiamare, chiamata da, chiamata di, grazie, da""",
        "saluti, cordialmente, grazie, cordialità, distinti saluti, abbraccio, a presto",
        """ha chiamato, ha telefonato, ha scritto, ha detto, ha chiesto, abita, vive, lavora, vuole, vorrebbe, chiede,
        desidera, dice, è nato, è nata, si è trasferito, si è trasferita, ha confermato, ci ha, nato, nata""",
        "a in da di presso verso per",
    ),
    "nl": _lexicon(
        "dhr mevr mw meneer mevrouw heer dr drs ir prof mr fam familie",
        "beste geachte hallo hoi dag klant contact patiënt collega lieve contactpersoon huurder lid "
        "medewerker afzender ontvanger",
        """naam is, ik heet, heet, gesproken met, gesprek met, gebeld met, afspraak met, getekend door, geschreven door,
        verzonden door, klant, collega, patiënt, man, vrouw, broer, zus, zoon, dochter, moeder, vader, vriend,
        vriendin, buurman, buurvrouw, advocaat, hallo, de heer, heer""",
        """ik ben, namens, in naam van, neem contact op met, contact met, bel, bedankt, genaamd, door, van, met""",
        "groet, groeten, groetjes, bedankt, dank, hoogachtend, liefs, mvg, vriendelijke groet",
        """belde, heeft gebeld, schreef, heeft geschreven, zei, zegt, vroeg, vraagt, woont, werkt, wil, wilde, wenst,
        heeft gevraagd, is geboren, is verhuisd, verhuisde, heeft ons, bevestigde, geboren op""",
        "in uit naar bij van te vanuit richting",
    ),
}
LANGUAGES = tuple(sorted(LEXICONS))

NOBODY = frozenset(
    """team all everyone everybody there sir madam sirs customer customers support colleague colleagues friend friends
    folks guys folk person people service sales damen herren kunde kundin kunden zusammen kollegen kolleginnen
    monsieur madame messieurs mesdames client clients équipe señores cliente clientes equipo clienti signori klant klanten
    heer mevrouw world whom monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag
    freitag samstag sonntag lundi mardi mercredi jeudi vendredi samedi dimanche january february march april june july
    august september october november december januar februar märz mai juni juli oktober dezember""".split()
)
"""Greeted and named, and not a person."""
AND = frozenset("and und et y e en & or oder ou o of".split())
"""Between two people."""
LABELS = """surname, last name, first name, full name, family name, given name, name, nachname, familienname, vorname,
    vollständiger name, nom, nom de famille, prénom, apellido, apellidos, nombre, nombre y apellidos, cognome, nome,
    nome e cognome, naam, achternaam, voornaam"""
"""Before a colon, and a name after it."""
MAIL_LABELS = "from to cc bcc von an de à para da a van aan"
"""The same, at a line's beginning."""
WRITERS = ("wrote", "schrieb", "hat geschrieben", "a écrit", "escribió", "ha scritto", "schreef", "heeft geschreven")
"""After the name of who is quoted, and before a colon."""
ABBREVIATED = frozenset("chr ph th wm jos joh st".split()).union(*(lexicon.titles for lexicon in LEXICONS.values()))
"""A full stop after one of these, or after an initial, ends no sentence."""
PARTICLES = frozenset(
    "von van vom zu zum zur der den de del della dello dalla di da do dos das du la le ter ten al el bin ibn d' "
    "des delle degli las los 't".split()
)
COMPANY = frozenset(
    """gmbh ag kg ohg ug ev inc ltd llc llp corp corporation plc sa sas sarl sl slu spa srl bv nv co group holding bank
    company & university college hotel airlines partners foundation sparkasse versicherung universität""".split()
)
"""After a name it is a company's."""
STREETS = frozenset(
    """street st road rd avenue ave lane drive boulevard blvd court square way close place terrace park bridge station
    airport straße strasse weg platz allee straat laan plein""".split()
)
"""After a name it is a place's."""
BRANDS = frozenset(
    """adidas aldi alibaba amazon android apple asus audi bayer bosch bose braun canon carrefour casio cisco citroën decathlon
    dell dhl disney dyson ebay edeka epson ericsson facebook fedex fiat fitbit fujitsu garmin google grundig gucci hermes
    hisense hitachi honda huawei hyundai ibm ikea instagram intel jaguar kia klarna lacoste lavazza lego lenovo lexus lidl
    linkedin logitech makita mastercard mazda  mediamarkt microsoft miele mitsubishi motorola nespresso nestlé
    netflix nike nikon nintendo nissan nivea nokia nvidia olympus oracle panasonic paypal peugeot philips pioneer
    playstation porsche prada puma rewe rolex rowenta ryanair samsung sandisk seat sennheiser shell shopify siemens skoda
    škoda skype sony spotify starbucks subaru suzuki tefal telefónica telekom tesco tesla toshiba toyota uber ubisoft
    unilever ups visa vodafone volkswagen volvo vorwerk walmart whatsapp xbox xerox xiaomi yamaha youtube zalando zara
    zoom bolt coolblue flixbus gorenje jira kindle lufthansa outlook revolut slack stripe trello trustpilot vinted windows wise fnac darty mercadona eni enel ing rabobank""".split()
)
"""Of things that people write about: after a verb or a preposition no person."""
NOUN_ENDS = tuple(
    """ung ungen heit keit schaft tion nummer vertrag schein beleg termin adresse etikett rückruf anruf anfrage antrag daten
    konto karte kopie liste mail paket preis produkt rabatt service tarif ticket unterlagen versand vorgang zettel problem
    fehler code kunde kundin betrag datum gerät betreff auftrag angebot retoure reparatur garantie formular""".split()
)
"""German nouns on no list end like these."""
