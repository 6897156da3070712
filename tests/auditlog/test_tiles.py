"""Paths of tiles as the specification spells them, and the events' vocabulary."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy_svc.auditlog import EventType
from privacy_svc.auditlog.tiles import WIDTH, parse_path, tile_path
from privacy_svc.errors import NotFound


def test_the_specifications_example() -> None:
    """tlog-tiles.md: index 1234067 is x001/x234/067."""
    assert tile_path(1234067) == "x001/x234/067"
    assert tile_path(0, 5) == "000.p/5"
    assert parse_path("x001/x234/067.p/112") == (1234067, 112)


@given(st.integers(0, 10**15 - 1), st.integers(1, WIDTH))
def test_paths_round_trip(number: int, width: int) -> None:
    """Each tile has one path."""
    assert parse_path(tile_path(number, width)) == (number, width)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "0",
        "00",
        "0000",
        "000/",
        "x000",
        "x000/000",
        "001/000",
        "000.p/0",
        "000.p/256",
        "000.p/257",
        "000.p/01",
        "000.p/",
        "\u0660\u0660\u0660",
        "x001/x001/x001/x001/x001/001",
        "-01",
        "000.p/5/",
        "000\n",
        "X001/000",
        "../etc",
    ],
)
def test_other_spellings_are_not_found(path: str) -> None:
    """What a client would not build leads nowhere."""
    with pytest.raises(NotFound):
        parse_path(path)


def test_events_are_a_documented_vocabulary() -> None:
    """Every type has three parts and a sentence that says when it is written; values are unique."""
    for event in EventType:
        assert re.fullmatch(r"[a-z]+:[a-z]+:[a-z_]+", event.value), event
        assert event.says.endswith("."), event
        assert f"{event}" == event.value
    assert len(EventType) == len({e.says for e in EventType}) == len(EventType.__members__)
