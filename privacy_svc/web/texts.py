"""The words of the Privacy Centre, by language. What the organisation says about its purposes stands in the policy."""

import re
from collections.abc import Mapping

LANGUAGES = ("en", "de")
NAMES = {"en": "English", "de": "Deutsch"}

_EN = {
    "stop": "Do you want no more of this?",
    "stop.text": "With the button {name} stops at once. No reason is needed.",
    "stop.button": "Stop it",
    "stopped": "It has stopped",
    "stopped.text": "{name} does not use your data for this any more. What is on its way may still arrive.",
    "unknown_link": "This link is not complete",
    "unknown_link.text": "Please open the whole link of the mail. Or write to {name}, see the Privacy Centre.",
    "confirm": "Do you agree?",
    "confirm.text": "Nothing is agreed to until you press the button. You can take it back at any time.",
    "confirm.button": "Yes, I agree",
    "confirmed": "Thank you, you have agreed",
    "confirmed.text": "{name} has noted it. You can take it back at any time, as easily as you gave it.",
    "gone": "This link does not work any more",
    "gone.text": "It was used, or is too old or not complete. Agree once more where you did: {name} sends a new one.",
    "package": "Your data are ready",
    "package.text": "This link is for you alone. {name} packed what you asked for into one file.",
    "package.button": "Fetch the file",
    "no_package": "This link does not work any more",
    "no_package.text": "It is too old, was used too often or is not complete. Ask {name} for a new one.",
    "skip": "Skip to the content",
    "demo": "This is a demonstration. The company and all of its customers are made up.",
    "centre": "Privacy Centre",
    "title": "Your data at {name}",
    "lead": "What {name} does with personal data, why it may, and what you can have done about it.",
    "contents": "On this page",
    "uses": "What your data are used for",
    "uses.lead": "Each use stands for itself. What is not listed here, we do not do.",
    "group.consent": "Only if you agree",
    "group.consent.lead": "You decide, each for itself, and can change your mind at any time.",
    "group.contract": "For your orders and your account",
    "group.contract.lead": "Without these we could not do what you asked us to do.",
    "group.law": "Because the law says so",
    "group.law.lead": "We are obliged to; nobody can switch these off.",
    "group.interest": "In our own interest",
    "group.interest.lead": "We weighed our interest against yours. You may object.",
    "basis.consent": "Your consent (Art. 6(1)(a) GDPR)",
    "basis.contract": "Contract (Art. 6(1)(b) GDPR)",
    "basis.legal_obligation": "Legal obligation (Art. 6(1)(c) GDPR)",
    "basis.vital_interests": "Vital interests (Art. 6(1)(d) GDPR)",
    "basis.public_task": "Public task (Art. 6(1)(e) GDPR)",
    "basis.legitimate_interests": "Legitimate interests (Art. 6(1)(f) GDPR)",
    "details": "Which data, who receives them, how long",
    "data": "Data",
    "basis": "Why we may",
    "recipients": "Who receives them",
    "nobody": "Nobody outside",
    "kept": "Kept",
    "kept.for": "{period} after we last had to do with each other",
    "kept.end": "Until you leave us or change your mind",
    "kept.unsaid": "As long as this use needs them",
    "notice": "The full text you are asked to agree to",
    "notice.all": "The full privacy notice",
    "years": "{n} years",
    "years.1": "1 year",
    "months": "{n} months",
    "months.1": "1 month",
    "days": "{n} days",
    "days.1": "1 day",
    "rights": "What you can have us do",
    "rights.lead": "It is free, and you get an answer within one month.",
    "right.access": "See your data",
    "right.access.text": "A copy of everything we hold about you, and who received it.",
    "right.rectification": "Correct them",
    "right.rectification.text": "What is wrong or out of date is put right.",
    "right.erasure": "Have them erased",
    "right.erasure.text": "We destroy what we need not keep, and give you a certificate.",
    "right.restriction": "Put them on hold",
    "right.restriction.text": "They are kept and not used, for example while a dispute lasts.",
    "right.portability": "Take them with you",
    "right.portability.text": "Your data in a form that other programs can read.",
    "right.objection": "Object",
    "right.objection.text": "To advertising at any time, and it stops at once; to other uses with your reasons.",
    "start": "How to start",
    "start.text": "Write to our data protection officer. Say what you want; you need not give a reason.",
    "start.check": "We will ask you for proof that it is you, usually a code sent to the address we have on file.",
    "dpo": "Data protection officer",
    "authority": "Not content with our answer?",
    "authority.text": "You can complain to the supervisory authority:",
    "controller": "Responsible",
    "api": "For developers",
    "log": "Check our log",
    "log.text": "Every look at personal data is entered in a log that cannot be rewritten unnoticed.",
    "log.link": "Its newest signed state",
    "problems": "What our error messages mean",
    "language": "Language",
}
_DE = {
    "stop": "Möchten Sie das nicht mehr?",
    "stop.text": "Mit dem Knopf hört {name} sofort damit auf. Sie brauchen keinen Grund zu nennen.",
    "stop.button": "Beenden",
    "stopped": "Es ist beendet",
    "stopped.text": "{name} verwendet Ihre Daten nicht mehr dafür. Was schon unterwegs ist, kann noch ankommen.",
    "unknown_link": "Dieser Link ist unvollständig",
    "unknown_link.text": "Bitte öffnen Sie den ganzen Link der E-Mail, oder schreiben Sie {name}.",
    "confirm": "Stimmen Sie zu?",
    "confirm.text": "Erst mit dem Knopf stimmen Sie zu. Sie können es jederzeit zurücknehmen.",
    "confirm.button": "Ja, ich stimme zu",
    "confirmed": "Danke, Sie haben zugestimmt",
    "confirmed.text": "{name} hat es vermerkt. Sie können es jederzeit ebenso leicht zurücknehmen.",
    "gone": "Dieser Link gilt nicht mehr",
    "gone.text": "Er wurde benutzt, ist alt oder unvollständig. Stimmen Sie erneut zu: {name} schickt einen neuen.",
    "package": "Ihre Daten liegen bereit",
    "package.text": "Dieser Link ist nur für Sie. {name} hat alles, worum Sie baten, in eine Datei gepackt.",
    "package.button": "Datei holen",
    "no_package": "Dieser Link gilt nicht mehr",
    "no_package.text": "Er ist zu alt, zu oft benutzt oder unvollständig. Fragen Sie {name} nach einem neuen.",
    "skip": "Zum Inhalt springen",
    "demo": "Dies ist eine Vorführung. Die Firma und alle ihre Kundinnen und Kunden sind erfunden.",
    "centre": "Datenschutz-Center",
    "title": "Ihre Daten bei {name}",
    "lead": "Was {name} mit personenbezogenen Daten tut, warum das erlaubt ist, und was Sie verlangen können.",
    "contents": "Auf dieser Seite",
    "uses": "Wofür Ihre Daten verwendet werden",
    "uses.lead": "Jede Verwendung steht für sich. Was hier nicht steht, tun wir nicht.",
    "group.consent": "Nur wenn Sie zustimmen",
    "group.consent.lead": "Sie entscheiden, jede für sich, und können es sich jederzeit anders überlegen.",
    "group.contract": "Für Ihre Bestellungen und Ihr Konto",
    "group.contract.lead": "Ohne diese könnten wir nicht tun, worum Sie uns gebeten haben.",
    "group.law": "Weil das Gesetz es verlangt",
    "group.law.lead": "Dazu sind wir verpflichtet; niemand kann sie abschalten.",
    "group.interest": "In unserem eigenen Interesse",
    "group.interest.lead": "Wir haben unser Interesse gegen Ihres abgewogen. Sie können widersprechen.",
    "basis.consent": "Ihre Einwilligung (Art. 6 Abs. 1 lit. a DSGVO)",
    "basis.contract": "Vertrag (Art. 6 Abs. 1 lit. b DSGVO)",
    "basis.legal_obligation": "Rechtliche Verpflichtung (Art. 6 Abs. 1 lit. c DSGVO)",
    "basis.vital_interests": "Lebenswichtige Interessen (Art. 6 Abs. 1 lit. d DSGVO)",
    "basis.public_task": "Öffentliche Aufgabe (Art. 6 Abs. 1 lit. e DSGVO)",
    "basis.legitimate_interests": "Berechtigte Interessen (Art. 6 Abs. 1 lit. f DSGVO)",
    "details": "Welche Daten, wer sie erhält, wie lange",
    "data": "Daten",
    "basis": "Warum wir das dürfen",
    "recipients": "Wer sie erhält",
    "nobody": "Niemand außerhalb",
    "kept": "Aufbewahrt",
    "kept.for": "{period} nach unserem letzten Kontakt",
    "kept.end": "Bis Sie gehen oder es sich anders überlegen",
    "kept.unsaid": "So lange diese Verwendung sie braucht",
    "notice": "Der ganze Text, dem Sie zustimmen können",
    "notice.all": "Die vollständige Datenschutzerklärung",
    "years": "{n} Jahre",
    "years.1": "1 Jahr",
    "months": "{n} Monate",
    "months.1": "1 Monat",
    "days": "{n} Tage",
    "days.1": "1 Tag",
    "rights": "Was Sie verlangen können",
    "rights.lead": "Es kostet nichts, und Sie bekommen innerhalb eines Monats Antwort.",
    "right.access": "Ihre Daten sehen",
    "right.access.text": "Eine Kopie von allem, was wir über Sie haben, und wer es erhalten hat.",
    "right.rectification": "Sie berichtigen",
    "right.rectification.text": "Was falsch oder veraltet ist, wird richtiggestellt.",
    "right.erasure": "Sie löschen lassen",
    "right.erasure.text": "Wir vernichten, was wir nicht behalten müssen, und geben Ihnen eine Bescheinigung.",
    "right.restriction": "Sie sperren lassen",
    "right.restriction.text": "Sie werden aufbewahrt und nicht verwendet, etwa solange ein Streit dauert.",
    "right.portability": "Sie mitnehmen",
    "right.portability.text": "Ihre Daten in einer Form, die andere Programme lesen können.",
    "right.objection": "Widersprechen",
    "right.objection.text": "Der Werbung jederzeit, und sie endet sofort; anderem mit Ihren Gründen.",
    "start": "So fangen Sie an",
    "start.text": "Schreiben Sie unserer oder unserem Datenschutzbeauftragten. Gründe müssen Sie nicht nennen.",
    "start.check": "Wir prüfen, ob Sie es sind, meist mit einem Code an die Adresse, die wir von Ihnen haben.",
    "dpo": "Datenschutzbeauftragte",
    "authority": "Nicht zufrieden mit unserer Antwort?",
    "authority.text": "Sie können sich bei der Aufsichtsbehörde beschweren:",
    "controller": "Verantwortlich",
    "api": "Für Entwickler",
    "log": "Prüfen Sie unser Protokoll",
    "log.text": "Jeder Blick in persönliche Daten steht in einem Protokoll, das sich nicht heimlich ändern lässt.",
    "log.link": "Sein neuester signierter Stand",
    "problems": "Was unsere Fehlermeldungen bedeuten",
    "language": "Sprache",
}
TEXTS: Mapping[str, Mapping[str, str]] = {"en": _EN, "de": _DE}

