"""The signing key's file, canonical JSON, signed documents."""

import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from privacy_svc.auditlog import NoteError, Signer, verify_json
from privacy_svc.auditlog.keyfiles import Keys
from privacy_svc.auditlog.signed_json import canonical
from privacy_svc.errors import KeyUnavailable, Misconfigured

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)


def test_the_key_is_made_once_and_kept(tmp_path: Path) -> None:
    """It is made with mode 0600, opens as itself, and is never made anew over one that is there."""
    made = Signer.create(tmp_path, "test.example/log")
    assert (tmp_path / "signing.key").stat().st_mode & 0o777 == 0o600
    assert Signer.load(tmp_path, "test.example/log").vkey == made.vkey
    with pytest.raises(Misconfigured, match="exists already"):
        Signer.create(tmp_path, "test.example/log")


def test_a_missing_key_is_not_replaced(tmp_path: Path) -> None:
    """What it signed could not be told from what another signed."""
    with pytest.raises(KeyUnavailable):
        Signer.load(tmp_path, "test.example/log")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """Group and others have no business with it."""
    Signer.create(tmp_path, "test.example/log")
    (tmp_path / "signing.key").chmod(mode)
    with pytest.raises(Misconfigured, match="chmod"):
        Signer.load(tmp_path, "test.example/log")


def test_a_cut_key_is_refused(tmp_path: Path) -> None:
    """A file of another length is no key, and is said to be none without showing it."""
    Signer.create(tmp_path, "test.example/log")
    (tmp_path / "signing.key").write_bytes(b"secretbytes")
    with pytest.raises(Misconfigured) as raised:
        Signer.load(tmp_path, "test.example/log")
    assert "secretbytes" not in str(raised.value)


def test_the_key_does_not_print(tmp_path: Path) -> None:
    """repr names the log only."""
    assert repr(Signer.create(tmp_path, "test.example/log")) == "Signer('test.example/log')"


@given(JSON)
def test_canonical_is_rfc_8785(document: Any) -> None:
    """Byte for byte what the reference implementation writes."""
    assert canonical(document) == rfc8785.dumps(document)


@pytest.mark.parametrize("document", [1.5, float("nan"), {"a": [{"b": 1.0}]}, {1: "a"}, {"a": b"x"}, {"a": object()}])
def test_what_has_no_canonical_form_is_refused(document: Any) -> None:
    """Fractions, names that are no texts, bytes, objects."""
    with pytest.raises(TypeError):
        canonical(document)


def nested(depth: int) -> Any:
    document: Any = []
    for _ in range(depth):
        document = [document]
    return document


@pytest.mark.parametrize("depth", [600, 5_000, 50_000])
def test_what_is_nested_too_deeply_is_refused(depth: int) -> None:
    """A verdict, not a crash: such a document is not what this service signed."""
    signature = {"algorithm": "Ed25519", "key": _signer().vkey, "value": "AAAA"}
    with pytest.raises(NoteError):
        verify_json({"a": nested(depth), "signature": signature}, signature["key"])
    if depth > 600:  # which Python's own limit may allow
        with pytest.raises(TypeError, match="nested"):
            canonical(nested(depth))


@given(st.dictionaries(TEXT, JSON).filter(lambda d: "signature" not in d))
def test_signed_documents_hold_until_changed(document: dict[str, Any]) -> None:
    """A document survives a file and another order of its fields; one field more and it does not hold."""
    signer = _signer()
    signed = json.loads(json.dumps(signer.sign_json(document)))
    verify_json(dict(reversed(signed.items())), signer.vkey)
    with pytest.raises(NoteError):
        verify_json({**signed, "signature ": 1}, signer.vkey)


def _signer() -> Signer:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Signer(Keys("test.example/log", Ed25519PrivateKey.generate()))


@pytest.mark.parametrize(
    "signature",
    [None, "x", {}, {"algorithm": "none"}, {"algorithm": "Ed25519"}, {"algorithm": "Ed25519", "value": "ü"}],
)
def test_documents_without_a_proper_signature_do_not_hold(signature: Any) -> None:
    """Missing, of another kind, not base64."""
    with pytest.raises(NoteError):
        verify_json({"a": 1, "signature": signature}, _signer().vkey)


def test_another_key_is_another_signer() -> None:
    """The key that verifies is the reader's choice, not the document's."""
    signed = _signer().sign_json({"a": 1})
    with pytest.raises(NoteError):
        verify_json(signed, _signer().vkey)
