"""Signed JSON: canonical form (RFC 8785), the check of a document's signature, and JSON of which there is one reading:
names that are there twice are refused, as readers differ about them. Pure."""

import base64
import json
from collections.abc import Collection, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy_svc.auditlog.signed_note import NoteError, Verifier


def canonical(document: Any) -> bytes:
    """RFC 8785 over texts, whole numbers, truth values, null, lists and objects; whole numbers of any size in full.

    Raises TypeError for anything else: fractions have no one spelling that all languages agree on. And for what is
    nested too deeply.
    """
    try:
        return _encode(_ordered(document)).encode()
    except RecursionError:
        raise TypeError("a signed document is not nested so deeply") from None


_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def _ordered(value: Any) -> Any:
    kind = type(value)  # nearly everything is exactly one of these; a look at the abstract types takes ten times longer
    if kind is str or kind is int or value is None or isinstance(value, (str, int)):
        return value
    if kind is dict or isinstance(value, Mapping):
        return {name: _ordered(value[name]) for name in _sorted(value)}
    if isinstance(value, (list, tuple)):
        return [_ordered(inner) for inner in value]
    raise TypeError(f"a signed document holds no {type(value).__name__}")


def _sorted(names: Collection[Any]) -> list[str]:
    """RFC 8785 §3.2.3: by UTF-16 code units, which for ASCII is Python's own order."""
    try:
        ascii_only = "".join(names).isascii()
    except TypeError:
        raise TypeError("names in a signed document are texts") from None
    return sorted(names) if ascii_only else sorted(names, key=lambda name: name.encode("utf-16-be"))


def sign_json(key: Ed25519PrivateKey, verifier: Verifier, document: Mapping[str, Any]) -> dict[str, Any]:
    value = base64.b64encode(key.sign(canonical(document))).decode()
    return {**document, "signature": {"algorithm": "Ed25519", "key": verifier.vkey, "value": value}}


def verify_json(document: Mapping[str, Any], vkey: str) -> None:
    """Raises NoteError unless `vkey` signed exactly this document."""
    signature = document.get("signature")
    known = {"algorithm", "key", "value"}
    if not isinstance(signature, Mapping) or set(signature) != known or signature["algorithm"] != "Ed25519":
        raise NoteError("the document is not signed")
    if signature["key"] != vkey.strip():
        raise NoteError("it names another key than the one you trust")
    rest = {k: v for k, v in document.items() if k != "signature"}
    try:
        raw, message = base64.b64decode(str(signature.get("value")), validate=True), canonical(rest)
    except (ValueError, TypeError):
        raise NoteError("the signature cannot be read") from None
    if base64.b64encode(raw).decode() != signature["value"]:  # the last sign has bits that nobody reads
        raise NoteError("the signature is not spelled as it was written")
    Verifier.parse(vkey).verify(raw, message)


def strict_json(text: str) -> Any:
    """Raises NoteError."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise NoteError("the JSON is nested too deeply") from None
    except ValueError as error:
        raise NoteError(f"not JSON: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NoteError("a name stands twice in one object")
    return found
