"""Words in column headers that say what a column holds, in English, German, French, Spanish, Italian and Dutch.

Written as one would say them, without accents; `split` brings a header to the same form. The last line of a
category wins nothing over the first: the longest phrase found in a header decides.
"""

import re
import unicodedata
from collections.abc import Mapping

_PHRASES: Mapping[str, str] = {
    "user.name.first": """first name, given name, forename, fname, middle name, vorname, vname, rufname, prenom,
        nombre, nombre de pila, primer nombre, nome proprio, voornaam, roepnaam""",
    "user.name.last": """last name, surname, family name, lname, maiden name, nachname, nname, familienname, zuname,
        geburtsname, nom de famille, nom famille, apellido, apellidos, primer apellido, segundo apellido, cognome,
        achternaam, familienaam""",
    "user.name": """full name, fullname, display name, customer name, client name, contact name, person name,
        recipient name, recipient, employee name, cardholder, card holder, account holder, ship name, ship to name,
        bill to name, billing name, shipping name, user real name, real name, kundenname, ansprechpartner,
        kontaktperson, contact person, vollname, ganzer name, kontoinhaber, empfaenger, nom complet, nom client, nom du client,
        nom et prenom, destinataire, nombre completo, nombre y apellidos, destinatario, nome completo, nominativo,
        nome e cognome, intestatario, volledige naam, klantnaam, contactpersoon, ontvanger""",
    "user.contact.email": """email, e mail, mail, email address, mail address, emailadresse, mailadresse, courriel,
        adresse mail, adresse electronique, correo, correo electronico, posta elettronica, indirizzo email, emailadres,
        mailadres""",
    "user.contact.phone_number": """phone, phone number, telephone, tel, mobile, mobile phone, mobile number, cell,
        cellphone, cell phone, landline, whatsapp, telefon, telefonnummer, rufnummer, handy, handynummer, mobil,
        mobilnummer, mobiltelefon, festnetz, portable, telefono, movil, cellulare, recapito telefonico, telefoon,
        telefoonnummer, mobiel, gsm, tlf""",
    "user.contact.fax_number": "fax, fax number, telefax, faxnummer, faxnumber, telecopie",
    "user.contact.address": """address, postal address, mailing address, delivery address, billing address,
        shipping address, home address, anschrift, adresse, lieferanschrift, lieferadresse, rechnungsadresse,
        rechnungsanschrift, wohnort adresse, adresse de livraison, adresse de facturation, direccion, domicilio,
        direccion de envio, indirizzo, indirizzo di consegna, adres, bezorgadres, factuuradres""",
    "user.contact.address.street": """street, street address, street name, address line, addr line, house number,
        strasse, str, hausnummer, hausnr, strassenname, rue, voie, numero de rue, calle, via, numero civico, straat,
        straatnaam, huisnummer""",
    "user.contact.address.postal_code": """postal code, post code, postcode, zip, zip code, zipcode, plz,
        postleitzahl, code postal, cp, codigo postal, cap, codice postale""",
    "user.contact.address.city": """city, town, locality, ort, stadt, wohnort, ortschaft, ville, commune, localite,
        ciudad, localidad, poblacion, municipio, citta, comune, localita, stad, woonplaats, plaats, gemeente""",
    "user.contact.address.state": """state, province, region, county, bundesland, kanton, departement, provincia,
        comunidad autonoma, regione, provincie""",
    "user.contact.address.country": """country, country code, land, staat, laendercode, laenderkennzeichen, pays,
        code pays, pais, codigo pais, paese, nazione, landcode""",
    "user.demographic.date_of_birth": """date of birth, birth date, birthday, dob, birth day, year of birth,
        birth year, born, born on, geburtsdatum, geburtstag, gebdatum, geb datum, gebdat, geboren, geburtsjahr,
        date de naissance, date naissance, naissance, fecha de nacimiento, fecha nacimiento, nacimiento,
        data di nascita, data nascita, nascita, data nasc, dt nasc, geb, anniversaire, geboortedatum, geboorte datum, geboortejaar""",
    "user.demographic.gender": "gender, sex, geschlecht, anrede, salutation, sexe, civilite, sexo, genero, sesso, "
    "genere, geslacht, aanhef",
    "user.demographic.age_range": "age, age group, alter, altersgruppe, edad, eta, leeftijd",
    "user.demographic.marital_status": "marital status, familienstand, situation familiale, etat civil, estado civil, "
    "stato civile, burgerlijke staat",
    "user.demographic.religious_belief": "religion, konfession, confession, religione, geloof",
    "user.demographic.race_ethnicity": "ethnicity, race, ethnic group, ethnie, raza, etnia, razza",
    "user.demographic.political_opinion": "political party, political opinion, parteizugehoerigkeit",
    "user.demographic.sexual_orientation": "sexual orientation, sexuelle orientierung, orientation sexuelle",
    "user.demographic.trade_union_membership": "trade union, union membership, gewerkschaft, syndicat, sindicato, "
    "sindacato, vakbond, gewerkschaft mitgl, gewerkschaftsmitglied",
    "user.demographic.language": "language, preferred language, language code, locale, sprache, langue, idioma, "
    "lingua, taal",
    "user.health_and_medical": """diagnosis, diagnose, blood type, blutgruppe, disability, behinderung, allergies,
        medication, krankheit, allergie, allergien, allergia, diagnostic, diagnosi, handicap""",
    "user.government_id.national_identification_number": """ssn, social security number, national id, nin,
        tax id number, tax id, personal id number, steuer id, steuernr, steuernummer, ausweis nr, ausweisnummer, steueridentifikationsnummer, sozialversicherungsnummer, svnr,
        numero securite sociale, dni, nie, nif, codice fiscale, bsn, burgerservicenummer, personalausweisnummer""",
    "user.government_id.passport_number": "passport, passport number, passnummer, reisepass, reisepassnummer, "
    "passeport, pasaporte, passaporto, paspoort",
    "user.government_id.drivers_license_number": "drivers license, driver license, driving licence, fuehrerschein, "
    "permis de conduire, patente, rijbewijs",
    "user.government_id.vehicle_registration": "license plate, number plate, kennzeichen, immatriculation, matricula, "
    "targa, kenteken",
    "user.financial.bank_account": "iban, bank account, account number, bic, bankverbindung, kontonummer, "
    "compte bancaire, cuenta bancaria, conto corrente, bankrekening, rekeningnummer",
    "user.financial.credit_card": "credit card, cc number, ccnum, pan, card number, creditcard, kreditkarte, kreditkartennummer, "
    "carte bancaire, tarjeta, carta di credito",
    "user.device.ip_address": "ip, ip address, remote addr, client ip, ip adresse, adresse ip, direccion ip, "
    "indirizzo ip, ip adres",
    "user.device.device_id": "device id, mac address, imei, idfa, advertising id",
    "user.authorization.password": "password, password hash, passwd, pwd, passwort, kennwort, mot de passe, "
    "contrasena, wachtwoord",
    "user.account.username": "username, user name, login, login name, nickname, screen name, benutzername, "
    "identifiant, nom utilisateur, usuario, nome utente, gebruikersnaam",
    "user.job_title": "job title, position, occupation, profession, beruf, funktion, stellenbezeichnung, fonction, "
    "metier, cargo, puesto, mansione, professione, functie, beroep, role, rolle, title",
    "user.contact.organization": "company, company name, organisation, organization, employer, firma, unternehmen, "
    "arbeitgeber, societe, entreprise, empresa, azienda, ditta, bedrijf, werkgever",
    "user.content.private": """note, notes, remark, remarks, comment, comments, message, body, free text, memo,
        description, subject, notiz, notizen, bemerkung, bemerkungen, kommentar, nachricht, freitext, anmerkung,
        betreff, remarque, remarques, commentaire, observaciones, comentario, comentarios, mensaje, osservazioni,
        nota, messaggio, opmerking, opmerkingen, bericht, toelichting, bemerk, bem""",
    "user.contact.url": "website, homepage, home page, web page, web site, webseite, site web, sitio web, sito web",
    "user.social": "linkedin, facebook, twitter, instagram, skype, xing, telegram",
    "user.content.self_image": "photo, avatar, portrait, profile picture, profilbild, lichtbild",
    "user.demographic": """nationality, citizenship, birth place, place of birth, nationalitaet, staatsangehoerigkeit,
        geburtsort, nationalite, lieu de naissance, nacionalidad, nazionalita, luogo di nascita, nationaliteit""",
    "user.financial": "salary, gehalt, salaire, salario, stipendio, salaris",
    "user.workplace": """hire date, hired at, date of hire, einstellungsdatum, eintrittsdatum, date embauche,
        fecha contratacion, data assunzione, datum indienst""",
    "user.unique_id": """customer number, customer no, client number, member number, membership number,
        employee number, personnel number, kundennummer, mitgliedsnummer, personalnummer, numero client,
        numero cliente, klantnummer""",
    "user.location.precise": "latitude, longitude, lat, lng, lon, geo location, coordinates, gps",
    "user.privacy_preferences": "newsletter, opt in, opted in, marketing consent, consent, unsubscribed, subscribed, "
    "einwilligung, werbeeinwilligung, consentement, consentimiento, consenso, toestemming",
}
_BARE_NAMES = "name, nom, nome, naam, names, bezeichnung name"
"""A person's name only in a table that holds persons: products and cities have names too."""