_CATEGORIES: Mapping[str, tuple[str, str]] = {
    "user": ("everything we hold about you", "alles, was wir über Sie haben"),
    "user.name": ("name", "Name"),
    "user.name.first": ("first name", "Vorname"),
    "user.contact": ("contact details", "Kontaktdaten"),
    "user.contact.email": ("e-mail address", "E-Mail-Adresse"),
    "user.contact.phone_number": ("phone number", "Telefonnummer"),
    "user.contact.address": ("postal address", "Postanschrift"),
    "user.unique_id": ("customer number", "Kundennummer"),
    "user.behavior": ("what you do with us", "was Sie bei uns tun"),
    "user.behavior.purchase_history": ("what you bought", "was Sie gekauft haben"),
    "user.content": ("what you write or tell us", "was Sie uns schreiben oder sagen"),
    "user.demographic.language": ("language", "Sprache"),
    "user.demographic.date_of_birth": ("date of birth", "Geburtsdatum"),
    "user.privacy_preferences": ("your privacy choices", "Ihre Datenschutz-Einstellungen"),
    "user.financial": ("payment details", "Zahlungsdaten"),
    "user.health_and_medical": ("health data", "Gesundheitsdaten"),
    "user.government_id": ("numbers of official documents", "Nummern amtlicher Ausweise"),
    "user.device": ("about your device", "über Ihr Gerät"),
    "user.location": ("where you are", "wo Sie sind"),
    "user.job_title": ("profession", "Beruf"),
}


