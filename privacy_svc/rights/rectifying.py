"""Rectification (Art. 16 GDPR): what stands in every place and what is to stand there is kept sealed with the request,
shown to the approver, and then corrected in the stores.

1 remember      every place is looked at again, and each database tried: nothing has changed yet. Where a place holds
                something else than the approver saw, the request goes back to them.
2 apply         one transaction a store, then the indexes, and what hangs on a changed address.
3 tell, finish  letters, to the old address too; the certificate.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from privacy_svc.consent import follow_address, forget_links_of
from privacy_svc.db import now
from privacy_svc.http import Contact
from privacy_svc.identity import end_all
from privacy_svc.rights import certificate, closing, details, recipients
from privacy_svc.rights.address import reach
from privacy_svc.rights.letters import Letters
from privacy_svc.rights.model import RECTIFIED, DataRequest, RequestValue
from privacy_svc.rights.owed import Unsent
from privacy_svc.rights.owed_model import DONE
from privacy_svc.rights.parts import WORKER, Event, Parts
from privacy_svc.rights.readdressing import leave_address
from privacy_svc.rights.steps import Step, progress, tell_progress
from privacy_svc.rights.tables import plain
from privacy_svc.store import (
    Change,
    FactReader,
    FoundRow,
    Moved,
    Planned,
    check_rectifiable,
    keep_person,
    plan_rectification,
    rectify,
    walk,
)
from privacy_svc.vault import Subject


def look_at(session: Session, parts: Parts, request: DataRequest) -> None:
    """What the approver is to see, kept with the request. Raises CannotRectify, StoreUnavailable."""
    _keep(session, parts, request, _checked(session, parts, request))


def require_seen(session: Session, parts: Parts, request: DataRequest) -> None:
    """What is approved is what stands there now. Raises Moved, CannotRectify."""
    planned = _checked(session, parts, request)
    seen = values_of(session, parts, request)
    if seen:
        _require_same(planned, seen)
    _keep(session, parts, request, planned)


def values_of(session: Session, parts: Parts, request: DataRequest) -> dict[str, dict[str, Any]]:
    """By place: what stood there and what is to stand there."""
    cipher = details.cipher_of(session, parts.vault, request)
    values = select(RequestValue).where(RequestValue.request_id == request.id).order_by(RequestValue.place)
    return {v.place: cipher.open(RECTIFIED, f"{request.id}/{v.place}", v.sealed) for v in session.scalars(values)}


def corrected(session: Session, parts: Parts, request: DataRequest) -> dict[tuple[str, str], Any]:
    """What is to stand there, by collection and field, however the caller named them; copies too. Not of records that
    are others' as well, nor of what a law keeps."""
    values = values_of(session, parts, request)
    return {_field_of(p): v["new"] for p, v in values.items() if not (v.get("kept") or v.get("shared"))}


def old_values(session: Session, parts: Parts, request: DataRequest) -> Iterator[tuple[str, str, str, Any]]:
    """Collection, row key, field and what stood there, of what was corrected."""
    for place, values in values_of(session, parts, request).items():
        if not (values.get("kept") or values.get("shared")) and values["old"] != values["new"]:
            path, _, rest = place.partition("/")
            key, _, name = rest.rpartition(".")
            yield path, key, name, values["old"]


def _field_of(place: str) -> tuple[str, str]:
    """A row's key may hold anything but comes between the two."""
    path, _, rest = place.partition("/")
    return path, rest.rpartition(".")[2]


def _checked(session: Session, parts: Parts, request: DataRequest) -> Planned:
    assert request.subject_id is not None
    given = details.read(session, parts.vault, request)["given"]["changes"]
    kind = session.get_one(Subject, request.subject_id).kind
    where = (session, parts.stores, parts.vault)
    planned = plan_rectification(*where, parts.policy, request.subject_id, given, kind)
    check_rectifiable(*where, request.subject_id, planned.changes, parts.organisation.phone_region)
    return planned


def _require_same(planned: Planned, seen: Mapping[str, Mapping[str, Any]]) -> None:
    """A place that is right by now is what was wanted, also after a run that was broken off."""
    for change in planned.changes:
        known = seen.get(change.place)
        if plain(change.old) != plain(change.new) and (known is None or known["old"] != plain(change.old)):
            raise Moved(f"{change.collection.path}.{change.field.name} was changed since it was looked at.")


def _keep(session: Session, parts: Parts, request: DataRequest, planned: Planned) -> None:
    """What was right already, or is since a run that was broken off, keeps what stood there before."""
    before = values_of(session, parts, request)
    cipher = details.cipher_of(session, parts.vault, request)
    session.execute(delete(RequestValue).where(RequestValue.request_id == request.id))
    stay = {id(c): why for why in ("kept", "shared") for c in getattr(planned, why)}
    for change in (*planned.changes, *planned.kept, *planned.shared):
        old, new = plain(change.old), plain(change.new)
        known = before.get(change.place)
        if old == new and known is not None and known["new"] == new:
            old = known["old"]
        values = {"old": old, "new": new} | ({stay[id(change)]: True} if id(change) in stay else {})
        sealed = cipher.seal(RECTIFIED, f"{request.id}/{change.place}", values)
        session.add(RequestValue(request_id=request.id, place=change.place, sealed=sealed))
    session.flush()
    changed = [c for c in planned.changes if values_of_change(before, c)]
    tell_progress(request, rectified=_count(changed), kept=_count(planned.kept), shared=_count(planned.shared))