_TYPE_WORDS = frozenset(
    """id ids type typ kind status verified confirmed valid flag count hash at sent bounced format template
    preference enabled source domain provider category score rate tax amount price total length size version""".split()  # noqa: SIM905 - words
)
"""Last words which say that a column is about the thing before it, not the thing: `email_status`, `phone_type`."""

EMPLOYEES = frozenset(
    """employee employees staff colleague colleagues worker agent agents salesperson salespeople representative reps
    personnel user_staff mitarbeiter mitarbeiterin angestellte angestellter beschaeftigte personal employe employes
    salarie salaries personnel empleado empleados trabajador trabajadores dipendente dipendenti impiegati medewerker
    medewerkers werknemer werknemers""".split()  # noqa: SIM905 - words
)
SUPPLIERS = frozenset(
    """supplier suppliers vendor vendors lieferant lieferanten fournisseur fournisseurs proveedor proveedores
    fornitore fornitori leverancier leveranciers""".split()  # noqa: SIM905 - words
)
PROSPECTS = frozenset("lead leads prospect prospects interessent interessenten".split())  # noqa: SIM905 - as above
APPLICANTS = frozenset(
    "applicant applicants candidate candidates bewerber bewerberin candidat candidats candidatos candidati".split()  # noqa: SIM905 - words
)
PATIENTS = frozenset("patient patients patienten pacientes pazienti".split())  # noqa: SIM905 - as above
CUSTOMERS = frozenset(
    """customer customers client clients contact contacts person persons people member members subscriber subscribers
    user users guest guests buyer buyers shopper shoppers party individual individuals kunde kunden kundin kontakt
    kontakte personen mitglied mitglieder nutzer benutzer teilnehmer abonnent abonnenten gast gaeste cliente clientes
    personne personnes membre membres utilisateur utilisateurs abonne abonnes contacto contactos persona personas
    miembro miembros usuario usuarios clienti persone contatto contatti utente utenti socio soci klant klanten
    contacten contactpersonen leden lid gebruiker gebruikers""".split()  # noqa: SIM905 - words
)
KINDS: Mapping[str, frozenset[str]] = {
    "employee": EMPLOYEES,
    "supplier_vendor": SUPPLIERS,
    "prospect": PROSPECTS,
    "job_applicant": APPLICANTS,
    "patient": PATIENTS,
    "customer": CUSTOMERS,
}
"""fideslang data subjects by the words that name tables of them."""

