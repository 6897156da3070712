"""Personal data in free text, offline."""

import socket
import subprocess
import sys

import pytest

from privacy_svc.pii import detect, known_values_in, redact


def test_importing_is_cheap() -> None:
    """Importing the room loads neither Presidio nor spaCy."""
    code = "import sys, privacy_svc.pii; sys.exit(any(m in sys.modules for m in ('presidio_analyzer', 'spacy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """With sockets blocked, e-mail, phone, IBAN and a greeted name are found and taken out."""

    def blocked(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket, "socket", blocked)
    monkeypatch.setattr(socket, "getaddrinfo", blocked)
    text = "Telefonat mit Frau Élise Müller, Tel. 030 2312500, elise@mail.example, IBAN DE89370400440532013000."
    found = detect(text, "de", "DE")
    assert {"PERSON", "EMAIL_ADDRESS", "IBAN_CODE", "PHONE_NUMBER"} <= {f.entity for f in found}
    left = redact(text, found)
    for secret in ("Müller", "2312500", "elise", "DE89"):
        assert secret not in left


def test_no_overlaps() -> None:
    """An e-mail address is one finding, not also a site; findings stand in the order of the text."""
    found = detect("Write to ana@shop.com or see https://shop.com/x", "en", "GB")
    assert [f.entity for f in found] == ["EMAIL_ADDRESS", "URL"]


def test_numbers_that_are_not_personal() -> None:
    """An order number, a date and a price are left alone."""
    assert detect("Order 1234567890 of 2026-11-01, total 12.50", "en", "DE") == []


def test_known_values() -> None:
    """Known values are found in any case and grouping, and only as whole words."""
    text = "ANA called from +351210990042; banana bread for Ana."
    found = known_values_in(text, ["Ana", "+351 21 099 0042"])
    assert [text[f.start : f.end] for f in found] == ["ANA", "+351210990042", "Ana"]
