"""Access (Art. 15 GDPR) and portability (Art. 20): collects what is held and packs it.

The package is sealed by the person's data key: it dies with them.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc import consent
from privacy_svc.auditlog import EntryView
from privacy_svc.db import now
from privacy_svc.policy import Module
from privacy_svc.rights import article15, closing, page
from privacy_svc.rights.article15 import Held
from privacy_svc.rights.model import PACKAGE, DataRequest, RecipientNotice, RequestPackage
from privacy_svc.rights.notices import name_of
from privacy_svc.rights.package import Table, pack, table_files, to_json
from privacy_svc.rights.parts import WORKER, Event, Parts
from privacy_svc.rights.recipients import held_categories
from privacy_svc.rights.states import Right
from privacy_svc.rights.steps import Step
from privacy_svc.store import FoundRow, walk
from privacy_svc.vault import Subject

LOG_PAGE = 500
LANGUAGE = "en"
"""The page's own words are English so far; purposes are told in it where the policy has it."""
STAFF = "a member of the staff"
SERVICE = "this privacy service"


def _collect(session: Session, parts: Parts, request: DataRequest) -> bytes:
    assert request.subject_id is not None
    rows = walk(session, parts.stores, parts.vault, parts.policy, request.subject_id)
    kind = session.get_one(Subject, request.subject_id).kind
    about = {
        "request": request.id,
        "right": request.right,
        "article": request.kind.article,
        "controller": parts.organisation.controller.name,
        "policy": parts.policy.version,
        "as_of": now().isoformat(),
    }
    if request.kind is Right.PORTABILITY:
        return _portable(session, parts, request.subject_id, kind, rows, about)
    return _whole(session, parts, request.subject_id, kind, rows, about)


def _whole(
    session: Session, parts: Parts, subject_id: str, kind: str, rows: Sequence[FoundRow], about: Mapping[str, Any]
) -> bytes:
    tables = tables_of(rows, lambda _row, _field: True)
    held = Held(kind, held_categories(rows), tuple(t.name for t in tables))
    information = article15.answer(parts.policy, held, LANGUAGE)
    information["recipients_told"] = told_of(session, parts, subject_id)
    consents = consents_of(session, parts, subject_id)
    entries = log_of(session, parts, subject_id)
    html = page.render(
        title="Your data",
        made_on=about["as_of"][:10],
        information=information,
        tables=tables,
        consents=consents,
        entries=entries,
        demo=parts.settings.demo,
    )
    more = {
        "article15.json": to_json(information),
        "consents.json": to_json(consents),
        "log.json": to_json(entries),
        "log-proofs.ndjson": "\n".join(parts.log.share(session, subject_id)) + "\n",
        "index.html": html,
    }
    return pack(table_files(tables) | more, about)


def _portable(
    session: Session, parts: Parts, subject_id: str, kind: str, rows: Sequence[FoundRow], about: Mapping[str, Any]
) -> bytes:
    """Only what was provided under a contract or a standing consent (Art. 20(1)); the rest is named with the reason."""
    state = consent.subject_state(session, subject_id, now())
    consented = [key for key, fact in state.consents.items() if fact.state == "given"]
    purposes = article15.portable(parts.policy, kind, consented)

    def included(row: FoundRow, field: str) -> bool:
        categories = row.collection.by_name[field].categories
        return any(p.covers(category) for p in purposes for category in categories)

    tables = [t for t in tables_of(rows, included) if t.fields]
    given = {(t.name, f) for t in tables for f in t.fields}
    withheld = sorted({(r.collection.path, f) for r in rows for f in r.values} - given)
    reason = "not provided by you under a contract or a consent that stands (Art. 20(1) GDPR)"
    left_out = [{"collection": c, "field": f, "reason": reason} for c, f in withheld]
    return pack(table_files(tables), {**about, "purposes": [p.key for p in purposes], "left_out": left_out})