_VAGUE = frozenset(
    """contact contacts person persons people user users party individual individuals kontakt kontakte personen nutzer
    benutzer personne personnes utilisateur utilisateurs contacto contactos persona personas usuario usuarios persone
    contatto contatti utente utenti contacten contactpersonen gebruiker gebruikers""".split()  # noqa: SIM905 - words
)
"""Of the customers' words those that may as well mean staff; the columns then decide."""
_STAFF_COLUMNS = frozenset(
    """reportsto hiredate hiredat dateofhire salary managerid supervisorid einstellungsdatum eintrittsdatum gehalt
    vorgesetzter vorgesetzterid personalnummer employeenumber personnelnumber dateembauche salaire responsable
    fechacontratacion salario dataassunzione stipendio datumindienst""".split()  # noqa: SIM905 - words
)

ORGANISATIONS = frozenset(
    """company companies organisation organisations organization organizations account accounts branch branches store
    stores shop shops warehouse warehouses office offices firma firmen unternehmen filiale filialen lager societe
    societes entreprise entreprises magasin magasins empresa empresas tienda tiendas azienda aziende negozio negozi
    bedrijf bedrijven winkel winkels""".split()  # noqa: SIM905 - words
)
"""Tables of what has an address and a phone without being a person."""

_FILLERS = frozenset(
    """t tbl table data daten stamm stammdaten master list liste info infos details detail profile profiles record
    records crm dbo tab""".split()  # noqa: SIM905 - words
)


