"""The primitives, as we use them, against Wycheproof."""

import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from privacy_svc.vault import Key
from tests.conftest import shared


def cases(name: str, **wanted: int) -> list[dict[str, Any]]:
    """The tests of a vector file whose group has these sizes; the group's fields are merged in."""
    groups = json.loads(shared("vectors", "wycheproof", name).read_text())["testGroups"]
    chosen = [g for g in groups if all(g.get(k) == v for k, v in wanted.items())]
    found = [{**g, **t} for g in chosen for t in g["tests"]]
    assert found
    return found


def test_aes_256_gcm() -> None:
    """All AES-GCM cases with a 256-bit key and a 96-bit nonce: valid ones open, invalid ones do not."""
    for case in cases("aes_gcm_test.json", keySize=256, ivSize=96, tagSize=128):
        key, nonce = bytes.fromhex(case["key"]), bytes.fromhex(case["iv"])
        sealed, aad = bytes.fromhex(case["ct"] + case["tag"]), bytes.fromhex(case["aad"])
        if case["result"] == "valid":
            assert AESGCM(key).decrypt(nonce, sealed, aad) == bytes.fromhex(case["msg"]), case["tcId"]
            assert AESGCM(key).encrypt(nonce, bytes.fromhex(case["msg"]), aad) == sealed, case["tcId"]
        else:
            with pytest.raises(InvalidTag):
                AESGCM(key).decrypt(nonce, sealed, aad)


def test_hkdf_sha256() -> None:
    """All valid HKDF-SHA256 cases."""
    for case in cases("hkdf_sha256_test.json"):
        if case["result"] != "valid":
            continue
        info, salt, ikm = (bytes.fromhex(case[k]) for k in ("info", "salt", "ikm"))
        derived = HKDF(SHA256(), case["size"], salt, info).derive(ikm)
        assert derived == bytes.fromhex(case["okm"]), case["tcId"]


def test_hmac_sha256() -> None:
    """All HMAC-SHA256 cases, truncated tags included."""
    for case in cases("hmac_sha256_test.json"):
        mac = HMAC(bytes.fromhex(case["key"]), SHA256())
        mac.update(bytes.fromhex(case["msg"]))
        fits = mac.finalize()[: case["tagSize"] // 8] == bytes.fromhex(case["tag"])
        assert fits == (case["result"] == "valid"), case["tcId"]


@pytest.mark.parametrize("label", ["tag", "commit", "bidx|1003|email|1", ""])
def test_derivation_is_hkdf(label: str) -> None:
    """What a key derives is the library's HKDF-Expand with the label as info."""
    raw = bytes(range(32))
    assert Key(raw).derive(label) == HKDFExpand(SHA256(), 32, label.encode()).derive(raw)
