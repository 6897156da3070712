"""Erasures of the ledger that the database has undone: single rows of a backup put back, or a fence taken away.

What a line asks for holds for ever, whatever follows it: a fence of at least its generation, and no living key up to
it; who came back has keys of later generations. So lines are compared in any order, a stretch at a time, in two
statements each, and nobody keeps a set of all who were ever erased.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from msgspec import DecodeError, Struct
from msgspec.json import Decoder
from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.db import among, now
from privacy_svc.errors import Misconfigured
from privacy_svc.vault.erasure import DATA, EVIDENCE, TAG
from privacy_svc.vault.errors import Restored
from privacy_svc.vault.ledger import Kind, Ledger
from privacy_svc.vault.model import Fence, SubjectKey

STRETCH = 2_000
"""Lines that a running service compares at each look."""
_FENCES = select(Fence.subject_id, Fence.erased_through, Fence.evidence_through).where(among(Fence.subject_id, "ids"))
_LIVING = select(SubjectKey.subject_id, SubjectKey.use, SubjectKey.generation).where(
    among(SubjectKey.subject_id, "ids"), SubjectKey.wrapped.is_not(None)
)


class _Body(Struct):
    subject_id: str = ""
    erased_through: int = 0
    through: int = 0


class _Told(Struct):
    """Of a line no more than is compared: a million of them are read at a start."""

    kind: str
    at: datetime
    body: _Body


_decode = Decoder(_Told).decode


def undone(session: Session, ledger: Ledger) -> set[str]:
    """People whose erasure, or whose evidence key's end, does not hold in the database."""
    found, at = set[str](), 0
    while True:
        lines, at = ledger.stretch(at, STRETCH)
        found |= _of(session, lines)
        if not at:
            return found


def refuse(session: Session, ledger: Ledger) -> None:
    """Raises Restored where there is one."""
    if found := undone(session, ledger):
        raise _restored(len(found))


def look(session: Session, ledger: Ledger, at: int, settled: timedelta) -> int:
    """One stretch, from this byte of the file on; where to go on. Lines younger than `settled` may be newer than what
    this session sees. Raises Restored."""
    lines, further = ledger.stretch(at, STRETCH)
    if found := _of(session, lines, settled):
        raise _restored(len(found))
    return further


def _of(session: Session, lines: Iterable[bytes], settled: timedelta = timedelta()) -> set[str]:
    data, evidence = _told(lines, now() - settled)
    people = {"ids": [*(data.keys() | evidence.keys())]}
    if not people["ids"]:
        return set()
    fences = {i: through for i, *through in session.execute(_FENCES, people)}
    through = {DATA: data, TAG: data, EVIDENCE: evidence}
    living = session.execute(_LIVING, people)
    found = {i for i, use, generation in living if generation <= through.get(use, data).get(i, 0)}
    for place, told in enumerate((data, evidence)):
        found |= {i for i, generation in told.items() if i not in fences or fences[i][place] < generation}
    return found


def _told(lines: Iterable[bytes], until: datetime) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """The generations that are over, of data keys and of evidence keys."""
    data, evidence = dict[str, int](), dict[str, int]()
    for raw in lines:
        try:
            line = _decode(raw)
        except DecodeError:
            raise Misconfigured(
                "A line of the fence ledger is no entry of one: restore the file from its latest copy."
            ) from None
        body = line.body
        if line.at > until:
            continue
        if line.kind == Kind.FENCE:
            data[body.subject_id] = max(data.get(body.subject_id, 0), body.erased_through)
        elif line.kind == Kind.EVIDENCE_ENDED:
            evidence[body.subject_id] = max(evidence.get(body.subject_id, 0), body.through)
    return data, evidence


def _restored(count: int) -> Restored:
    return Restored(
        f"The fence ledger tells of {count} erased people whose keys, or whose missing fences, say otherwise in the "
        "privacy database: rows of a backup were put back, or taken away. Run `privacy-svc restore replay`, which "
        "erases them again, and find out who can write to the database."
    )
