"""CSV whose quotes nobody checked."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy_svc.consent import Format, Shape, read
from privacy_svc.consent.reading import ROW_LINES, Line
from privacy_svc.consent.rowformat import LINE_LIMIT

HEADER = "id,purpose,state,given_at,reference\n"
GOOD = "{},marketing.email,given,2026-05-01T08:00:00Z,form\n"


def lines(text: str) -> list[Line]:
    return list(read(io.BytesIO((HEADER + text).encode()), Shape(Format.CSV)))


@pytest.mark.parametrize("rows", [5, 3000])
def test_a_stray_quote_costs_its_own_row(rows: int) -> None:
    """Of a quote that nothing closes, or that far away another one closes, the first line is refused; all others come
    in with their own lines."""
    stray = '0,marketing.email,given,2026-05-01T08:00:00Z,"form\n'
    rest = "".join(GOOD.format(n) for n in range(1, rows))
    for text in (stray + rest, stray + rest + stray):
        found = lines(text)
        assert found[0].row is None
        assert "quot" in found[0].fault
        assert [(r.number, r.line, r.row and r.row.id) for r in found[1:rows]] == [
            (n + 1, n + 2, str(n)) for n in range(1, rows)
        ]
        assert [r.row for r in found[rows:]] == [None] * (text.count('"') - 1)


def test_a_row_of_too_many_lines_or_bytes_is_none() -> None:
    """The most that is allowed comes in; a line more, or a line that alone is too long, does not."""
    begins = '1,marketing.email,given,2026-05-01T08:00:00Z,"'
    assert lines(begins + "\n" * 1999 + 'x"\n')[0].row is not None
    many = lines(begins + "\n" * ROW_LINES + 'x"\n' + GOOD.format(2))
    assert "does not end" in many[0].fault
    assert [r.row and r.row.id for r in many] == [None, None, "2"]
    long = lines(begins + "\n" + "y" * LINE_LIMIT + '"\n' + GOOD.format(2))
    assert [(r.line, r.row and r.row.id) for r in long] == [(2, None), (3, None), (4, "2")]
    assert "longer than" in long[1].fault


@given(st.lists(st.text('",\nab', min_size=1, max_size=12), max_size=12))
def test_every_line_is_read_or_refused(parts: list[str]) -> None:
    """Whatever quotes there are: each line that is not blank begins a row that is read or refused, or lies within a
    row that was read."""
    text = "".join(p + "\n" for p in parts)
    found = lines(text + GOOD.format(9))
    assert [r.number for r in found] == list(range(1, len(found) + 1))
    begun = {r.line for r in found}
    physical = (HEADER + text + GOOD.format(9)).split("\n")[:-1]
    covered = {
        line
        for r, after in zip(found, [*found[1:], None], strict=True)
        if r.row is not None
        for line in range(r.line, after.line if after else len(physical) + 1)
    }
    assert [n for n, said in enumerate(physical, 1) if n > 1 and said and n not in begun | covered] == []
    assert found[-1].row is not None
    assert found[-1].row.id == "9"
