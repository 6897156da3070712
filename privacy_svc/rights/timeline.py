"""The timeline of a request: what happened, as lines that a person can read, in their language.

What an event says stands here once for each language; its blanks are the event's parameters, none of them personal.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.errors import BadRequest
from privacy_svc.rights.model import DataRequest, RequestEvent
from privacy_svc.rights.parts import Event
from privacy_svc.rights.schemas import TimelineLine
from privacy_svc.rights.words import TEXTS as LANGUAGES

TEXTS: Mapping[str, Mapping[Event, str]] = {
    "en": {
        Event.RECEIVED: "The request came in by {channel}.",
        Event.CODE_SENT: "A code was made to verify the person (number {number}).",
        Event.CODE_NOT_SENT: "No code could be sent: there is no e-mail address on file.",
        Event.VERIFIED: "The person was verified by {how}.",
        Event.VERIFICATION_FAILED: "A wrong code was given (try {attempt}).",
        Event.MERGED: "Request {merged} was for the same as {into}: the two go on as one.",
        Event.ASKED: "The person was asked about {about} by {how}; the clock {clock}.",
        Event.ANSWERED: "The question to the person is settled ({how}); the answer is due on {due}.",
        Event.UNANSWERED: "The person did not answer in time. Somebody has to decide how to go on.",
        Event.REMINDED: "The person was reminded of the question.",
        Event.WARNED: "The deadline comes near: {due}.",
        Event.OVERDUE: "The deadline has passed: {due}.",
        Event.FIRST_APPROVAL: "One person approved the request; a second one has to.",
        Event.APPROVED: "The request was approved.",
        Event.REFUSAL_PROPOSED: "A refusal was proposed ({ground}); a second person has to confirm it.",
        Event.REFUSED: "The request was refused: {ground}.",
        Event.EXTENDED: "The time to answer was extended because of {reason}.",
        Event.STARTED: "The work began.",
        Event.WAITS: "“{step}” waits: {problem}. It is tried again.",
        Event.COMPLETED: "The request is done.",
        Event.FAILED: "The work stopped at “{step}”: {problem}.",
        Event.CANCELLED: "The request was cancelled.",
        Event.WITHDRAWN: "The person withdrew the request.",
        Event.CERTIFIED: "The certificate was signed (issue {issue}).",
        Event.LEFTOVER_DECIDED: "About what was left in {place}: {decision}.",
        Event.FILE_ATTACHED: "A file was added ({kind}, {bytes} bytes).",
        Event.FILE_READ: "A file was read ({kind}, {bytes} bytes).",
        Event.KEPT_ENDED: "What was kept by law was emptied ({rows} values).",
        Event.PACKAGE_CREATED: "The package with the data was made ({bytes} bytes).",
        Event.PACKAGE_DOWNLOADED: "The package was downloaded.",
        Event.PACKAGE_DELETED: "The package was deleted: the time of its link is over.",
        Event.LINK_MADE: "A link to the package was made; it works until {until}, {most} times.",
        Event.LINK_REVOKED: "The link to the package was revoked.",
        Event.VALUE_RECTIFIED: "{collection}.{field} was corrected in {rows} rows.",
        Event.DETAILS_READ: "The details were read.",
        Event.RECIPIENT_TOLD: "{name} was told by {by}.",
        Event.RECIPIENT_ANSWERED: "{name} answered: {answer}.",
        Event.RECIPIENT_UNREACHED: "{name} could not be told ({problem}); a person has to see to it.",
        Event.RECIPIENT_EXEMPT: "{name} is not told: {ground}.",
        Event.TASK_OPENED: "A person has to see to {name}.",
        Event.ELSEWHERE_WAITS: "{name} did not do its part yet ({problem}); it is tried again.",
        Event.ELSEWHERE_DONE: "{name} is done ({rows} rows).",
        Event.ELSEWHERE_LIFTED: "The restriction was lifted at {name} too.",
        Event.REVIEWED: "A person looked at the decision again: {result}.",
        Event.RESTRICTION_END_ANNOUNCED: "The person was told by {how} that the restriction ends on {ends}.",
        Event.RESTRICTION_ENDED: "The restriction was lifted.",
        Event.OBJECTION_OVERRIDDEN: "The person was told of compelling grounds against the objection.",
        Event.LETTER_SENT: "A letter was sent to the person.",
        Event.LETTER_FAILED: "A letter to the person could not be sent.",
    },
    "de": {
        Event.RECEIVED: "Der Antrag ging ein: {channel}.",
        Event.CODE_SENT: "Ein Code zur Prüfung der Person wurde erstellt (Nummer {number}).",
        Event.CODE_NOT_SENT: "Es konnte kein Code verschickt werden: Es liegt keine E-Mail-Adresse vor.",
        Event.VERIFIED: "Die Identität der Person wurde festgestellt: {how}.",
        Event.VERIFICATION_FAILED: "Ein falscher Code wurde angegeben (Versuch {attempt}).",
        Event.MERGED: "Antrag {merged} wollte dasselbe wie {into}: Beide laufen als einer weiter.",
        Event.ASKED: "Die Person wurde etwas gefragt ({about}, {how}); die Frist {clock}.",
        Event.ANSWERED: "Die Frage an die Person ist erledigt ({how}); zu antworten ist bis {due}.",
        Event.UNANSWERED: "Die Person hat nicht rechtzeitig geantwortet. Jemand muss entscheiden, wie es weitergeht.",
        Event.REMINDED: "Die Person wurde an die Frage erinnert.",
        Event.WARNED: "Die Frist läuft bald ab: {due}.",
        Event.OVERDUE: "Die Frist ist abgelaufen: {due}.",
        Event.FIRST_APPROVAL: "Eine Person hat den Antrag freigegeben; eine zweite muss es noch tun.",
        Event.APPROVED: "Der Antrag wurde freigegeben.",
        Event.REFUSAL_PROPOSED: "Eine Ablehnung wurde vorgeschlagen ({ground}); eine zweite Person bestätigt sie noch.",
        Event.REFUSED: "Der Antrag wurde abgelehnt: {ground}.",
        Event.EXTENDED: "Die Frist wurde verlängert: {reason}.",
        Event.STARTED: "Die Bearbeitung hat begonnen.",
        Event.WAITS: "„{step}“ wartet: {problem}. Es wird wieder versucht.",
        Event.COMPLETED: "Der Antrag ist erledigt.",
        Event.FAILED: "Die Bearbeitung blieb stehen bei „{step}“: {problem}.",
        Event.CANCELLED: "Der Antrag wurde abgebrochen.",
        Event.WITHDRAWN: "Die Person hat den Antrag zurückgezogen.",
        Event.CERTIFIED: "Der Nachweis wurde signiert (Ausgabe {issue}).",
        Event.LEFTOVER_DECIDED: "Zu dem, was in {place} übrig war: {decision}.",
        Event.FILE_ATTACHED: "Eine Datei wurde hinzugefügt ({kind}, {bytes} Byte).",
        Event.FILE_READ: "Eine Datei wurde gelesen ({kind}, {bytes} Byte).",
        Event.KEPT_ENDED: "Was das Gesetz aufzubewahren verlangte, wurde geleert ({rows} Werte).",
        Event.PACKAGE_CREATED: "Das Paket mit den Daten wurde erstellt ({bytes} Byte).",
        Event.PACKAGE_DOWNLOADED: "Das Paket wurde heruntergeladen.",
        Event.PACKAGE_DELETED: "Das Paket wurde gelöscht: die Zeit seines Links ist abgelaufen.",
        Event.LINK_MADE: "Ein Link zum Paket wurde erstellt; er gilt bis {until}, {most} Mal.",
        Event.LINK_REVOKED: "Der Link zum Paket wurde widerrufen.",
        Event.VALUE_RECTIFIED: "{collection}.{field} wurde in {rows} Zeilen berichtigt.",
        Event.DETAILS_READ: "Die Einzelheiten wurden gelesen.",
        Event.RECIPIENT_TOLD: "{name} wurde unterrichtet: {by}.",
        Event.RECIPIENT_ANSWERED: "{name} antwortete: {answer}.",
        Event.RECIPIENT_UNREACHED: "{name} war nicht zu erreichen ({problem}); jemand muss sich kümmern.",
        Event.RECIPIENT_EXEMPT: "{name} wird nicht unterrichtet: {ground}.",
        Event.TASK_OPENED: "Eine Person muss sich um {name} kümmern.",
        Event.ELSEWHERE_WAITS: "{name} hat seinen Teil noch nicht getan ({problem}); es wird wieder versucht.",
        Event.ELSEWHERE_DONE: "{name} ist erledigt ({rows} Zeilen).",
        Event.ELSEWHERE_LIFTED: "Die Einschränkung wurde auch bei {name} aufgehoben.",
        Event.REVIEWED: "Ein Mensch hat die Entscheidung noch einmal geprüft: {result}.",
        Event.RESTRICTION_END_ANNOUNCED: "Die Person erfuhr ({how}), dass die Einschränkung am {ends} endet.",
        Event.RESTRICTION_ENDED: "Die Einschränkung wurde aufgehoben.",
        Event.OBJECTION_OVERRIDDEN: "Die Person erfuhr von zwingenden Gründen gegen den Widerspruch.",
        Event.LETTER_SENT: "Ein Brief ging an die Person.",
        Event.LETTER_FAILED: "Ein Brief an die Person konnte nicht zugestellt werden.",
    },
}
_WORDS: Mapping[str, Mapping[tuple[str, str], str]] = {
    "en": {
        ("how", "code"): "a code",
        ("how", "staff"): "a member of the staff",
        ("how", "sender"): "who sent it",
        ("how", "session"): "signing in to the Privacy Centre",
        ("result", "upheld"): "it stands",
        ("result", "changed"): "it was changed",
    },
    "de": {
        ("result", "upheld"): "sie bleibt",
        ("result", "changed"): "sie wurde geändert",
        ("how", "code"): "durch einen Code",
        ("how", "staff"): "durch eine Person vom Haus",
        ("how", "session"): "durch die Anmeldung im Datenschutz-Center",
        ("how", "sender"): "durch den, der ihn schickte",
        ("by", "email"): "per E-Mail",
        ("by", "webhook"): "per Webhook",
        ("by", "opendsr"): "per OpenDSR",
        ("by", "person"): "durch eine Person vom Haus",
        ("answer", "received"): "erhalten",
        ("answer", "pending"): "angenommen",
        ("answer", "in_progress"): "in Arbeit",
        ("answer", "completed"): "erledigt",
        ("answer", "cancelled"): "abgebrochen",
        ("ground", "impossible"): "unmöglich",
        ("ground", "disproportionate"): "unverhältnismäßig",
        ("decision", "redact"): "aus dem Text nehmen",
        ("decision", "accept"): "hinnehmen",
        ("ground", "gone"): "die Adresse gibt es nicht mehr",
        ("how", "mail"): "per E-Mail",
        ("how", "answered"): "beantwortet",
        ("how", "verified"): "die Person ist festgestellt",
        ("how", "approved"): "freigegeben",
        ("how", "closed"): "der Antrag ist zu Ende",
        ("about", "identity"): "wer sie ist",
        ("about", "clarification"): "was sie meint",
        ("clock", "stops"): "steht",
        ("clock", "runs"): "läuft weiter",
        ("reason", "complexity"): "wegen der Komplexität",
        ("reason", "number"): "wegen der Anzahl der Anträge",
    },
}
"""What a parameter's value is in words; another value stands as it is."""


def timeline(session: Session, request: DataRequest, language: str, zone: str) -> list[TimelineLine]:
    """Oldest first; days are those of the time `zone`. Raises BadRequest for a language without words."""
    if language not in LANGUAGES:
        raise BadRequest(f"language is one of {', '.join(LANGUAGES)}.")
    events = select(RequestEvent).where(RequestEvent.request_id == request.id)
    return [_line(e, language, zone) for e in session.scalars(events.order_by(RequestEvent.at, RequestEvent.id))]


def _line(event: RequestEvent, language: str, zone: str) -> TimelineLine:
    said = {name: _word(language, zone, name, value) for name, value in event.params.items()}
    text = TEXTS[language][Event(event.type)].format(**said)
    return TimelineLine(event.at, event.type, text, event.actor, event.params)


def _word(language: str, zone: str, name: str, value: Any) -> Any:
    if name in {"due", "ends"}:
        return datetime.fromisoformat(value).astimezone(ZoneInfo(zone)).date().isoformat()
    if name == "ground" and value in LANGUAGES[language]:
        return LANGUAGES[language][value].rstrip(".")
    return _WORDS[language].get((name, value), value)
