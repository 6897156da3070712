"""CSV whose quotes nobody checked, and what an export writes, whatever stands in it."""

import csv
import io
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy_svc.consent import Format, Shape, read
from privacy_svc.consent.reading import ROW_LINES, Line
from privacy_svc.consent.rowformat import COLUMNS, LINE_LIMIT, ImportRow, to_cells, to_json

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


HOSTILE = (
    *("{", "{}", "[", '"', "'", "''{", ",", ";", "\\", "\\u0000", " ", "é"),
    *("=", "+1", "-", "@", "\t", "\r\n", "null", "true", "007", "1e3"),
)
TEXTS = st.one_of(
    st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=4).map("".join),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20),
)
JSON = st.recursive(st.one_of(st.none(), st.booleans(), st.integers(-9, 9), TEXTS), lambda v: st.lists(v, max_size=2))
MAYBE = st.one_of(st.none(), TEXTS)
GUARDIAN = {"verification": TEXTS.map("{}x".format), "name": MAYBE, "contact": MAYBE}
EXPORTED = st.fixed_dictionaries(
    {
        **dict.fromkeys(("id", "email", "phone", "collection", "expires_at", "notice", "notice_language"), MAYBE),
        **dict.fromkeys(("method", "reference"), MAYBE),
        **dict.fromkeys(("purpose", "state", "given_at"), TEXTS),
        "notice_version": st.one_of(st.none(), st.integers(0, 99)),
        "channel": st.sampled_from([None, "web", "0", "shop-1.a_b"]),
        "evidence": st.one_of(MAYBE, st.dictionaries(TEXTS, JSON, max_size=2)),
        "guardian": st.one_of(
            st.none(), st.fixed_dictionaries({"verification": TEXTS.map("{}x".format), "name": MAYBE, "contact": MAYBE})
        ),
    }
)


@given(EXPORTED)
def test_every_text_comes_back_as_it_was(row: dict[str, Any]) -> None:
    """From every column and in both formats: braces, quotes, formulas behind their apostrophe, words of JSON."""
    meant = msgspec.convert(row, ImportRow)
    sheet = io.StringIO()
    csv.writer(sheet).writerows([COLUMNS, to_cells(row)])
    for form, written in ((Format.CSV, sheet.getvalue()), (Format.NDJSON, to_json(row) + "\n")):
        found = list(read(io.BytesIO(written.encode()), Shape(form)))
        assert [(line.row, line.fault) for line in found] == [(meant, "")], form


def test_a_character_of_no_text_is_refused_in_either_format() -> None:
    """U+0000 in the JSON of a cell too, which PostgreSQL could not keep."""
    head = "id,purpose,state,given_at,evidence\n1,news,given,2026-05-01T08:00:00Z,"
    cell = '"{""a"":""\\u0000""}"\n'
    row = '{"id":"1","purpose":"news","state":"given","given_at":"x","evidence":{"a":"\\u0000"}}\n'
    for form, written in ((Format.CSV, head + cell), (Format.NDJSON, row)):
        assert [line.fault for line in read(io.BytesIO(written.encode()), Shape(form))] == ["holds a NUL byte"], form