def tables_of(rows: Iterable[FoundRow], included: Callable[[FoundRow, str], bool]) -> list[Table]:
    by_path: dict[str, list[FoundRow]] = {}
    for row in rows:
        by_path.setdefault(row.collection.path, []).append(row)
    return [
        Table(
            path,
            page.label(found[0].collection.name),
            tuple(f for f in found[0].values if included(found[0], f)),
            tuple(r.values for r in found),
        )
        for path, found in by_path.items()
    ]


def consents_of(session: Session, parts: Parts, subject_id: str) -> list[dict[str, Any]]:
    """Everything the person was asked and said, by purpose, what stands first."""
    return [
        {
            "id": said.id,
            "at": said.given_at.isoformat(),
            "purpose": _title(parts, said.purpose),
            "key": said.purpose,
            "state": said.state,
            "valid_until": said.valid_until.isoformat() if said.valid_until else None,
            "notice": {"id": said.notice.id, "version": said.notice.version, "language": said.notice.language},
            "channel": said.channel,
        }
        for said in consent.history(session, subject_id)
    ]


def told_of(session: Session, parts: Parts, subject_id: str) -> list[dict[str, Any]]:
    """Whom we told of what this person had corrected or restricted (Art. 19, second sentence)."""
    mine = select(RecipientNotice, DataRequest.right).join(DataRequest, DataRequest.id == RecipientNotice.request_id)
    told = mine.where(DataRequest.subject_id == subject_id, RecipientNotice.told_at.is_not(None))
    return [
        {"name": name_of(parts, n.recipient), "right": right, "told_at": n.told_at.isoformat() if n.told_at else None}
        for n, right in session.execute(told.order_by(RecipientNotice.told_at, RecipientNotice.recipient))
    ]


def _title(parts: Parts, purpose: str) -> str:
    found = parts.policy.purposes.get(purpose)
    return article15.in_language(found.title, LANGUAGE) if found else purpose


def log_of(session: Session, parts: Parts, subject_id: str) -> list[dict[str, Any]]:
    """Every use of the data, newest first. Modules are named; of staff only that it was staff (CJEU C-579/21)."""
    entries: list[dict[str, Any]] = []
    after: int | None = None
    while found := parts.log.search(session, subject_id=subject_id, after=after, limit=LOG_PAGE):
        entries += [_entry(e, parts.policy.modules) for e in found]
        after = found[-1].index
    return entries


def _entry(entry: EntryView, modules: Mapping[str, Module]) -> dict[str, Any]:
    module = modules.get(entry.actor)
    by = module.title if module else SERVICE if entry.actor == WORKER else STAFF
    purpose = entry.payload.get("purpose") if entry.payload else None
    return {
        "id": entry.id,
        "index": entry.index,
        "at": entry.at.isoformat(),
        "type": entry.type,
        "by": by,
        "purpose": purpose,
    }


def _keep(session: Session, parts: Parts, request: DataRequest, packed: bytes) -> None:
    assert request.subject_id is not None
    cipher = parts.vault.cipher(session, request.subject_id)
    sealed = cipher.seal(PACKAGE, request.id, packed)
    digest = hashlib.sha256(packed).hexdigest()
    session.add(
        RequestPackage(
            request_id=request.id, subject_id=request.subject_id, size=len(packed), sha256=digest, sealed=sealed
        )
    )
    parts.note(session, request, Event.PACKAGE_CREATED, WORKER, bytes=len(packed), sha256=digest)


def open_package(session: Session, parts: Parts, package: RequestPackage) -> bytes:
    """Raises Erased once the person is."""
    opened = parts.vault.cipher(session, package.subject_id).open(PACKAGE, package.request_id, package.sealed)
    assert isinstance(opened, bytes)
    return opened


def _finish(session: Session, parts: Parts, request: DataRequest, _seen: Any) -> None:
    closing.complete(session, parts, request)


STEPS = (Step("package", _keep, _collect, reads_log=True), closing.TELL, Step("finish", _finish))