def split(header: str) -> tuple[str, ...]:
    """`BillingPostalCode`, `E_Mail2` and `Straße` as plain lower-case words."""
    for umlaut, plain in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("Ä", "Ae"), ("Ö", "Oe"), ("Ü", "Ue"), ("ß", "ss")):
        header = header.replace(umlaut, plain)
    plain = "".join(c for c in unicodedata.normalize("NFKD", header) if not unicodedata.combining(c))
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", plain)
    return tuple(re.findall(r"[a-z]+", spaced.lower()))


def _joined(phrases: str) -> list[str]:
    return ["".join(p.split()) for p in phrases.split(",")]


_CATEGORY = {phrase: category for category, phrases in _PHRASES.items() for phrase in _joined(phrases)}
_NAMES = frozenset(_joined(_BARE_NAMES))


def category_of(header: str) -> tuple[str, str] | None:
    """Category and the words of the header that say so. A bare `name` gives `user.name` and itself."""
    words = split(header)
    best: tuple[int, int, str, str] | None = None
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            joined = "".join(words[start:end])
            category = _CATEGORY.get(joined)
            if category and not (end < len(words) and words[-1] in _TYPE_WORDS):
                best = max(best or (0, 0, "", ""), (len(joined), end, category, " ".join(words[start:end])))
    if best:
        return best[2], best[3]
    if words and "".join(w for w in words if w not in _FILLERS) in _NAMES:
        return "user.name", words[-1]
    return None


def category_of_column(header: str) -> str | None:
    """The category alone; None also for a bare `name`, which may be anything's."""
    found = category_of(header)
    return None if found is None or bare_name(found[1]) else found[0]


def bare_name(words: str) -> bool:
    return words in _NAMES


def subject_of(table: str) -> str | None:
    """The kind of person a table's name speaks of as its main word: `tbl_kunden`, not `customer_emails`."""
    word = _main_word(table)
    return next((kind for kind, names in KINDS.items() if word in names), None)


def is_organisation(table: str) -> bool:
    return _main_word(table) in ORGANISATIONS


def is_vague(table: str) -> bool:
    """Named for persons, but not for which: customers or staff."""
    return _main_word(table) in _VAGUE


def only_of_staff(header: str) -> bool:
    """`ReportsTo`, `hire_date`: a table with such a column is of staff, unless its name says otherwise."""
    return "".join(split(header)) in _STAFF_COLUMNS


def _main_word(table: str) -> str:
    return next((w for w in reversed(split(table)) if w not in _FILLERS), "")
