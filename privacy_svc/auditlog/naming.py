"""Whose the entries are that a restore brought back without their payloads: told by the tags in their leaves, which a
person's keys make. Else a person's share would leave out entries that bear their tags."""

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from privacy_svc.auditlog.appending import subject_label
from privacy_svc.auditlog.entry import Envelope
from privacy_svc.auditlog.model import Entry, Payload
from privacy_svc.auditlog.opening import DATA, EVIDENCE, reachable
from privacy_svc.auditlog.tombstones import LOST
from privacy_svc.db import among
from privacy_svc.vault import Subject, Vault

PAGE = 5_000
_NAMELESS = (
    select(Entry.index, Entry.leaf)
    .join(Payload, Payload.entry_id == Entry.id)
    .where(Payload.use == LOST, Entry.subject_id.is_(None), Entry.index >= bindparam("begin"))
)
_NAME = (
    update(Entry)
    .where(among(Entry.index, "indices"))
    .values(subject_id=bindparam("person"))
    .execution_options(synchronize_session=False)
)


def name_again(session: Session, vault: Vault, begin: int) -> None:
    """Those from `begin` on. Everybody's keys are opened once, or until all are named."""
    wanted: dict[tuple[str, str], list[int]] = {}
    for index, leaf in session.execute(_NAMELESS, {"begin": begin}):
        envelope = Envelope.decode(leaf)
        if envelope.subject is not None:
            wanted.setdefault((envelope.time[:7], envelope.subject), []).append(index)
    months, after = {in_month for in_month, _ in wanted}, ""
    everybody = select(Subject.id).order_by(Subject.id).limit(PAGE)
    while wanted and (ids := session.scalars(everybody.where(Subject.id > after)).all()):
        for use in (DATA, EVIDENCE):
            for person, cipher in reachable(session, vault, ids, use)[0].items():
                for in_month in months:
                    if found := wanted.pop((in_month, subject_label(cipher, in_month)), None):
                        session.execute(_NAME, {"indices": found, "person": person})
        after = ids[-1]
