"""Google Tink, which we did not write, opens what we sealed, and we open what it sealed (AES256_GCM_RAW)."""

import base64
import json
import os

import pytest

from privacy_svc.vault import Key, SubjectCipher, values
from privacy_svc.vault import format as form

tink = pytest.importorskip("tink", reason="Tink has no wheel for this platform")

RAW = bytes(range(100, 132))


def primitive() -> "tink.aead.Aead":
    """Tink over the same 32 bytes: an AesGcmKey whose output has no prefix."""
    from tink import aead, json_proto_keyset_format, secret_key_access

    aead.register()
    key = {
        "typeUrl": "type.googleapis.com/google.crypto.tink.AesGcmKey",
        "value": base64.b64encode(b"\x1a\x20" + RAW).decode(),
        "keyMaterialType": "SYMMETRIC",
    }
    entry = {"keyData": key, "status": "ENABLED", "keyId": 7, "outputPrefixType": "RAW"}
    keyset = json.dumps({"primaryKeyId": 7, "key": [entry]})
    return json_proto_keyset_format.parse(keyset, secret_key_access.TOKEN).primitive(aead.Aead)


def place(field_id: int, subject_id: str, row: str) -> bytes:
    """The associated data, spelled out."""
    return form.heading("org", 1)[field_id] + form.sized(subject_id) + form.sized(row)


def test_tink_opens_ours() -> None:
    """500 values of ours, without their six header bytes, open in Tink with the associated data as documented."""
    person, other = SubjectCipher("org", "s1", {1: Key(RAW)}), primitive()
    for number in range(500):
        value, row = os.urandom(number % 60).hex(), str(number)
        sealed = person.seal(1001, row, value)
        assert values.decode(other.decrypt(sealed[6:], place(1001, "s1", row))) == value


def test_we_open_tinks() -> None:
    """500 values sealed by Tink open here once the six header bytes stand before them."""
    person, other = SubjectCipher("org", "s1", {1: Key(RAW)}), primitive()
    for number in range(500):
        value, row = os.urandom(number % 60).hex(), str(number)
        sealed = form.heading("org", 1).header + other.encrypt(values.encode(value), place(1001, "s1", row))
        assert person.open(1001, row, sealed) == value