def text(language: str, key: str, **values: object) -> str:
    return TEXTS[language][key].format(**values)


def choose(asked: str | None, accepted: str, available: tuple[str, ...]) -> str:
    """The language asked for outright, else the first that the browser accepts (RFC 9110 §12.5.4), else ours."""
    known = [language for language in available if language in TEXTS] or [LANGUAGES[0]]
    return next((w for w in [asked, *_wanted(accepted)] if w in known), known[0])


def _wanted(accepted: str) -> list[str]:
    found = re.findall(
        r"([a-z]{2})(?:-[a-z0-9-]+)?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?\s*(?:,|$)", accepted.lower()
    )
    ranked = sorted(found, key=lambda pair: -float(pair[1] or 1))
    return [language for language, weight in ranked if float(weight or 1) > 0]


def category(language: str, key: str) -> str:
    """A data category in plain words: its own, or those of the nearest category above it that has some."""
    while key not in _CATEGORIES and "." in key:
        key = key.rpartition(".")[0]
    words = _CATEGORIES.get(key)
    return words[LANGUAGES.index(language)] if words else key.replace("_", " ")


def period(language: str, iso: str) -> str:
    """`P24M` as words; whole years are said as years."""
    parts = {unit: int(n) for n, unit in re.findall(r"(\d+)([YMWD])", iso)}
    months = parts.get("Y", 0) * 12 + parts.get("M", 0)
    days = parts.get("W", 0) * 7 + parts.get("D", 0)
    counted = (("years", months // 12), ("months", months % 12), ("days", days))
    said = [text(language, f"{unit}.1" if n == 1 else unit, n=n) for unit, n in counted if n]
    return ", ".join(said)
