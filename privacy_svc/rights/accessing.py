"""Access (Art. 15 GDPR) and portability (Art. 20): collects what is held and packs it.

The package is sealed by the person's data key: it dies with them.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc import consent
from privacy_svc.db import now
from privacy_svc.policy import Collection, Field
from privacy_svc.rights import article15, closing, links, outside, page
from privacy_svc.rights.article15 import Held
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.package import pack, to_json
from privacy_svc.rights.package_words import say
from privacy_svc.rights.packages_model import PACKAGE, RequestPackage
from privacy_svc.rights.parts import WORKER, Event, Parts
from privacy_svc.rights.recounting import Recount
from privacy_svc.rights.redacting import Redactor
from privacy_svc.rights.releases import Releases, releases
from privacy_svc.rights.spool import Spool
from privacy_svc.rights.states import Right
from privacy_svc.rights.steps import Step, progress
from privacy_svc.rights.tables import Table, file_names
from privacy_svc.rights.words import spoken
from privacy_svc.store import Everybody, WalkOpened
from privacy_svc.vault import Subject

Chosen = Callable[[Collection], tuple[Field, ...]]
"""The fields of a collection that are given out."""


class Gathered:
    """What a walk brought together: tables as they grow, and what was left out of them."""

    def __init__(self, parts: Parts, redactor: Redactor, chosen: Chosen) -> None:
        self._policy, self._redactor, self._chosen = parts.policy, redactor, chosen
        self._files = file_names(parts.policy.data_map)
        self._tables: dict[str, Table] = {}
        self.held: dict[tuple[str, str], Field] = {}
        """Personal fields that hold something, given out or not."""
        self.unclear: list[dict[str, Any]] = []

    def walk(self, walked: WalkOpened) -> None:
        ways = self._policy.data_map.ways
        for rows in walked.pages():
            collection = rows[0].collection
            if ways.is_link(collection):
                continue
            self._redactor.learn(rows)
            table = self._table(collection)
            self._fill(table, [row.values for row in rows])
        self.unclear = [{"collection": path, "count": n} for path, n in sorted(walked.unclear.items())]

    def add(self, collection: Collection, rows: Iterable[Mapping[str, Any]]) -> None:
        """What another system holds, as a table like the others."""
        self._fill(self._table(collection), list(rows))

    def _fill(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            self._note(table.collection, row)
        for cleaned in self._redactor.clean(table.collection, rows) if table.fields else ():
            table.add(cleaned)

    def _table(self, collection: Collection) -> Table:
        if collection.path not in self._tables:
            name = self._files.get(collection.path, collection.path)
            self._tables[collection.path] = Table(collection, name, self._chosen(collection))
        return self._tables[collection.path]

    def _note(self, collection: Collection, values: Mapping[str, Any]) -> None:
        for field in collection.fields:
            if values[field.name] is not None:
                self.held.setdefault((collection.path, field.name), field)

    @property
    def tables(self) -> list[Table]:
        """Identities first, then in the data map's order, then what other systems hold."""
        order = [c.path for c in sorted(self._policy.data_map.collections(), key=lambda c: c.subject is None)]
        paths = dict.fromkeys([*order, *self._tables])
        return [t for path in paths if (t := self._tables.get(path)) and t.fields]

    @property
    def categories(self) -> frozenset[str]:
        return frozenset(c for field in self.held.values() if field.personal for c in field.categories)


def _collect(session: Session, parts: Parts, request: DataRequest) -> bytes:
    assert request.subject_id is not None
    language = spoken(parts.organisation, request.language)
    about = {
        "title": say(language, "title"),
        "request": request.id,
        "right": request.right,
        "article": request.kind.article,
        "controller": parts.organisation.controller.name,
        "policy": parts.policy.version,
        "as_of": now().isoformat(),
        "language": language,
        "elsewhere": list(progress(request).get("elsewhere", ())),
    }
    elsewhere = outside.gathered(session, parts, request)
    if request.kind is Right.PORTABILITY:
        return _portable(session, parts, request.subject_id, language, about, elsewhere)
    return _whole(session, parts, request.subject_id, language, about, elsewhere)


def _gather(
    session: Session, parts: Parts, subject_id: str, language: str, chosen: Chosen
) -> tuple[Gathered, Redactor]:
    everybody = Everybody(session, parts.stores, parts.vault, parts.policy, subject_id)
    redactor = Redactor(language, parts.organisation.languages[0], parts.organisation.phone_region, everybody)
    gathered = Gathered(parts, redactor, chosen)
    gathered.walk(WalkOpened(session, parts.stores, parts.vault, parts.policy, subject_id))
    return gathered, redactor


