"""What verification says of each stretch of a log."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from privacy_svc.auditlog.ranges import Range, Ranges
from tests.auditlog.conftest import Logbook
from tests.auditlog.test_verify import change


def states(book: Logbook) -> list[tuple[int, int, str]]:
    return [(r.first, r.until, r.state) for r in book.verify().ranges]


def test_each_stretch_is_told(book: Logbook) -> None:
    """Intact, erased, missing, altered, without its payload, and a tail that is gone, each from where to where."""
    ana, ben = book.person(), book.person()
    for subject_id in (ben, ana, ana, ben, ben, ben, ben, ben):
        book.write(subject_id)
    book.integrate()
    book.erase(ana)
    book.integrate()
    assert states(book) == [(0, 1, "intact"), (1, 3, "erased"), (3, 9, "intact")]
    change(book, 'DELETE FROM audit_payloads WHERE entry_id = (SELECT id FROM audit_entries WHERE "index" = 3)')
    change(book, "UPDATE audit_entries SET type = 'x:y:z' WHERE \"index\" = 5")
    change(book, 'DELETE FROM audit_payloads WHERE entry_id IN (SELECT id FROM audit_entries WHERE "index" IN (6, 7))')
    change(book, 'DELETE FROM audit_entries WHERE "index" IN (6, 7)')
    told = states(book)
    assert told[2:] == [
        (3, 4, "payload_missing"),
        (4, 5, "intact"),
        (5, 6, "altered"),
        (6, 8, "missing"),
        (8, 9, "intact"),
    ]
    with book.database.write() as session:
        session.execute(text('DELETE FROM audit_entries WHERE "index" = 8'))
    assert states(book)[-1] == (6, 9, "truncated")


@given(st.lists(st.sampled_from("ab"), max_size=30), st.dictionaries(st.integers(0, 29), st.just("m"), max_size=10))
def test_runs_and_marks(run: list[str], marks: dict[int, str]) -> None:
    """Whatever the runs and marks, every entry has the state it was given, and no two neighbours could be one."""
    ranges = Ranges()
    for index, state in enumerate(run):
        ranges.add(index, index + 1, state)
    for index, state in marks.items():
        ranges.mark(index, state)
    told = ranges.told()
    flat = [(i, r.state) for r in told for i in range(r.first, r.until)]
    assert flat == [(i, marks.get(i, state)) for i, state in enumerate(run)]
    assert all((a.until, a.state) != (b.first, b.state) for a, b in pairwise(told))
    assert all(isinstance(r, Range) and r.first < r.until for r in told)
