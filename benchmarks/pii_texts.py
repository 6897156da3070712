"""Labelled mails, notes and reviews in six languages, made of templates of our own and values that nobody has.

`[PERSON person]` is a value with a label, `[- city]` one without; what follows a `|` in a template is another text.
"""

import random
import re
from dataclasses import dataclass

from benchmarks.pii_values import IDS, Values

TEMPLATES = {
    "en": r"""
Dear Mrs [PERSON last],\nthank you for your order [- order]. We ship it to [ADDRESS address] on Monday.\nKind regards,\n[PERSON person]
Hi [PERSON first], could you call me back on [PHONE_NUMBER phone]? Thanks, [PERSON first]
[PERSON person] wrote that the parcel never came. Her e-mail is [EMAIL_ADDRESS email], and she lives in [LOCATION city].
Customer [PERSON person] asked for a refund to [IBAN_CODE iban]. Card used: [CREDIT_CARD card].
Spoke with [PERSON person] about invoice [- order] today. He was born on [DATE_OF_BIRTH birth] and is [AGE age years old].
The login came from [IP_ADDRESS ip] at 10:45, user [EMAIL_ADDRESS email]. SSN on file: [US_SSN ssn].
Great product, fast delivery, would buy again. The Blue one in size 42 fits well.
We met [PERSON person] and [PERSON person] in [LOCATION city]; [PERSON first] will send the contract.
Please update my address: [ADDRESS address]. My new number is [PHONE_NUMBER phone]. Best, [PERSON person]
The battery died after 3 days. Support told me to wait 14 days for a Replacement, ticket [- order].
[PERSON person] complained that nobody answers at [PHONE_NUMBER phone].
From: [PERSON person] <[EMAIL_ADDRESS email]>\nSubject: Invoice [- order]\n\nI already paid with [CREDIT_CARD card] on 3 May.
My husband [PERSON first] and I moved to [ADDRESS address] last Summer.
Social security number [US_SSN ssn], date of birth [DATE_OF_BIRTH birth].
Meeting notes: Budget for Q3 approved, Marketing gets 12,000 EUR, next Review on Tuesday.
""",
    "de": r"""
Sehr geehrte Frau [PERSON last],\nvielen Dank für Ihre Bestellung [- order]. Wir liefern an [ADDRESS address].\nMit freundlichen Grüßen\n[PERSON person]
Hallo [PERSON first], rufst du mich bitte unter [PHONE_NUMBER phone] zurück? Danke, [PERSON first]
[PERSON person] hat angerufen, das Paket kam nie an. E-Mail: [EMAIL_ADDRESS email], wohnt in [LOCATION city].
Kunde [PERSON person] bittet um Erstattung auf [IBAN_CODE iban]. Karte: [CREDIT_CARD card].
Gespräch mit Herrn [PERSON last] über die Rechnung [- order]. Geboren am [DATE_OF_BIRTH birth], [AGE age Jahre alt].
Die Anmeldung kam von [IP_ADDRESS ip] um 10:45 Uhr. Steuer-ID [ID national_id].
Tolles Produkt, schnelle Lieferung, jederzeit wieder. Die Hose in Größe 42 passt gut.
Wir haben [PERSON person] und [PERSON person] in [LOCATION city] getroffen; [PERSON first] schickt den Vertrag.
Bitte ändern Sie meine Anschrift: [ADDRESS address]. Telefon: [PHONE_NUMBER phone]. Gruß, [PERSON person]
Der Akku war nach 3 Tagen leer. Der Service verlangt 14 Tage Geduld, Vorgang [- order].
[PERSON person] beschwert sich, dass unter [PHONE_NUMBER phone] niemand abnimmt.
Mein Mann [PERSON first] und ich sind nach [ADDRESS address] gezogen.
Geburtsdatum [DATE_OF_BIRTH birth], Mitglied seit 2019, zahlt mit [CREDIT_CARD card].
Besprechung: Das Budget für das dritte Quartal steht, der Vertrieb bekommt 12.000 Euro, nächster Termin am Dienstag.
""",
    "fr": r"""
Bonjour Mme [PERSON last],\nmerci pour votre commande [- order]. Nous livrons au [ADDRESS address].\nCordialement,\n[PERSON person]
Salut [PERSON first], tu peux me rappeler au [PHONE_NUMBER phone] ? Merci, [PERSON first]
[PERSON person] a écrit que le colis n'est pas arrivé. Son adresse : [EMAIL_ADDRESS email], elle habite à [LOCATION city].
Le client [PERSON person] demande un remboursement sur [IBAN_CODE iban]. Carte : [CREDIT_CARD card].
J'ai parlé avec M. [PERSON last] de la facture [- order]. Né le [DATE_OF_BIRTH birth], il a [AGE age ans].
Connexion depuis [IP_ADDRESS ip] à 10h45. Numéro de sécurité sociale [ID national_id].
Très bon produit, livraison rapide, je recommande. La taille 42 va bien.
Nous avons rencontré [PERSON person] et [PERSON person] à [LOCATION city] ; [PERSON first] enverra le contrat.
Merci de changer mon adresse : [ADDRESS address]. Téléphone : [PHONE_NUMBER phone]. [PERSON person]
La batterie a lâché après 3 jours. Le service demande 14 jours, dossier [- order].
Mon mari [PERSON first] et moi avons déménagé au [ADDRESS address].
Date de naissance [DATE_OF_BIRTH birth], paie avec [CREDIT_CARD card].
Réunion : le budget du troisième trimestre est validé, 12 000 euros pour la Direction commerciale.
""",
    "es": r"""
Estimada Sra. [PERSON last]:\ngracias por su pedido [- order]. Lo enviamos a [ADDRESS address].\nSaludos cordiales,\n[PERSON person]
Hola [PERSON first], ¿puedes llamarme al [PHONE_NUMBER phone]? Gracias, [PERSON first]
[PERSON person] escribió que el paquete no llegó. Su correo es [EMAIL_ADDRESS email] y vive en [LOCATION city].
El cliente [PERSON person] pide el reembolso en [IBAN_CODE iban]. Tarjeta: [CREDIT_CARD card].
Hablé con el Sr. [PERSON last] sobre la factura [- order]. Nacido el [DATE_OF_BIRTH birth], tiene [AGE age años].
Acceso desde [IP_ADDRESS ip] a las 10:45.
Muy buen producto, entrega rápida, lo recomiendo. La talla 42 queda bien.
Nos reunimos con [PERSON person] y [PERSON person] en [LOCATION city]; [PERSON first] enviará el contrato.
Por favor, cambien mi dirección: [ADDRESS address]. Teléfono: [PHONE_NUMBER phone]. [PERSON person]
La batería duró 3 días. El servicio pide 14 días, caso [- order].
Mi marido [PERSON first] y yo nos mudamos a [ADDRESS address].
Fecha de nacimiento [DATE_OF_BIRTH birth], paga con [CREDIT_CARD card].
Reunión: el presupuesto del tercer trimestre está aprobado, 12.000 euros para Ventas.
""",
    "it": r"""
Gentile Signora [PERSON last],\ngrazie per l'ordine [- order]. Spediamo in [ADDRESS address].\nCordiali saluti,\n[PERSON person]
Ciao [PERSON first], mi richiami al [PHONE_NUMBER phone]? Grazie, [PERSON first]
[PERSON person] ha scritto che il pacco non è arrivato. La sua e-mail è [EMAIL_ADDRESS email], abita a [LOCATION city].
Il cliente [PERSON person] chiede il rimborso su [IBAN_CODE iban]. Carta: [CREDIT_CARD card].
Ho parlato con il Sig. [PERSON last] della fattura [- order]. Nato il [DATE_OF_BIRTH birth], ha [AGE age anni].
Accesso da [IP_ADDRESS ip] alle 10:45.
Ottimo prodotto, consegna veloce, lo consiglio. La taglia 42 va bene.
Abbiamo incontrato [PERSON person] e [PERSON person] a [LOCATION city]; [PERSON first] manderà il contratto.
Cambiate il mio indirizzo: [ADDRESS address]. Telefono: [PHONE_NUMBER phone]. [PERSON person]
La batteria è durata 3 giorni. L'assistenza chiede 14 giorni, pratica [- order].
Mio marito [PERSON first] e io ci siamo trasferiti in [ADDRESS address].
Data di nascita [DATE_OF_BIRTH birth], paga con [CREDIT_CARD card].
Riunione: il budget del terzo trimestre è approvato, 12.000 euro alle Vendite.
""",
    "nl": r"""
Geachte mevrouw [PERSON last],\nbedankt voor uw bestelling [- order]. Wij leveren op [ADDRESS address].\nMet vriendelijke groet,\n[PERSON person]
Hoi [PERSON first], bel je me terug op [PHONE_NUMBER phone]? Bedankt, [PERSON first]
[PERSON person] schreef dat het pakket niet kwam. E-mail: [EMAIL_ADDRESS email], woont in [LOCATION city].
Klant [PERSON person] vraagt terugbetaling op [IBAN_CODE iban]. Kaart: [CREDIT_CARD card].
Gesproken met dhr. [PERSON last] over factuur [- order]. Geboren op [DATE_OF_BIRTH birth], [AGE age jaar oud].
Inloggen vanaf [IP_ADDRESS ip] om 10:45. BSN [ID national_id].
Goed product, snelle levering, aanrader. Maat 42 past goed.
We spraken [PERSON person] en [PERSON person] in [LOCATION city]; [PERSON first] stuurt het contract.
Wijzig mijn adres: [ADDRESS address]. Telefoon: [PHONE_NUMBER phone]. [PERSON person]
De accu hield het 3 dagen vol. De klantenservice vraagt 14 dagen, zaak [- order].
Mijn man [PERSON first] en ik zijn verhuisd naar [ADDRESS address].
Geboortedatum [DATE_OF_BIRTH birth], betaalt met [CREDIT_CARD card].
Overleg: het budget voor het derde kwartaal is rond, 12.000 euro voor Verkoop.
""",
}
_SLOT = re.compile(r"\[([A-Z_-]+) (\w+)((?: [^\]]+)?)\]")


@dataclass(frozen=True)
class Labelled:
    language: str
    text: str
    spans: tuple[tuple[str, int, int], ...]


def labelled(count: int, seed: int = 7) -> list[Labelled]:
    """`count` texts of each language."""
    chance = random.Random(seed)  # noqa: S311 - a benchmark repeats itself
    made = []
    for language, templates in TEMPLATES.items():
        values, all_of_it = Values(language, seed), templates.strip().split("\n")
        made += [_fill(chance.choice(all_of_it), language, values) for _ in range(count)]
    return made


def _fill(template: str, language: str, values: Values) -> Labelled:
    parts, spans, at, length = [], [], 0, 0
    template = template.replace("\\n", "\n")
    for slot in _SLOT.finditer(template):
        before = template[at : slot.start()]
        value = getattr(values, slot[2])() + slot[3]
        start = length + len(before)
        label = IDS[language][0] if slot[1] == "ID" else slot[1]
        if label != "-":
            spans.append((label, start, start + len(value)))
        parts += [before, value]
        at, length = slot.end(), start + len(value)
    return Labelled(language, "".join([*parts, template[at:]]), tuple(spans))
