"""Letters in German."""

TEXTS = {
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
    "done.erasure.partly": "Ihre Daten sind gelöscht, bis auf das, was hier steht. Dies ist unsere letzte Nachricht dazu.",
    "certificate.link": (
        "Ihren Nachweis darüber holen Sie hier; er lässt sich auch ohne uns prüfen:\n{where}\n"
        "Der Link ist nur für Sie. Er gilt, solange wir aufbewahren, was die Löschung belegt."
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
        "An manchen Stellen bleibt etwas, woran man auch Sie erkennt, etwa eine Adresse, die Sie mit anderen "
        "teilen. Ein Mensch hat jede davon angesehen und so entschieden; fragen Sie uns, warum."
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
