"""Subjects and their keys: field encryption whose erasure is final.

Root epoch (in a key provider) → page key → one random key per person; AES-256-GCM values that
name their generation and are bound to their place; blind indexes for search; erasure by
destroying the person's key. NIST SP 800-38D, RFC 5869, RFC 2104.
"""

from privacy_svc.vault.cipher import SubjectCipher
from privacy_svc.vault.erasure import ErasedKeys
from privacy_svc.vault.errors import Tampered
from privacy_svc.vault.format import is_sealed_text
from privacy_svc.vault.index import NORMALISERS, BlindIndex, normalise
from privacy_svc.vault.keys import Key
from privacy_svc.vault.model import Subject
from privacy_svc.vault.providers import FileKeyProvider, KeyProvider
from privacy_svc.vault.service import KeyStatus, Vault

__all__ = [
    "NORMALISERS",
    "BlindIndex",
    "ErasedKeys",
    "FileKeyProvider",
    "Key",
    "KeyProvider",
    "KeyStatus",
    "Subject",
    "SubjectCipher",
    "Tampered",
    "Vault",
    "is_sealed_text",
    "normalise",
]
