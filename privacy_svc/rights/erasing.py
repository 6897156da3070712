"""Erasure (Art. 17 GDPR), in an order that a crash cannot turn into half an erasure.

1 prepare       no hold stands, and all stores would take it; the person is restricted, so that from here on nothing is
                released or written through the gateway; what they are known by is sealed by the evidence key, for
                step 4; what is there is counted, so that a step that runs twice still reports all it did.
2 clean_stores  null, replace, redact, delete or keep, as the data map says, one transaction a store.
3 destroy_keys  fence, key, the date on which the evidence key ends, blind index, log payloads, packages, and their
                addresses on the suppression list, in one transaction: from its commit the person is unreadable in every
                process.
4 read_back     what a module's write that was under way since 1 left in the stores meanwhile is cleaned too; what is
                kept of it by law may put off the evidence key's date. Then their own rows and the indexes are searched.
                What is found fails the request with its place.
5 certify       the certificate, with the log's proof; what is still to come is pending in it.
6 everywhere    page keys are replaced and everybody's texts searched, for many erasures at once: see `sweeping`. What
                is found fails the request like in 4.
7 tell, finish  letter, the certificate's second issue; what they were known by goes.

A crash between 1 and 3 leaves the person restricted, not readable; the run goes on after the last step done.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Theirs
from privacy_svc.consent import digests, disown, enlist_erased, forget_links_of, owners, restrict
from privacy_svc.db import now
from privacy_svc.errors import Conflict
from privacy_svc.policy import EraseRows, Field
from privacy_svc.rights import (
    certificate,
    certificate_link,
    closing,
    details,
    evidence,
    holds,
    kept,
    leftovers,
    links,
    others,
    recipients,
)
from privacy_svc.rights.address import address_in, contacts_in, language_in
from privacy_svc.rights.errors import DataLeft
from privacy_svc.rights.former import former_rows
from privacy_svc.rights.letters import Letters
from privacy_svc.rights.model import KNOWN_VALUES, DataRequest, Recounted
from privacy_svc.rights.outside_model import RequestWork
from privacy_svc.rights.parts import RETENTION, WORKER, Event, Parts
from privacy_svc.rights.steps import EVERYWHERE, Step, progress, tell_progress
from privacy_svc.store import (
    STAYS,
    Cleaned,
    ErasedItem,
    FoundRow,
    Known,
    Leftover,
    check_erasable,
    erase_subject,
    forget_subject,
    identity_rows,
    known_of,
    read_back,
    walk,
)
from privacy_svc.vault import AddressDigest, Subject


def _prepare(session: Session, parts: Parts, request: DataRequest, _seen: Any) -> None:
    """Walked in the transaction that restricts: no write through the gateway falls in between. Raises OnHold,
    Unreadable, CannotErase before anything has changed."""
    subject_id = _subject(request)
    holds.require_none(session, parts.log, subject_id)
    where = (session, parts.stores, parts.vault, parts.policy, subject_id)
    parts.stores.look_anew()
    rows = walk(*where)
    beside = check_erasable(*where, rows)
    before = former_rows(session, parts, subject_id, rows)
    known = known_of(chain(rows, before), parts.organisation.phone_region)
    addresses = digests(session, parts.vault, contacts_in(rows))
    cipher = details.cipher_of(session, parts.vault, request)
    values = {"known": known.plain(), "address": address_in(rows)}
    request.known_values = cipher.seal(KNOWN_VALUES, request.id, values)
    request.language = request.language or language_in(rows)
    found = [*inventory(rows), *(_item(i) for i in beside)]
    tags = [tag.hex() for tag in owners(session, parts.vault, subject_id)]
    tell_progress(
        request, found=found, searched=len(known), suppress=[_plain(a) for a in addresses], suppressed_as=tags
    )
    restrict(session, parts.log, subject_id, actor=WORKER, reason=f"erasure {request.id}")
    # the person is locked: who placed a hold meanwhile is done, or comes too late; and no request is verified meanwhile
    holds.require_none(session, parts.log, subject_id)
    others.require_none_before(session, parts, request)
    recipients.gather(session, parts, request, rows)


def inventory(rows: Iterable[FoundRow]) -> list[dict[str, Any]]:
    """What there is to erase: place, the data map's method, how many rows. Rows that
    others lead to as well are theirs too, and stay."""
    places: dict[tuple[str, str, str, bool], int] = {}
    for row in rows:
        path = row.collection.path
        if row.collection.erase_rows is EraseRows.DELETE and not row.shared:
            here = [(path, "*", "delete", False)]
        else:
            fields = (f for f in row.collection.fields if _is_told(f, row) and row.values[f.name] is not None)
            here = [(path, f.name, STAYS if row.shared else f.erase.value, row.shared) for f in fields]
        for place in here:
            places[place] = places.get(place, 0) + 1
    return [_counted(*place, n) for place, n in places.items()]


def _is_told(field: Field, row: FoundRow) -> bool:
    """What is erased; and of a record of several people the key that stays, where it says who somebody is."""
    return field.erasable or (row.shared and field.is_key and field.names_somebody)


def _counted(collection: str, field: str, method: str, shared: bool, rows: int) -> dict[str, Any]:
    told = {"collection": collection, "field": field, "method": method, "rows": rows}
    return told | {"shared": True} if shared else told


def _clean_stores(session: Session, parts: Parts, request: DataRequest) -> Cleaned:
    known = known_to(session, parts, request)
    return erase_subject(session, parts.stores, parts.vault, parts.policy, _subject(request), known)


def _cleaned(_session: Session, _parts: Parts, request: DataRequest, done: Cleaned) -> None:
    tell_progress(request, erased=account(progress(request)["found"], [_item(i) for i in done.items]))


def account(found: Sequence[Mapping[str, Any]], done: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What was done to everything that was found. A second run of the step reports only what it still had to
    do; what the first one did stands in the count, by the data map's method."""
    own, shared = ([i for i in found if bool(i.get("shared")) is which] for which in (False, True))
    reported: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for item in (i for i in done if not i.get("shared")):
        reported.setdefault((item["collection"], item["field"]), []).append(item)
    items = [told for i in own for told in _own(i, reported.pop((i["collection"], i["field"]), []))]
    unexpected = (dict(i) for some in reported.values() for i in some)
    return [*items, *unexpected, *_shared(shared, [i for i in done if i.get("shared")])]


