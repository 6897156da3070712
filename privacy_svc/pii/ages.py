"""Whose years are counted: a person's, or a guarantee's and a pump's. Pure."""

import re

from privacy_svc.pii.wordlists import first_names, last_names

PERSONS = frozenset(
    """and or but also und oder aber et ou mais y o pero e ma en of maar i he she you we they who caller applicant claimant
    driver nurse teacher doctor member buyer seller visitor passenger resident insured policyholder victim witness owner
    worker manager anrufer anruferin antragsteller antragstellerin fahrer fahrerin lehrer lehrerin arzt ärztin mitglied
    käufer käuferin mieter mieterin versicherte versicherter zeuge zeugin beller huurder aanvrager bestuurder lid man woman boy girl child kid baby son daughter husband wife mother father brother sister
    friend customer client patient employee person lady gentleman student tenant guest uncle aunt nephew niece grandmother
    grandfather widow widower colleague neighbour neighbor user ich er sie du wir ihr mann frau junge mädchen kind sohn
    tochter ehemann ehefrau mutter vater bruder schwester freund freundin kunde kundin patientin mitarbeiter mitarbeiterin
    dame herr oma opa onkel tante nichte neffe witwe witwer kollege kollegin schüler schülerin rentner rentnerin nachbar
    nachbarin homme femme garçon fille enfant bébé fils mari épouse époux mère père frère sœur ami amie cliente patiente
    personne monsieur étudiant étudiante voisin voisine collègue salarié salariée hombre mujer niño niña chico chica hijo
    hija marido esposo esposa madre padre hermano hermana amigo amiga clienta paciente persona señor señora joven anciano
    anciana abuelo abuela vecino vecina uomo donna ragazzo ragazza bambino bambina figlio figlia marito moglie fratello
    sorella amico amica paziente signore signora nonno nonna collega vicino vicina ik hij zij jij vrouw jongen meisje zoon
    dochter echtgenoot echtgenote moeder vader broer zus vriend vriendin klant patiënt persoon heer buurman
    buurvrouw""".split()
)
"""And what links a sentence to one that began with a person."""
_IS = re.compile(
    r"(?P<who>[^\W\d_][\w'\u2019-]*)[ ](?:is|was|are|were|ist|war|sind|wird|wordt|werd)(?:[ ](?:now|about|only|over|almost|nearly|"
    r"already|jetzt|schon|erst|fast|etwa|über|nu|al|pas|bijna))?[ ]\Z"
)
_BESIDE = re.compile(
    r"(?P<who>[^\W\d_][\w'\u2019-]*)(?:,?[ ]\(?|,?[ ](?:is|ist|wird|was|wordt|werd|tiene|cumple|ha|a|de|di|van|von)[ ])\Z"
)
_LOOK_BACK = 50


def is_a_things(text: str, start: int, language: str) -> bool:
    """Whether it says of a thing that it is so old."""
    said = _IS.search(text, max(0, start - _LOOK_BACK), start)
    return said is not None and not _is_somebody(said["who"], language)


def is_a_persons(text: str, start: int) -> bool:
    """Whether a name or a word for a person stands right before."""
    said = _BESIDE.search(text, max(0, start - _LOOK_BACK), start)
    return said is not None and ((len(said["who"]) > 2 and said["who"].lower() in PERSONS) or _is_name(said["who"]))


def _is_somebody(who: str, language: str) -> bool:
    return who.lower() in PERSONS or _is_name(who) or (language != "de" and who[0].isupper())


def _is_name(who: str) -> bool:
    plain = who.casefold()
    return who[0].isupper() and (plain in first_names() or plain in last_names())