def values_of_change(before: Mapping[str, Mapping[str, Any]], change: Change) -> bool:
    """Whether the place was, or is to be, corrected."""
    known = before.get(change.place)
    return plain(change.old) != plain(change.new) or (known is not None and known["old"] != known["new"])


def _count(changes: Iterable[Change]) -> list[dict[str, Any]]:
    return closing.count((c.collection.path, c.field.name) for c in changes)


def _look(session: Session, parts: Parts, request: DataRequest) -> tuple[Planned, list[FoundRow]]:
    assert request.subject_id is not None
    rows = walk(session, parts.stores, parts.vault, parts.policy, request.subject_id)
    return _checked(session, parts, request), rows


def _remember(session: Session, parts: Parts, request: DataRequest, looked_at: tuple[Planned, list[FoundRow]]) -> None:
    """Before anything is changed: a step that runs twice would not know the old values any more."""
    planned, rows = looked_at
    seen = values_of(session, parts, request)
    if seen:
        _require_same(planned, seen)
    _keep(session, parts, request, planned)
    recipients.gather(session, parts, request, rows, {c for x in planned.changes for c in x.field.categories})


def _apply(session: Session, parts: Parts, request: DataRequest, _seen: Any) -> None:
    assert request.subject_id is not None
    changes = _kept_changes(session, parts, request)
    rectify(session, parts.stores, parts.vault, request.subject_id, changes)
    keep_person(session, FactReader(parts.stores, parts.vault, parts.policy), parts.log, request.subject_id, WORKER)
    for old, new in _addresses(changes):
        follow_address(session, parts.vault, parts.log, request.subject_id, old, new, WORKER, now())
    if any(_left_mailbox(c) for c in changes):
        forget_links_of(session, request.subject_id)
        end_all(session, parts.log, request.subject_id, WORKER)  # the address was the way in
        leave_address(session, parts, request.subject_id, WORKER)
    for place in progress(request)["rectified"]:
        parts.note(session, request, Event.VALUE_RECTIFIED, WORKER, **place)


def _kept_changes(session: Session, parts: Parts, request: DataRequest) -> list[Change]:
    """As they were approved: what the stores hold is compared with it."""
    found: list[Change] = []
    for place, values in values_of(session, parts, request).items():
        if values.get("kept") or values.get("shared"):
            continue
        path, _, rest = place.partition("/")
        key, _, name = rest.rpartition(".")
        collection = parts.policy.data_map.collection(*path.split(".", 1))
        if collection is None or name not in collection.by_name:
            raise Moved(f"The data map has no {path}.{name} any more.")
        found.append(Change(collection, key, collection.by_name[name], values["old"], values["new"]))
    return found


def _left_mailbox(change: Change) -> bool:
    """Also where no other takes its place."""
    return change.field.identity == "email" and bool(change.old) and change.old != change.new


def _addresses(changes: Sequence[Change]) -> list[tuple[Contact, Contact]]:
    """Old and new, of the fields by which the person is known."""
    return [
        (Contact(c.field.identity, str(c.old)), Contact(c.field.identity, str(c.new)))
        for c in changes
        if c.field.identity in {"email", "phone"} and c.old and c.new and c.old != c.new
    ]


def _tell(session: Session, parts: Parts, request: DataRequest) -> list[closing.Told]:
    """To the address that is right now, and to the one that was: who did not ask for this learns of it."""
    letters = Letters(parts.organisation, request.language)
    told = letters.shared(corrected=True) if progress(request).get("shared") else ()
    event = closing.send(parts, request, reach(session, parts, request), told)
    former = {old.value for old, _ in _addresses(_kept_changes(session, parts, request)) if old.kind == "email"}
    letter = letters.address_changed()
    former_told = (closing.deliver(parts, request, address, letter, DONE) for address in former)
    return [event, *(told for told in former_told if isinstance(told, Unsent))]


def _note_letters(session: Session, parts: Parts, request: DataRequest, told: Sequence[closing.Told]) -> None:
    for letter in told:
        closing.note_letter(session, parts, request, letter)


def _finish(session: Session, parts: Parts, request: DataRequest, _seen: Any) -> None:
    entry = closing.complete(session, parts, request)
    document = certificate.rectification(closing.facts(parts, request, entry), progress(request))
    closing.certify(session, parts, request, document)


STEPS = (
    Step("remember", _remember, _look),
    Step("apply", _apply),
    Step("tell", _note_letters, _tell),
    Step("finish", _finish, joins=True),
)
