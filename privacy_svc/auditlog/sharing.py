"""A person's share of the log, for their access package: each entry about them with its proof, and their tags.

Whoever has the log's entry bundles finds every leaf about the person alone by the tags, one or two a month, and so
sees that none was left out. Of entries about many people the leaf says only how many: there the path to the list of
them proves being in it, and not that no other list has them.
Payloads are not: what they say to the person stands in the package in words, and they may speak of others.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from privacy_svc.auditlog.appending import subject_label
from privacy_svc.auditlog.entry import Envelope, month
from privacy_svc.auditlog.exporting import CUSTOMER, PAGE, Begun, begun, ended, line, without_payload
from privacy_svc.auditlog.merkle import inclusion_proof
from privacy_svc.auditlog.model import Entry
from privacy_svc.auditlog.opening import DATA, EVIDENCE
from privacy_svc.auditlog.searching import Wanted, page
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.db import now
from privacy_svc.vault import Subject, Vault

if TYPE_CHECKING:
    from privacy_svc.auditlog.log import Log


def share(log: "Log", session: Session, subject_id: str) -> Iterator[str]:
    """Lines as `exporting.export` gives them. Raises Erased, NotFound for an empty log."""
    begin = begun(log, session)
    return ended(begin.signer, _lines(log, session, subject_id, begin))


def _lines(log: "Log", session: Session, subject_id: str, begin: Begun) -> Iterator[str]:
    months = {Envelope.decode(entry.leaf).time[:7] for entry in _theirs(log, session, subject_id, begin)}
    yield begin.head({CUSTOMER: True}, tags=tags(session, log.vault, subject_id, months))
    tiles = Tiles(session)
    for entry in _theirs(log, session, subject_id, begin):
        told = without_payload(entry.index, entry.leaf, inclusion_proof(entry.index, begin.size, tiles.node))
        yield line({**told, **_member(log, session, entry, subject_id)})


def _theirs(log: "Log", session: Session, subject_id: str, begin: Begun) -> Iterator[Entry]:
    """Oldest first, a page at a time."""
    after, found = -1, PAGE
    wanted = Wanted(subject_id, limit=PAGE)
    while found == PAGE:
        mine = page(session, log.vault, wanted, above=after, below=begin.size, newest_first=False)
        for entry, _ in mine:
            yield entry
            after = entry.index
        found = len(mine)


def _member(log: "Log", session: Session, entry: Entry, subject_id: str) -> dict[str, Any]:
    if entry.subject_id is not None:
        return {}
    return {"member": log.membership(session, entry.index, subject_id).to_json()}


def tags(session: Session, vault: Vault, subject_id: str, more: Collection[str]) -> dict[str, list[str]]:
    """The person's, by month since we know them, and of `more` months, as a clock may have been wrong: of entries under
    their data key, and under their evidence key."""
    ciphers = [vault.cipher(session, subject_id, use) for use in (DATA, EVIDENCE)]
    months = {*_months(session.get_one(Subject, subject_id).created_at, now()), *more}
    return {m: [subject_label(cipher, m) for cipher in ciphers] for m in sorted(months)}


def _months(first: datetime, last: datetime) -> Iterator[str]:
    year, number = first.year, first.month
    while (year, number) <= (last.year, last.month):
        yield month(first.replace(year=year, month=number, day=1))
        year, number = (year, number + 1) if number < 12 else (year + 1, 1)
