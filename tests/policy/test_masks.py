"""Masks show a part and never the whole; what they cannot mask they do not show."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy_svc.policy import Mask, apply_mask


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        (Mask.LAST4, "+49 170 1234567", "+** *** ***4567"),
        (Mask.LAST4, "DE89370400440532013000", "******************3000"),
        (Mask.LAST4, "24103", "***03"),
        (Mask.LAST4, "7", "*"),
        (Mask.LAST4, 123456789, "*****6789"),
        (Mask.LAST4, "", None),
        (Mask.LAST4, "--", None),
        (Mask.LAST4, True, None),
        (Mask.LAST4, 1.5, None),
        (Mask.YEAR, "1984-02-29", "1984"),
        (Mask.YEAR, "1984-02-29T10:00:00Z", "1984"),
        (Mask.YEAR, date(1984, 2, 29), "1984"),
        (Mask.YEAR, datetime(1984, 2, 29, tzinfo=UTC), "1984"),
        (Mask.YEAR, "1985-02-29", None),
        (Mask.YEAR, "29.02.1984", None),
        (Mask.YEAR, 1984, None),
        (Mask.DOMAIN, "ana@example.org", "***@example.org"),
        (Mask.DOMAIN, '"a@b"@example.org', "***@example.org"),
        (Mask.DOMAIN, "ana@münchen.example", "***@münchen.example"),
        (Mask.DOMAIN, "ana", None),
        (Mask.DOMAIN, "example.org@", None),
        (Mask.DOMAIN, "ana@my name is Ana", None),
        (Mask.INITIALS, "Ana María Sol", "A. M. S."),
        (Mask.INITIALS, "  (ana)  ", "A."),
        (Mask.INITIALS, "12", None),
        (Mask.NULL, "anything", None),
        (Mask.HASH, "anything", None),
    ],
)
def test_example(mask: Mask, value: object, shown: object) -> None:
    """What each mask shows of a value; None where it cannot mask."""
    assert apply_mask(mask, value) == shown


def test_hash_needs_a_key_and_keeps_equality() -> None:
    """Equal values give equal pseudonyms under one key, others under another key."""
    one = apply_mask(Mask.HASH, "1001", key=b"k" * 32)
    assert one == apply_mask(Mask.HASH, 1001, key=b"k" * 32)
    assert one != apply_mask(Mask.HASH, "1001", key=b"l" * 32)
    assert one != apply_mask(Mask.HASH, "1002", key=b"k" * 32)
    assert apply_mask(Mask.HASH, "1001", key=b"") is None


@given(mask=st.sampled_from(Mask), value=st.text(min_size=3))
def test_no_mask_shows_a_whole_text(mask: Mask, value: str) -> None:
    """Nothing that is masked equals what went in, as long as there is something to hide."""
    shown = apply_mask(mask, value)
    if isinstance(shown, str) and any(c.isalnum() for c in value):
        assert shown != value


@given(
    mask=st.sampled_from(Mask),
    value=st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.binary(), st.text(), st.dates(), st.datetimes(),
        st.just(Decimal("1.5")), st.lists(st.text()), st.just(object()),
    ),
)  # fmt: skip
def test_total(mask: Mask, value: object) -> None:
    """Any value is masked or becomes None, never an exception."""
    assert apply_mask(mask, value) is None or isinstance(apply_mask(mask, value), str)
