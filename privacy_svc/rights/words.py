"""What people are told about a request, by language: the texts of letters. Pure.

English is what everybody gets for whom there is nothing else. A language is added by one more column here and in
`timeline`; a test holds that all have the same texts with the same blanks.
"""

from collections.abc import Mapping

from privacy_svc.policy import Organisation

USUAL = "en"

_EN = {
    "hello": "Hello,",
    "dpo": "Data protection: {dpo}",
    "access": "to see the data we hold about you",
    "rectification": "to have your data corrected",
    "erasure": "to have your data erased",
    "restriction": "to restrict the use of your data",
    "portability": "to receive your data to take elsewhere",
    "objection": "to stop a use of your data",
    "automated_decision": "to have an automated decision reviewed by a person",
    "code.subject": "Your code for {name}",
    "code.what": "somebody, we hope you, asked us {what}. To show that it is you, give this code:",
    "code.until": "It is valid for {minutes} minutes. If it was not you, do nothing: without the code nothing happens.",
    "done.subject": "Your request is done",
    "asked": "you asked us {what}.",
    "done.access": "Your data are ready. You fetch them by this link, which is for you alone:\n\n    {where}",
    "done.portability": "Your data are ready. You fetch them by this link, which is for you alone:\n\n    {where}",
    "link.until": "The link works until {day}, at most {most} times. Do not pass it on: it needs no password.",
    "done.rectification": "Your data are corrected. We tell everybody who received them.",
    "done.erasure": "Your data are erased. This is the last message we send you about it.",
    "done.erasure.partly": (
        "Your data are erased, except for what stands here. This is the last message we send you about it."
    ),
    "moved.subject": "Your e-mail address was changed",
    "moved.what": (
        "you asked us to correct the e-mail address that we have of you. From now on we write to the new one."
    ),
    "moved.if_not": "If you did not ask for this, write to our data protection officer at once.",
    "kept.some": "Some of your data we keep for now:",
    "kept.item": "    {ground} {law}, until {day}.",
    "kept.shared": (
        "Some records belong to other people as well, such as an address that several people use. They stay, without "
        "what names you alone."
    ),
    "kept.redacted": "Some texts stay, without what you are known by.",
    "kept.accepted": (
        "In some places something stays by which you are known too, such as an address that you share with others. "
        "A person has looked at each of them and decided so; ask us why."
    ),
    "moved.shared": (
        "Some records belong to other people as well, such as an address that several people use. We changed nothing "
        "there but what names you alone: tell us where it is wrong for all of them."
    ),
    "kept.evidence": (
        "What proves your consents, this request and our answer stays locked away until {day}, in case of a legal "
        "claim (Art. 17(3)(e) GDPR). Then its key is destroyed; later only while such a claim is open."
    ),
    "done.restriction": "Your data are only stored from now on. We tell you before that ends.",
    "done.objection": "We no longer use your data for this.",
    "done.automated_decision": "A person has looked at the decision again.",
    "review.subject": "A person has looked at the decision",
    "review.upheld": "A person has looked at the decision again (Art. 22(3) GDPR). It stands.",
    "review.changed": "A person has looked at the decision again (Art. 22(3) GDPR). It was changed.",
    "review.why": "Why:\n{explanation}",
    "ends.subject": "The restriction of your data ends",
    "ends.what": (
        "the use of your data is restricted (Art. 18 GDPR). This ends on {day}; we tell you before (Art. 18(3) GDPR)."
    ),
    "ends.why": "The reason:\n{reason}",
    "ends.answer": "If you do not agree, write to us before that day.",
    "override.subject": "About your objection",
    "override.what": (
        "you objected to a use of your data: {purpose}. We have compelling legitimate grounds for it, which override "
        "your interests (Art. 21(1) GDPR), and go on with it."
    ),
    "override.grounds": "The grounds:\n{grounds}",
    "refused.subject": "About your request",
    "refused.what": "you asked us {what}. We cannot do this.",
    "refused.ground": "The ground: {ground}\n{explanation}",
    "refused.authority": "You can complain to the supervisory authority (Art. 77 GDPR): {authority}.",
    "refused.court": "You can also go to court (Art. 79 GDPR).",
    "extended.subject": "Your request takes longer",
    "extended.what": "you asked us {what}. We need more time, because of {reason} (Art. 12(3) GDPR).",
    "extended.until": "You hear from us by {day} at the latest.",
    "told.subject": "Who was told of your request",
    "told.what": "you asked us {what}, and now whom we told of it (Art. 19 GDPR):",
    "told.on": "- {name}: told on {day}",
    "told.exempt": "- {name}: could not be told",
    "told.yet": "- {name}: not told yet",
    "told.nobody": "Nobody: your data were given to no one.",
    "notice.subject": "Notice under {article}, Art. 19: {reference}",
    "notice.rectification": "Please correct them too, or ask us for what is right.",
    "notice.erasure": "Please erase them too, and every link to them, copy and replication of them.",
    "notice.restriction": "Please only store them until we write again.",
    "notice.lifted": "The restriction of which we wrote is over: you may use them again.",
    "notice.what": (
        "{recipient} received data of a person from us. A change of them was asked for and made ({article}). {please}"
    ),
    "notice.known": "Reference: {reference}\nYour own identifier of the person: {identifier}",
    "notice.unknown": (
        "Reference: {reference}\nWhich person it is we tell you under this reference on a safe way: please write to "
        "our data protection officer."
    ),
    "notice.answer": "Please confirm with the reference alone, and name nobody in your answer.",
    "complexity": "its complexity",
    "number": "the number of requests",
    "question.subject": "A question about your request",
    "reminder.subject": "We still need your answer",
    "question.identity": "you asked us {what}. We are not sure yet that the request comes from you (Art. 12(6) GDPR).",
    "question.clarification": "you asked us {what}. To do that well we need to know more from you.",
    "question.text": "Our question:\n{question}",
    "question.answer": "Please answer by {day}. Do not send a copy of an identity card.",
    "question.stops": "Until we have your answer, the time for ours does not run.",
    "A12IdentityFailure": "We could not establish that the request comes from you (Art. 12(2) and (6) GDPR).",
    "A12ManifestlyUnfounded": "The request is manifestly unfounded (Art. 12(5) GDPR).",
    "A12ManifestlyExcessive": "The request is manifestly excessive, above all by repetition (Art. 12(5) GDPR).",
    "A12MaliciousIntent": "The request serves another aim than the protection of your data (Art. 12(5) GDPR).",
    "A17FreedomOfExpression": (
        "The data are needed to exercise the right of freedom of expression and information (Art. 17(3)(a) GDPR)."
    ),
    "A17LegallyRequired": "A law obliges us to keep the data (Art. 17(3)(b) GDPR).",
    "A17OfficialAuthority": (
        "The data are needed for a task in the public interest or in the exercise of official authority "
        "(Art. 17(3)(b) GDPR)."
    ),
    "A17PublicHealth": "The data are needed in the public interest of public health (Art. 17(3)(c) GDPR).",
    "A17Archiving": (
        "The data are needed for archiving in the public interest, research or statistics (Art. 17(3)(d) GDPR)."
    ),
    "A17LegalClaims": "The data are needed to establish, exercise or defend legal claims (Art. 17(3)(e) GDPR).",
}
_DE = {
    "hello": "Guten Tag,",
    "dpo": "Datenschutz: {dpo}",
    "access": "Ihnen zu zeigen, welche Daten wir über Sie haben",
    "rectification": "Ihre Daten zu berichtigen",
    "erasure": "Ihre Daten zu löschen",
    "restriction": "die Verarbeitung Ihrer Daten einzuschränken",
    "portability": "Ihnen Ihre Daten zum Mitnehmen zu geben",
    "objection": "eine Verwendung Ihrer Daten zu beenden",
    "automated_decision": "eine automatische Entscheidung von einem Menschen prüfen zu lassen",
    "code.subject": "Ihr Code für {name}",
    "code.what": "jemand, hoffentlich Sie, hat uns gebeten, {what}. Mit diesem Code zeigen Sie, dass Sie es sind:",
    "code.until": "Er gilt {minutes} Minuten. Waren Sie es nicht, tun Sie nichts: Ohne den Code geschieht nichts.",
    "done.subject": "Ihr Anliegen ist erledigt",
    "asked": "Sie haben uns gebeten, {what}.",
    "done.access": "Ihre Daten liegen bereit. Sie holen sie mit diesem Link, der nur für Sie ist:\n\n    {where}",
    "done.portability": "Ihre Daten liegen bereit. Sie holen sie mit diesem Link, der nur für Sie ist:\n\n    {where}",
    "link.until": "Der Link gilt bis {day}, höchstens {most} Mal. Geben Sie ihn nicht weiter: mehr braucht es nicht.",
    "done.rectification": "Ihre Daten sind berichtigt. Wir sagen es allen, die sie erhalten haben.",
    "done.erasure": "Ihre Daten sind gelöscht. Dies ist unsere letzte Nachricht dazu.",
    "done.erasure.partly": (
        "Ihre Daten sind gelöscht, bis auf das, was hier steht. Dies ist unsere letzte Nachricht dazu."
    ),
    "moved.subject": "Ihre E-Mail-Adresse wurde geändert",
    "moved.what": (
        "Sie haben uns gebeten, die E-Mail-Adresse zu berichtigen, die wir von Ihnen haben. Von jetzt an schreiben wir "
        "an die neue."
    ),
    "moved.if_not": "Wenn das nicht Sie waren, schreiben Sie sofort unserem Datenschutz.",
    "kept.some": "Einen Teil Ihrer Daten behalten wir vorerst:",
    "kept.item": "    {ground} {law}, bis {day}.",
    "kept.shared": (
        "Manche Einträge gehören auch anderen Menschen, etwa eine Anschrift, die mehrere nutzen. Sie bleiben, ohne "
        "das, was allein Sie nennt."
    ),
    "kept.redacted": "Manche Texte bleiben, ohne das, woran man Sie erkennt.",
    "kept.accepted": (
        "An manchen Stellen bleibt etwas, woran man auch Sie erkennt, etwa eine Adresse, die Sie mit anderen teilen. "
        "Ein Mensch hat jede davon angesehen und so entschieden; fragen Sie uns, warum."
    ),
    "moved.shared": (
        "Manche Einträge gehören auch anderen Menschen, etwa eine Anschrift, die mehrere nutzen. Dort haben wir nur "
        "geändert, was allein Sie nennt: sagen Sie uns, wo etwas für alle falsch ist."
    ),
    "kept.evidence": (
        "Was Ihre Einwilligungen, diesen Antrag und unsere Antwort belegt, bleibt bis {day} verschlossen, für den Fall "
        "eines Rechtsstreits (Art. 17 Abs. 3 lit. e DSGVO). Dann wird sein Schlüssel vernichtet; später nur, solange "
        "ein solcher Streit offen ist."
    ),
    "done.restriction": "Ihre Daten werden von jetzt an nur noch gespeichert. Bevor das endet, sagen wir es Ihnen.",
    "done.objection": "Wir verwenden Ihre Daten nicht mehr dafür.",
    "done.automated_decision": "Ein Mensch hat die Entscheidung noch einmal geprüft.",
    "review.subject": "Ein Mensch hat die Entscheidung geprüft",
    "review.upheld": "Ein Mensch hat die Entscheidung noch einmal geprüft (Art. 22 Abs. 3 DSGVO). Sie bleibt.",
    "review.changed": "Ein Mensch hat die Entscheidung noch einmal geprüft (Art. 22 Abs. 3 DSGVO). Sie wurde geändert.",
    "review.why": "Warum:\n{explanation}",
    "ends.subject": "Die Einschränkung Ihrer Daten endet",
    "ends.what": (
        "Die Verarbeitung Ihrer Daten ist eingeschränkt (Art. 18 DSGVO). Das endet am {day}; wir sagen es Ihnen vorher "
        "(Art. 18 Abs. 3 DSGVO)."
    ),
    "ends.why": "Der Grund:\n{reason}",
    "ends.answer": "Sind Sie nicht einverstanden, schreiben Sie uns vor diesem Tag.",
    "override.subject": "Zu Ihrem Widerspruch",
    "override.what": (
        "Sie haben einer Verwendung Ihrer Daten widersprochen: {purpose}. Wir haben dafür zwingende schutzwürdige "
        "Gründe, die Ihre Interessen überwiegen (Art. 21 Abs. 1 DSGVO), und verwenden sie weiter."
    ),
    "override.grounds": "Die Gründe:\n{grounds}",
    "refused.subject": "Zu Ihrem Anliegen",
    "refused.what": "Sie haben uns gebeten, {what}. Das können wir nicht tun.",
    "refused.ground": "Der Grund: {ground}\n{explanation}",
    "refused.authority": "Sie können sich bei der Aufsichtsbehörde beschweren (Art. 77 DSGVO): {authority}.",
    "refused.court": "Sie können auch vor Gericht gehen (Art. 79 DSGVO).",
    "extended.subject": "Ihr Anliegen dauert länger",
    "extended.what": ("Sie haben uns gebeten, {what}. Wir brauchen mehr Zeit, wegen {reason} (Art. 12 Abs. 3 DSGVO)."),
    "extended.until": "Sie hören spätestens am {day} von uns.",
    "told.subject": "Wem wir Ihr Anliegen mitgeteilt haben",
    "told.what": "Sie haben uns gebeten, {what}, und nun, wem wir es mitgeteilt haben (Art. 19 DSGVO):",
    "told.on": "- {name}: mitgeteilt am {day}",
    "told.exempt": "- {name}: konnte nicht unterrichtet werden",
    "told.yet": "- {name}: noch nicht unterrichtet",
    "told.nobody": "Niemandem: Ihre Daten gingen an niemanden.",
    "notice.subject": "Mitteilung nach {article}, Art. 19: {reference}",
    "notice.rectification": "Bitte berichtigen Sie sie auch, oder fragen Sie uns nach dem, was richtig ist.",
    "notice.erasure": "Bitte löschen Sie sie auch, und alle Links darauf, Kopien und Replikationen davon.",
    "notice.restriction": "Bitte speichern Sie sie nur noch, bis wir wieder schreiben.",
    "notice.lifted": "Die Einschränkung, von der wir schrieben, ist zu Ende: Sie dürfen sie wieder verwenden.",
    "notice.what": (
        "{recipient} hat von uns Daten einer Person erhalten. Eine Änderung daran wurde "
        "verlangt und vorgenommen ({article}). {please}"
    ),
    "notice.known": "Zeichen: {reference}\nIhre eigene Kennung der Person: {identifier}",
    "notice.unknown": (
        "Zeichen: {reference}\nUm wen es geht, sagen wir Ihnen unter diesem Zeichen auf sicherem Weg: bitte schreiben "
        "Sie unserem Datenschutz."
    ),
    "notice.answer": "Bitte bestätigen Sie nur mit dem Zeichen, und nennen Sie in Ihrer Antwort niemanden.",
    "complexity": "der Komplexität des Anliegens",
    "number": "der Anzahl der Anträge",
    "question.subject": "Eine Frage zu Ihrem Anliegen",
    "reminder.subject": "Uns fehlt noch Ihre Antwort",
    "question.identity": (
        "Sie haben uns gebeten, {what}. Wir sind noch nicht sicher, dass der Antrag von Ihnen kommt "
        "(Art. 12 Abs. 6 DSGVO)."
    ),
    "question.clarification": "Sie haben uns gebeten, {what}. Dafür müssen wir noch etwas von Ihnen wissen.",
    "question.text": "Unsere Frage:\n{question}",
    "question.answer": "Bitte antworten Sie bis zum {day}. Schicken Sie keine Kopie Ihres Ausweises.",
    "question.stops": "Bis Ihre Antwort da ist, läuft die Frist für unsere nicht.",
    "A12IdentityFailure": (
        "Wir konnten nicht feststellen, dass der Antrag von Ihnen kommt (Art. 12 Abs. 2 und 6 DSGVO)."
    ),
    "A12ManifestlyUnfounded": "Der Antrag ist offenkundig unbegründet (Art. 12 Abs. 5 DSGVO).",
    "A12ManifestlyExcessive": "Der Antrag ist exzessiv, vor allem durch Wiederholung (Art. 12 Abs. 5 DSGVO).",
    "A12MaliciousIntent": "Der Antrag dient einem anderen Ziel als dem Schutz Ihrer Daten (Art. 12 Abs. 5 DSGVO).",
    "A17FreedomOfExpression": (
        "Die Daten sind nötig, um das Recht auf freie Meinungsäußerung und Information auszuüben "
        "(Art. 17 Abs. 3 lit. a DSGVO)."
    ),
    "A17LegallyRequired": "Ein Gesetz verpflichtet uns, die Daten zu behalten (Art. 17 Abs. 3 lit. b DSGVO).",
    "A17OfficialAuthority": (
        "Die Daten sind für eine Aufgabe im öffentlichen Interesse oder in Ausübung öffentlicher Gewalt nötig "
        "(Art. 17 Abs. 3 lit. b DSGVO)."
    ),
    "A17PublicHealth": (
        "Die Daten sind im öffentlichen Interesse der öffentlichen Gesundheit nötig (Art. 17 Abs. 3 lit. c DSGVO)."
    ),
    "A17Archiving": (
        "Die Daten sind für Archivzwecke im öffentlichen Interesse, Forschung oder Statistik nötig "
        "(Art. 17 Abs. 3 lit. d DSGVO)."
    ),
    "A17LegalClaims": (
        "Die Daten sind nötig, um Rechtsansprüche geltend zu machen, auszuüben oder zu verteidigen "
        "(Art. 17 Abs. 3 lit. e DSGVO)."
    ),
}
TEXTS: Mapping[str, Mapping[str, str]] = {"en": _EN, "de": _DE}


def say(language: str, key: str, **blanks: object) -> str:
    return TEXTS[language][key].format(**blanks)


def known(language: str | None) -> str | None:
    """`de-DE` as `de`; None for what there are no words for."""
    short = (language or "").strip().lower().replace("_", "-").partition("-")[0]
    return short if short in TEXTS else None


def spoken(organisation: Organisation, language: str | None) -> str:
    """The person's language, else the first of the organisation's for which there are words, else English."""
    return next((k for w in (language, *organisation.languages) if (k := known(w))), USUAL)
