"""What stands in the log's tables beside entries, tiles and checkpoints, for `verify`: who can write to the database
could else use it to mislead the log, or to stop it, while every entry is as it was."""

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.auditlog.checking import Finding
from privacy_svc.auditlog.crowds import count_wrong_tags
from privacy_svc.auditlog.model import Cosignature, SignedCheckpoint
from privacy_svc.auditlog.note import NoteError, Verifier
from privacy_svc.vault import Vault


def check_cosignatures(
    session: Session, witness: Verifier | None, exported: Sequence[tuple[int, str]]
) -> Iterator[Finding]:
    """What our witness said, by its key. Of a witness before it, whose key we no longer have, what was exported."""
    known = set(exported)
    beside = select(Cosignature, SignedCheckpoint.note).outerjoin(
        SignedCheckpoint, SignedCheckpoint.size == Cosignature.size
    )
    for row, note in session.execute(beside.order_by(Cosignature.size, Cosignature.witness)):
        if witness is not None and row.witness == witness.name:
            try:
                witness.open(f"{note or ''}{row.lines}")
            except NoteError as error:
                yield Finding("unsigned", f"the witness's line under the checkpoint of {row.size} entries: {error}")
        elif (row.size, row.lines) not in known:
            detail = f"a line under the checkpoint of {row.size} entries is of no witness of this log; it is not served"
            yield Finding("unsigned", detail)


def check_kept_tags(session: Session, vault: Vault) -> Iterator[Finding]:
    if wrong := count_wrong_tags(session, vault):
        detail = f"{wrong} tags kept in audit_month_tags are not of this service; none is used; delete them"
        yield Finding("altered", detail)
