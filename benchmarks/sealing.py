"""Sealing, opening, indexing against the bare cipher."""

import os

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks.measuring import rates, show
from privacy_svc.vault import BlindIndex, Key, SubjectCipher

VALUE = "ana.figueiredo@mail.test"


def run() -> None:
    raw, nonce, aad = AESGCM(os.urandom(32)), os.urandom(12), b"x" * 40
    person = SubjectCipher("shop", "01a205fd-3de1-7fea-9fff-c09cbc027f33", {1: Key.new()})
    index = BlindIndex(Key.new(), 1003, "email", "DE")
    fernet = Fernet(Fernet.generate_key())
    clear = VALUE.encode()
    row = person.at("1")
    sealed, token = row.seal(1003, VALUE), fernet.encrypt(clear)
    found = rates(
        {
            "AESGCM.encrypt, fixed nonce": lambda: raw.encrypt(nonce, clear, aad),
            "seal a field": lambda: row.seal(1003, VALUE),
            "open a field": lambda: row.open(1003, sealed),
            "blind index of an e-mail": lambda: index.of(VALUE),
            "Fernet encrypt": lambda: fernet.encrypt(clear),
            "Fernet decrypt": lambda: fernet.decrypt(token),
        }
    )
    show(
        "Field encryption, 24 bytes", "AESGCM.encrypt, fixed nonce", found, {"seal a field": 0.45, "open a field": 0.5}
    )