def _whole(
    session: Session,
    parts: Parts,
    subject_id: str,
    language: str,
    about: Mapping[str, Any],
    elsewhere: Iterable[tuple[Collection, list[dict[str, Any]]]],
) -> bytes:
    gathered, redactor = _gather(session, parts, subject_id, language, lambda c: c.fields)
    for collection, rows in elsewhere:
        gathered.add(collection, rows)
    kind = session.get_one(Subject, subject_id).kind
    fields = tuple((path, field) for (path, _), field in gathered.held.items())
    information = article15.answer(parts.policy, Held(kind, gathered.categories, fields), language)
    recount = Recount(session, parts, subject_id, language)
    log = recount.log()
    information |= {
        "recipients_disclosed": recount.disclosed(),
        "recipients_told": recount.told(),
        "choices": recount.choices(),
        "redactions": redactor.told(),
        "unclear": gathered.unclear,
    }
    consents, receipts = recount.consents(), recount.receipts()
    html = page.render(
        made_on=about["as_of"][:10],
        time_zone=parts.organisation.time_zone,
        information=information,
        tables=gathered.tables,
        consents=consents,
        entries=recount.newest,
        count=recount.count,
        demo=parts.settings.demo,
    )
    more = {
        "article15.json": to_json(information),
        "consents.json": to_json(consents),
        "log.json": log,
        "log-proofs.ndjson": _lines(parts.log.share(session, subject_id)),
        "index.html": Spool(html),
        **{f"receipts/{name}.json": to_json(receipt) for name, receipt in receipts.items()},
    }
    return pack(gathered.tables, more, about)


@dataclass(frozen=True, slots=True)
class Overview:
    """What a person who is signed in is shown: as a package would have it, and nothing packed."""

    tables: list[Table]
    information: dict[str, Any]
    releases: Releases
    redactions: list[dict[str, Any]]
    unclear: list[dict[str, Any]]


def overview(session: Session, parts: Parts, subject_id: str, language: str) -> Overview:
    """Of the customer stores; what other systems hold takes its time, and is in a package. Raises Erased."""
    gathered, redactor = _gather(session, parts, subject_id, language, lambda c: c.fields)
    kind = session.get_one(Subject, subject_id).kind
    fields = tuple((path, field) for (path, _), field in gathered.held.items())
    information = article15.answer(parts.policy, Held(kind, gathered.categories, fields), language)
    found = releases(session, parts, subject_id)
    return Overview(gathered.tables, information, found, redactor.told(), gathered.unclear)


def _portable(
    session: Session,
    parts: Parts,
    subject_id: str,
    language: str,
    about: Mapping[str, Any],
    elsewhere: Iterable[tuple[Collection, list[dict[str, Any]]]],
) -> bytes:
    """Only what was provided under a contract or a standing consent (Art. 20(1)); the rest is named with the reason."""
    kind = session.get_one(Subject, subject_id).kind
    state = consent.subject_state(session, subject_id, now())
    consented = [key for key, fact in state.consents.items() if fact.state == "given"]
    purposes = article15.portable(parts.policy, kind, consented)

    def chosen(collection: Collection) -> tuple[Field, ...]:
        return tuple(f for f in collection.fields if article15.left_out(f, purposes) is None)

    gathered, redactor = _gather(session, parts, subject_id, language, chosen)
    for collection, rows in elsewhere:
        gathered.add(collection, rows)
    left = [
        {"collection": path, "field": name, "reason": say(language, why)}
        for (path, name), field in sorted(gathered.held.items())
        if (why := article15.left_out(field, purposes))
    ]
    unclear = [{**u, "reason": say(language, "left.unclear")} for u in gathered.unclear]
    said = {"purposes": [p.key for p in purposes], "left_out": left, "unclear": unclear, "redactions": redactor.told()}
    return pack(gathered.tables, {}, {**about, **said})


def _lines(lines: Iterable[str]) -> Spool:
    spool = Spool()
    for line in lines:
        spool.write(line + "\n")
    return spool


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
    links.make(session, parts, request)
    parts.note(session, request, Event.PACKAGE_CREATED, WORKER, bytes=len(packed), sha256=digest)


def _finish(session: Session, parts: Parts, request: DataRequest, told: closing.Told) -> None:
    closing.note_letter(session, parts, request, told)
    closing.complete(session, parts, request)


STEPS = (Step("package", _keep, _collect, integrates=True), Step("tell", _finish, links.tell))
