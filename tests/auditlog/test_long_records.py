"""A record of very many checkpoints: none of what goes over it holds them all."""

import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import delete, event, func, select, update
from sqlalchemy.orm import Session

from privacy_svc.auditlog import Event, EventType, checkpoint_file
from privacy_svc.auditlog.checkpoint import Checkpoint
from privacy_svc.auditlog.model import Cosignature, SignedCheckpoint
from privacy_svc.auditlog.relearning import _take_cosignatures
from privacy_svc.auditlog.table_check import check_cosignatures
from tests.auditlog.conftest import Logbook
from tests.conftest import ONE_DATABASE

pytestmark = ONE_DATABASE
MANY = 2_000
MOST_BYTES = 1_200_000
"""That many notes take twice as much, with their rows five times."""


@pytest.fixture
def long(book: Logbook, monkeypatch: pytest.MonkeyPatch) -> Logbook:
    """A log with a checkpoint of each size, two of which processes wrote the other way round, and one twice."""
    monkeypatch.setattr(checkpoint_file, "_PIECE", 4096)
    monkeypatch.setattr(checkpoint_file, "_LONGEST", 4096)
    with book.database.write() as session:
        book.log.append_many(session, [Event(EventType.POLICY_LOADED, None, {})] * MANY, actor="x")
    book.integrate()
    sign, name = book.log.signer.sign_note, book.log.signer.name
    notes = [sign(str(Checkpoint(name, size, size.to_bytes(32)))) for size in range(1, MANY)]
    notes = [notes[0], *notes[:500], notes[501], notes[500], *notes[502:], book.checkpoint()]
    book.log.export.write_text("".join(f"{note}\n" for note in notes))
    return book


def peak(call: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_restore_goes_over_them_one_by_one(long: Logbook) -> None:
    """What the backup lacks of them is stored, each once."""
    with long.database.write() as session:
        session.execute(delete(SignedCheckpoint))
    assert peak(long.relearn) < MOST_BYTES
    with long.database.read() as session:
        assert session.scalar(select(func.count()).select_from(SignedCheckpoint)) == MANY
    with long.database.write() as session:
        session.execute(delete(SignedCheckpoint).where(SignedCheckpoint.size % 7 == 0))
    long.relearn()
    with long.database.read() as session:
        assert session.scalars(select(SignedCheckpoint.size).order_by(SignedCheckpoint.size)).all() == list(
            range(1, MANY + 1)
        )


def test_a_record_is_written_anew_one_by_one(long: Logbook) -> None:
    """What it lacks is written behind what is there, and the newest once more at the end."""
    long.relearn()
    notes = list(checkpoint_file.notes(long.log.export))[:-900]
    long.log.export.write_text("".join(f"{note}\n" for note in notes))
    assert peak(lambda: long.log.resume(long.database, "the disk died", actor="cli")) < MOST_BYTES
    sizes = [checkpoint_file.size_of(note) for note in checkpoint_file.notes(long.log.export)]
    assert (sizes[-1], sorted(set(sizes)), len(sizes)) == (MANY, list(range(1, MANY + 1)), MANY + 1)


def test_what_witnesses_said_is_gone_over_one_by_one(long: Logbook) -> None:
    """By a restore and by a verification: what is only exported is taken back, each once, and told before."""
    line, rows = "— witness.example " + "Y29z" * 40 + "\n", MANY * 4
    long.log.export.write_text("".join(f"cosigned {size}\n{line}\n" for size in [*range(1, rows), 7]))

    def told() -> Counter[str]:
        with long.database.read() as session:
            said = checkpoint_file.cosignatures_in_order(long.log.export)
            return Counter(finding.kind for finding in check_cosignatures(session, None, said))

    assert told() == {"missing": rows - 1}
    with long.database.write() as session:
        statements = count_statements(session, lambda: _take_cosignatures(session, said_in(long)))
    assert statements < rows // 10
    assert told() == {}
    assert peak(told) < MOST_BYTES
    with long.database.write() as session:
        session.execute(update(Cosignature).where(Cosignature.size == 9).values(lines=line * 2))
    assert told() == {"unsigned": 1}


def said_in(book: Logbook) -> Iterator[tuple[int, str]]:
    return checkpoint_file.cosignatures(book.log.export)


def count_statements(session: Session, call: Callable[[], object]) -> int:
    counted: list[str] = []

    def count(*told: Any) -> None:
        counted.append(told[2])

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", count)
    try:
        call()
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len(counted)
