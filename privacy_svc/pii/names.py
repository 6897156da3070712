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
    closings: tuple[str, ...]
    """What the line above a signature ends with."""
    after: tuple[str, ...]
    """What only people do."""
    at: frozenset[str]
    """Words before places."""


def _lexicon(titles: str, greetings: str, before: str, closings: str, after: str, at: str) -> Lexicon:
    words = [frozenset(each.split()) for each in (titles, greetings, at)]
    phrases = [tuple(p.strip() for p in " ".join(each.split()).split(",")) for each in (before, closings, after)]
    return Lexicon(words[0], words[1], phrases[0], phrases[1], phrases[2], words[2])


LEXICONS: Mapping[str, Lexicon] = {
    "en": _lexicon(
        "mr mrs ms miss mx dr prof professor sir dame lord lady rev reverend judge officer captain sgt",
        "dear hi hello hey customer client contact patient colleague name from to cc attn attention signed author "
        "employee member user applicant tenant guest student uncle aunt brother sister",
        """name is, name's, i am, i'm, this is, called, named, spoke to, spoke with, speak to, speak with, talked to,
        talked with, met, meeting with, met with, on behalf of, in the name of, signed by, written by, sent by,
        reported by, requested by, contact, contacted, e-mailed, emailed, phoned, asked, told, from, by, customer,
        client, colleague, patient, employee, manager, doctor, lawyer, assistant, neighbour, neighbor, friend, husband,
        wife, brother, sister, son, daughter, mother, father, partner, boyfriend, girlfriend, uncle, aunt, cousin,
        boss, mr, mrs, ms, thanks, thank you, hi, hello, dear, regards, attn, cc, name, ask for, belongs to, invoice to""",
        """regards, wishes, best, sincerely, yours, truly, faithfully, cheers, thanks, thank you, love, greetings,
        all the best, respectfully, take care""",
        """called, said, says, wrote, writes, asked, asks, lives, lived, works, worked, phoned, emailed, told, complained,
        wants, wanted, replied, requested, signed, was born, is married, is a customer, 's wife, 's husband,
        's mother, 's father, 's address, 's phone, 's email, 's account, 's birthday, has moved, moved to,
        will call, would like""",
        "in from to near at of around towards via",
    ),
    "de": _lexicon(
        "herr herrn frau fräulein familie dr prof professor dipl dipl.-ing ing mag pfarrer",
        "liebe lieber liebes hallo hi moin servus kunde kundin kunden ansprechpartner ansprechpartnerin kontakt name "
        "patient patientin kollege kollegin kollegen mitarbeiter mitarbeiterin mieter mieterin mitglied von an "
        "nachbar nachbarin freund freundin bruder schwester mutter vater sohn tochter ehemann ehefrau mann onkel tante "
        "chef chefin anwalt anwältin nutzer nutzerin antragsteller antragstellerin absender empfänger inhaber inhaberin "
        "gast schüler schülerin unterzeichner sachbearbeiter sachbearbeiterin betreuer betreuerin vorname nachname "
        "guten tag morgen abend sehr geehrte geehrter",
        """name ist, name:, heiße, heisse, heißt, heisst, bin, gesprochen mit, telefoniert mit, gespräch mit,
        telefonat mit, termin mit, rücksprache mit, im namen von, im auftrag von, unterzeichnet von, geschrieben von,
        geehrte, geehrter, geehrter herr, geehrte frau, genannt, namens, ist, hier ist, hier spricht, kontaktieren sie,
        wenden sie sich an, von, danke, dank, gruß, grüße, lg, vg""",
        """grüßen, grüßen,, gruessen, grüssen, grüße, gruß, gruss, grüsse, gruesse, hochachtungsvoll, mfg, lg, vg, dank,
        danke, herzlichst, ihr, ihre, dein, deine""",
        """hat angerufen, rief an, ruft an, hat geschrieben, schrieb, schreibt, hat gesagt, sagte, sagt, fragt, fragte,
        wohnt, arbeitet, möchte, bittet, bat, hat sich, hat gebeten, hat uns, meldete, meldet sich, beschwert,
        ist umgezogen, wurde geboren, geboren am, hat gekündigt, wünscht, bestätigte, bestätigt""",
        "in aus nach bei von über richtung bis zu um",
    ),
    "fr": _lexicon(
        "m mr mme mlle monsieur madame mademoiselle dr docteur maître me pr professeur",
        "cher chère bonjour bonsoir salut client cliente contact patient patiente collègue nom prénom de à signé "
        "locataire membre adhérent titulaire destinataire expéditeur",
        """je m'appelle, m'appelle, s'appelle, je suis, mon nom est, nom est, parlé à, parlé avec, échangé avec,
        au nom de, de la part de, signé par, écrit par, envoyé par, client, cliente, collègue, patient, patiente,
        mari, femme, frère, sœur, fils, fille, mère, père, ami, amie, voisin, voisine, avocat, contacter, contacté,
        rencontré, appelé, rendez-vous avec, appel de, demandé à, bonjour, bonsoir, merci, madame, monsieur, nommé,
        nommée, par, c'est""",
        """cordialement, salutations, distinguées, à vous, à toi, merci, amicalement, bises, respectueusement,
        sincèrement, bonne journée""",
        """a appelé, a téléphoné, a écrit, a dit, a demandé, habite, travaille, souhaite, demande, vit à, réside,
        appelle, est né, est née, a déménagé, veut, voudrait, a signé, a confirmé, née le, né le, nous a""",
        "à en de depuis vers chez près sur",
    ),
    "es": _lexicon(
        "sr sra srta señor señora señorita don doña dr dra d dª prof",
        "estimado estimada querido querida hola cliente clienta contacto paciente nombre de para firmado buenos buenas "
        "días tardes socio titular destinatario remitente compañero compañera",
        """me llamo, se llama, soy, mi nombre es, nombre es, hablé con, hablado con, hablar con, reunión con, cita con,
        en nombre de, de parte de, firmado por, escrito por, enviado por, cliente, clienta, paciente, compañero,
        compañera, marido, esposa, esposo, mujer, hermano, hermana, hijo, hija, madre, padre, amigo, amiga, vecino,
        vecina, abogado, abogada, contactar con, contactar a, llamar a, llamada de, hola, gracias, llamado, llamada,
        señora, señor, por, a""",
        "saludos, saludo, cordiales, cordial, atentamente, gracias, abrazo, besos, atte, cordialmente",
        """llamó, ha llamado, dijo, dice, escribió, ha escrito, pidió, pide, preguntó, vive, trabaja, quiere, solicita,
        solicitó, nació, se ha mudado, se mudó, nos ha, desea, confirmó, nacido, nacida""",
        "en de desde a hacia por cerca hasta",
    ),
    "it": _lexicon(
        "sig sigg sig.ra sig.na signor signora signorina dott dott.ssa dottor dottoressa dr avv ing prof prof.ssa geom",
        "gentile egregio caro cara buongiorno buonasera ciao salve cliente contatto paziente nome da a firmato spett "
        "collega gentilissimo gentilissima socio destinatario mittente",
        """mi chiamo, si chiama, sono, il mio nome è, nome è, parlato con, parlare con, incontro con, appuntamento con,
        a nome di, per conto di, da parte di, firmato da, scritto da, inviato da, cliente, paziente, collega, marito,
        moglie, fratello, sorella, figlio, figlia, madre, padre, amico, amica, vicino, vicina, avvocato, contattare,
        chiamare, chiamata da, chiamata di, ciao, grazie, signora, signor, da""",
        "saluti, cordialmente, grazie, cordialità, distinti saluti, abbraccio, a presto",
        """ha chiamato, ha telefonato, ha scritto, ha detto, ha chiesto, abita, vive, lavora, vuole, vorrebbe, chiede,
        desidera, dice, è nato, è nata, si è trasferito, si è trasferita, ha confermato, ci ha, nato, nata""",
        "a in da di presso verso per",
    ),
    "nl": _lexicon(
        "dhr mevr mw meneer mevrouw heer dr drs ir prof mr fam familie",
        "beste geachte hallo hoi dag klant contact patiënt collega naam van aan lieve contactpersoon huurder lid "
        "medewerker afzender ontvanger",
        """naam is, ik heet, heet, ik ben, gesproken met, gesprek met, gebeld met, afspraak met, namens, in naam van,
        getekend door, geschreven door, verzonden door, klant, collega, patiënt, man, vrouw, broer, zus, zoon, dochter,
        moeder, vader, vriend, vriendin, buurman, buurvrouw, advocaat, neem contact op met, contact met, bel, hallo,
        bedankt, genaamd, de heer, heer, door, van, met""",
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
AND = frozenset("and und et y e en & , or oder ou o of".split())
"""Between two people."""
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
