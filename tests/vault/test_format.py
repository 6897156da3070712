"""The sealed value: opens where it was sealed, and nowhere else."""

from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy_svc.vault import RowCipher, SubjectCipher, Tampered, is_sealed_text, values
from privacy_svc.vault import format as form
from privacy_svc.vault.keys import Key, bind_page, bind_subject


class Place(NamedTuple):
    """Where a value is sealed or opened."""

    organisation: str = "org"
    field_id: int = 1001
    subject_id: str = "subject"
    row: str = "7"

    def row_cipher(self, generation: int = 1) -> RowCipher:
        keys = {generation: Key(bytes(range(32)))}
        return SubjectCipher(self.organisation, self.subject_id, keys).at(self.row)

    def seal(self, value: object, generation: int = 1, pad: int = 0) -> bytes:
        return self.row_cipher(generation).seal(self.field_id, value, pad)

    def open(self, sealed: bytes) -> object:
        return self.row_cipher().open(self.field_id, sealed)


PLACE = Place()
PINNED = "pcf1.AQEAAAABAAAAAAAAAAAAAAAAff3bv38FMKY8EUerXXcilmU-yGY"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
VALUES = (
    st.text()
    | st.integers()
    | st.booleans()
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.datetimes(timezones=st.just(UTC))
    | st.lists(JSON)
)


@given(VALUES)
def test_values_keep_their_type(value: object) -> None:
    """Every kind of value comes back equal and of its own type."""
    back = values.decode(values.encode(value))
    assert back == value
    assert type(back) is type(value)


@given(st.text(st.characters(categories=["Cs", "L"])))
def test_lone_surrogates_come_back(text: str) -> None:
    """Text that no UTF-8 has, as a store may hold it, comes back too, alone and in JSON."""
    assert values.decode(values.encode(text)) == text
    assert values.decode(values.encode([text])) == [text]


@given(st.sampled_from([b"", b"s", b"?", b"i", b"n", b"t", b"d", b"b", b"j", b"x"]), st.binary(max_size=12))
def test_the_value_decoder_is_total(tag: bytes, rest: bytes) -> None:
    """Any bytes are a value or Tampered, never another error."""
    with suppress(Tampered):
        values.decode(tag + rest)


@pytest.mark.parametrize(
    "value", ["", "a", 1, True, Decimal("1.50"), date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)]
)
def test_overhead_is_34_bytes(value: object) -> None:
    """A sealed value is 34 bytes longer than its encoded clear value."""
    assert len(PLACE.seal(value)) == len(values.encode(value)) + 34


@given(VALUES, st.sampled_from([0, 8, 16, 32]))
def test_round_trip_through_text(value: object, pad: int) -> None:
    """Sealing, padded or not, spelling as text, reading and opening gives the value."""
    text = form.to_text(PLACE.seal(value, 3, pad))
    assert is_sealed_text(text)
    assert form.generation_of(form.from_text(text)) == 3
    assert PLACE.row_cipher(3).open_text(1001, text) == value


def test_padding_hides_the_length() -> None:
    """Values of 0 to 29 characters are all the same length when padded to 32."""
    assert {len(PLACE.seal("x" * n, pad=32)) for n in range(30)} == {32 + 34}


@pytest.mark.parametrize(
    "elsewhere",
    [
        PLACE._replace(organisation="other"),
        PLACE._replace(field_id=1002),
        PLACE._replace(subject_id="another"),
        PLACE._replace(row="8"),
        Place("or", 1001, "gsubject", "7"),
    ],
)
def test_moved_values_do_not_open(elsewhere: Place) -> None:
    """A value moved to another organisation, field, subject or row is Tampered."""
    with pytest.raises(Tampered):
        elsewhere.open(PLACE.seal("secret"))


def test_every_flipped_bit_is_noticed() -> None:
    """Flipping any single bit of a sealed value makes it Tampered."""
    sealed = PLACE.seal("secret")
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Tampered):
            PLACE.open(bytes(changed))


@given(st.integers(0, 40))
def test_every_cut_is_noticed(length: int) -> None:
    """A value cut anywhere, also inside its tag, is Tampered."""
    sealed = PLACE.seal("secret!")
    with pytest.raises(Tampered):
        PLACE.open(sealed[: min(length, len(sealed) - 1)])


@given(st.binary())
def test_the_decoder_is_total(raw: bytes) -> None:
    """Any bytes are refused as Tampered, never with another error."""
    with pytest.raises(Tampered):
        PLACE.open(raw)


@pytest.mark.parametrize(
    "text", ["", "pcf1.", "pcf1.abc", "ana@mail.example", "pcf1." + "!" * 60, None, 7, "pcf1." + "A" * 47]
)
def test_what_is_not_sealed_text(text: object) -> None:
    """Ordinary values, and texts that only look like ours, are not taken for sealed ones."""
    assert not is_sealed_text(text)


def test_base64_has_one_spelling() -> None:
    """The unused bits of the last character must be zero, so no two texts stand for one value."""
    text = form.to_text(PLACE.seal("1234567"))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for last in alphabet.replace(text[-1], ""):
        with pytest.raises(Tampered):
            PLACE.open(form.from_text(text[:-1] + last))


def test_keys_do_not_show() -> None:
    """A key's repr says nothing, and it cannot be pickled by accident."""
    key = Key(bytes(range(32)))
    assert repr(key) == "Key(…)"
    with pytest.raises(TypeError):
        key.__reduce__()


def test_associated_data_are_as_designed() -> None:
    """`"pcf1" | header | u16 len, organisation | u32 field | u16 len, subject | u16 len, row`, byte for byte."""
    written = form.Heading("org", 3)[1001] + form.sized("söb") + form.sized("7")
    assert written.hex(" ") == "70 63 66 31 01 01 00 00 00 03 00 03 6f 72 67 00 00 03 e9 00 04 73 c3 b6 62 00 01 37"


def test_a_sealed_value_of_the_first_release_opens() -> None:
    """The stored form is fixed: this value was sealed once and opens for ever."""
    assert PLACE.open(form.from_text(PINNED)) == "Ana"


def test_wrapped_keys_name_their_version() -> None:
    """A wrapped key has 61 bytes and begins with its version; another version, or a cut one, is Tampered."""
    outer = Key.new()
    wrapped = outer.wrap(Key.new(), b"x")
    assert (len(wrapped), wrapped[0]) == (61, 1)
    for changed in (b"\x02" + wrapped[1:], wrapped[:-1], wrapped[:10], b""):
        with pytest.raises(Tampered):
            outer.unwrap(changed, b"x")


def test_wrapped_keys_are_bound() -> None:
    """A wrapped key opens only as what it was wrapped as."""
    outer, inner = Key.new(), Key.new()
    wrapped = outer.wrap(inner, bind_subject("org", "s1", "data", 1))
    assert outer.unwrap(wrapped, bind_subject("org", "s1", "data", 1)).commitment() == inner.commitment()
    for other in (
        bind_subject("org", "s2", "data", 1),
        bind_subject("org", "s1", "evidence", 1),
        bind_subject("org", "s1", "data", 2),
        bind_page("org", "s1", 1, 1),
    ):
        with pytest.raises(Tampered):
            outer.unwrap(wrapped, other)