def _own(found: Mapping[str, Any], done: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """What a law keeps is reported each time: the rest of it was over, and is gone."""
    if found["method"] != "keep":
        yield dict(found) | dict(done[0] if done else {}) | {"rows": found["rows"]}
        return
    kept = [i for i in done if i["method"] == "keep"]
    yield from (dict(i) for i in kept)
    rest = found["rows"] - sum(i["rows"] for i in kept)
    if rest > 0:
        gone = next((i["method"] for i in done if i["method"] != "keep"), "null")
        yield dict(found) | {"method": gone, "rows": rest}


def _shared(found: Sequence[Mapping[str, Any]], done: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Of rows that are others' as well: what was taken out of some, and what stays. Those at which a run that was
    broken off did it count among what stays."""
    yield from (dict(i) for i in done if i["method"] != STAYS)
    for item in found:
        here = (i for i in done if (i["collection"], i["field"]) == (item["collection"], item["field"]))
        rows = item["rows"] - sum(i["rows"] for i in here if i["method"] != STAYS)
        if rows > 0:
            yield dict(item) | {"rows": rows}


def _item(item: ErasedItem) -> dict[str, Any]:
    told = _counted(item.collection, item.field, item.method, item.shared, item.rows)
    if item.ground is not None:
        until = item.keep_until.isoformat() if item.keep_until else None
        first = {"first_until": item.first_until.isoformat()} if item.first_until else {}
        told |= {"ground": item.ground, "law": item.law, "keep_until": until, "sealed": item.sealed, **first}
    return told


def _destroy_keys(session: Session, parts: Parts, request: DataRequest, _seen: Any) -> None:
    subject_id = _subject(request)
    about = {"kind": session.get_one(Subject, subject_id).kind, "rows": identity_rows(session, subject_id)}
    theirs = parts.log.theirs(session, subject_id)
    erased = parts.vault.erase(session, subject_id, request_id=request.id, about=about, later=True)
    _keep_evidence(session, parts, request, erased.online_at, progress(request)["erased"])
    payloads = forget(session, parts, theirs)
    _suppress(session, parts, request)
    entry = parts.audit(session, subject_id, Event.SUBJECT_ERASED, WORKER, request=request.id, payloads=payloads)
    tell_progress(request, online_at=erased.online_at.isoformat(), entry=entry)


def _keep_evidence(
    session: Session, parts: Parts, request: DataRequest, erased_at: datetime, items: Iterable[Mapping[str, Any]]
) -> None:
    parts.vault.keep_evidence(session, _subject(request), evidence.last_day(parts, erased_at, items))


def _suppress(session: Session, parts: Parts, request: DataRequest) -> None:
    """Their addresses, hashed while they could be read; from here on nothing leads from the request, or from them, to
    an entry."""
    noted = progress(request)
    addresses = [AddressDigest(k, g, bytes.fromhex(d)) for k, g, d in noted.get("suppress", ())]
    enlist_erased(session, parts.log, addresses, WORKER, now())
    parts.vault.write_down_suppressed(session, addresses)
    disown(session, parts.log, [bytes.fromhex(tag) for tag in noted.get("suppressed_as", ())], WORKER)
    tell_progress(request, suppress=[], suppressed_as=[])


def _plain(address: AddressDigest) -> list[Any]:
    return [address.kind, address.generation, address.digest.hex()]


def forget(session: Session, parts: Parts, person: Theirs) -> int:
    """What this service itself derived from the person's data goes with the key; how many log payloads."""
    forget_subject(session, person.subject_id)
    forget_links_of(session, person.subject_id)
    links.drop_all(session, person.subject_id)
    session.execute(delete(Recounted).where(Recounted.subject_id == person.subject_id))
    mine = select(DataRequest.id).where(DataRequest.subject_id == person.subject_id)
    session.execute(update(RequestWork).where(RequestWork.request_id.in_(mine)).values(gathered=None))
    return parts.log.erase_payloads(session, person, actor=WORKER)


@dataclass(frozen=True, slots=True)
class _Seen:
    """`again`: what was kept again, where anything was left; the places are those of the first time. `treated`: what
    was taken out where a person decided so."""

    again: Sequence[Mapping[str, Any]]
    left: Sequence[Leftover]
    treated: Sequence[Leftover]


def _search(session: Session, parts: Parts, request: DataRequest) -> _Seen:
    """Read anew: the key is destroyed. Raises Conflict for somebody who is back meanwhile."""
    if parts.vault.erased_at(session, _subject(request)) is None:
        raise Conflict("The person was readmitted since: what stands in the stores now is not what was to be erased.")
    parts.stores.look_anew()
    again = _clean_stores(session, parts, request)
    known, said = known_to(session, parts, request), leftovers.decided(request)
    where = (session, parts.stores, parts.vault, parts.policy)
    left, treated = read_back(*where, _subject(request), known, said, again.standing)
    return _Seen([_item(i) for i in again.items] if again.standing is None else [], left, treated)


def _judge(session: Session, parts: Parts, request: DataRequest, seen: _Seen) -> DataLeft | None:
    if seen.again:
        _keep_evidence(session, parts, request, datetime.fromisoformat(progress(request)["online_at"]), seen.again)
    leftovers.note_taken_out(request, "own", seen.treated)
    try:
        tell_progress(request, own=leftovers.judge(request, "own", seen.left))
    except DataLeft as error:
        return error
    return None


def _tell(session: Session, parts: Parts, request: DataRequest) -> closing.Told:
    if request.channel == RETENTION:
        return None  # nobody asked, and nobody is written to
    erased = progress(request)["erased"]
    items = [i for i in erased if i["method"] == "keep"]
    until = parts.vault.evidence_until(session, _subject(request))
    letters = Letters(parts.organisation, request.language)
    shared = letters.shared() if any(i["method"] == STAYS for i in erased) else ()
    left = letters.left(
        redacted=any(i["method"] == "redact" for i in erased)
        or bool(certificate.decided(progress(request), "redacted")),
        accepted=bool(certificate.decided(progress(request), "accepted")),
    )
    proof = letters.certificate(certificate_link.where(session, parts, request))
    told, partly = [*shared, *left, *letters.kept(items, until), proof], certificate.is_partial(progress(request))
    return closing.send(parts, request, _opened(session, parts, request)["address"], told, partly=partly)


def _prove(session: Session, parts: Parts, request: DataRequest) -> certificate.Proof:
    """The log's proof that the destruction of the key is in its tree."""
    entry = progress(request).get("entry")
    if entry is None:  # a run that an earlier version began
        found = parts.log.search(session, subject_id=request.subject_id, type=Event.SUBJECT_ERASED.value, limit=1)
        index = found[0].index if found else None
    else:
        index = parts.log.indices(session, [entry]).get(entry)
    if index is None:
        return certificate.Proof()
    return certificate.Proof(parts.log.proof(session, index), parts.log.disclosed(session, index))


def _certify(session: Session, parts: Parts, request: DataRequest, proof: certificate.Proof) -> None:
    """From here on the person has it in writing; the second issue follows."""
    kept.note(session, request, progress(request)["erased"])
    entry = parts.note(session, request, Event.CERTIFIED, WORKER, issue=1)
    _issue(session, parts, request, entry, proof, 1)


def _finish(session: Session, parts: Parts, request: DataRequest, _seen: Any) -> None:
    former = closing.certificate_of(session, request)
    entry = closing.complete(session, parts, request)
    replaces = hashlib.sha256(former.encode()).hexdigest()
    first = json.loads(former)
    proof = certificate.Proof(first["proof"], first.get("proof_payload"))
    _issue(session, parts, request, entry, proof, 2, replaces)
    request.known_values = None


def _issue(
    session: Session,
    parts: Parts,
    request: DataRequest,
    entry: str,
    proof: certificate.Proof,
    number: int,
    replaces: str | None = None,
) -> None:
    subject_id = _subject(request)
    issue = certificate.Issue(number, replaces, parts.vault.backups_by(session, subject_id))
    until = parts.vault.evidence_until(session, subject_id)
    document = certificate.erasure(closing.facts(parts, request, entry), progress(request), issue, until, proof)
    closing.certify(session, parts, request, document)


def known_to(session: Session, parts: Parts, request: DataRequest) -> Known:
    opened = _opened(session, parts, request)
    if "known" not in opened:  # a run that an earlier version began
        return Known(own=tuple(opened["values"]), telling=tuple(v for v in opened["values"] if "@" in v))
    return Known.of(opened["known"])


def _opened(session: Session, parts: Parts, request: DataRequest) -> dict[str, Any]:
    assert request.known_values is not None
    opened = details.cipher_of(session, parts.vault, request).open(KNOWN_VALUES, request.id, request.known_values)
    assert isinstance(opened, dict)
    return opened


def _subject(request: DataRequest) -> str:
    assert request.subject_id is not None
    return request.subject_id


STEPS = (
    Step("prepare", _prepare),
    Step("clean_stores", _cleaned, _clean_stores),
    Step("destroy_keys", _destroy_keys, joins=True),
    Step("read_back", _judge, _search),
    Step("certify", _certify, _prove, reads_log=True, joins=True),
    EVERYWHERE,
    Step("tell", closing.note_letter, _tell),
    Step("finish", _finish, joins=True),
)
