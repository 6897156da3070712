"""Normalisers and blind indexes."""

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy_svc.db import Database
from privacy_svc.policy import Normaliser
from privacy_svc.vault import NORMALISERS, BlindIndex, Key, Vault, normalise


def test_normalisers_are_those_the_data_map_knows() -> None:
    """The data map's vocabulary and the vault's normalisers are the same."""
    assert set(NORMALISERS) == {str(n) for n in Normaliser}


@pytest.mark.parametrize(
    ("name", "spellings"),
    [
        ("email", ["Ana@Mail.Example", " ana@mail.example ", "ANA@MAIL.EXAMPLE."]),
        ("email", ["jörg@bücher.example", "JÖRG@xn--bcher-kva.example"]),
        ("phone", ["+49 30 23125 001", "030 23125001", "0049 (30) 23125-001"]),
        ("name", ["Müller-Lüdenscheidt", "muller ludenscheidt", "MÜLLER  LÜDENSCHEIDT"]),
        ("last4", ["DE89 3704 0044 0532 0130 00", "013000"]),
        ("year", ["1987-05-14", "14.05.1987"]),
        ("domain", ["ana@Mail.example", "mail.example"]),
        ("casefold", ["Straße", "STRASSE", " strasse"]),
    ],
)
def test_spellings_of_one_value_are_equal(name: str, spellings: list[str]) -> None:
    """Different spellings of one value normalise to the same text."""
    assert len({normalise(name, s) for s in spellings}) == 1
    assert normalise(name, spellings[0]) is not None


@pytest.mark.parametrize(
    ("name", "value"), [("email", "ana"), ("phone", "call me"), ("last4", "12"), ("year", "May"), ("name", "--")]
)
def test_what_says_nothing_is_not_indexed(name: str, value: str) -> None:
    """A value that is none of its kind has no index value."""
    assert normalise(name, value) is None


@given(st.sampled_from(sorted(NORMALISERS)), st.text())
def test_normalisers_are_total(name: str, value: str) -> None:
    """Any text normalises without an error, and normalising twice is the same as once."""
    once = normalise(name, value)
    if once is not None and name not in {"year", "last4", "phone"}:
        assert normalise(name, once) == once


@given(st.text(st.characters(max_codepoint=127), max_size=70))
def test_ascii_domains_are_what_idna_makes_of_them(value: str) -> None:
    """The short way for ASCII gives what IDNA 2008 gives wherever IDNA gives anything."""
    try:
        expected = idna.encode(value.strip().rpartition("@")[2].rstrip(".").casefold(), uts46=True).decode()
    except idna.IDNAError:
        return
    assert normalise("domain", value) == expected


def test_an_index_of_a_lone_surrogate() -> None:
    """Text that no UTF-8 has is indexed without an error."""
    assert BlindIndex(Key(bytes(32)), 1003, "exact", "DE").of("a\ud800") is not None


def test_index_values_fit_a_bigint_and_differ_by_field() -> None:
    """Index values are 63-bit numbers, equal for equal values of a field, different between fields and keys."""
    root = Key(bytes(32))
    value = BlindIndex(root, 1003, "email", "DE").of("ana@mail.example")
    assert value is not None
    assert 0 <= value < 2**63
    assert BlindIndex(root, 1003, "email", "DE").of("ANA@mail.example") == value
    assert BlindIndex(root, 1004, "email", "DE").of("ana@mail.example") != value
    assert BlindIndex(Key.new(), 1003, "email", "DE").of("ana@mail.example") != value


def test_the_root_is_kept(database: Database, vault: Vault) -> None:
    """The index root comes back from the database: values are the same in every process."""
    with database.read() as session:
        first = vault.indexes(session, 1003, "email")[1].of("ana@mail.example")
        other = Vault(vault.provider, vault.organisation, vault.ledger)
        again = other.indexes(session, 1003, "email")[1].of("ana@mail.example")
    assert first == again
