"""Subjects and their keys: field encryption whose erasure is final, also in backups.

Root epoch (in a key provider) → page key → one random key per person; AES-256-GCM values that
name their generation and are bound to their place; blind indexes for search; erasure by
destroying the person's key, and in time the root key that old backups need. The fence ledger keeps
a restored backup from undoing it. NIST SP 800-38D, RFC 5869, RFC 2104.
"""

from privacy_svc.vault.cipher import RowCipher, SubjectCipher
from privacy_svc.vault.epochs import Schedule
from privacy_svc.vault.erasure import ErasedKeys
from privacy_svc.vault.errors import Restored, Tampered
from privacy_svc.vault.format import BEGINNING, BEGINNING_TEXT, is_damaged_text, is_sealed_bytes, is_sealed_text
from privacy_svc.vault.index import NORMALISERS, BlindIndex, normalise
from privacy_svc.vault.keys import Key
from privacy_svc.vault.lease import Lease
from privacy_svc.vault.ledger import Kind, Ledger, Line
from privacy_svc.vault.model import BIRTH, Fence, Subject
from privacy_svc.vault.providers import FileKeyProvider, KeyProvider, create_provider, open_provider
from privacy_svc.vault.reinstating import Told
from privacy_svc.vault.restoring import Recovered
from privacy_svc.vault.rotation import SETTLE, Holder
from privacy_svc.vault.service import Vault
from privacy_svc.vault.status import KeyStatus
from privacy_svc.vault.suppression import AddressDigest, AddressHasher

__all__ = [
    "BEGINNING",
    "BEGINNING_TEXT",
    "BIRTH",
    "NORMALISERS",
    "SETTLE",
    "AddressDigest",
    "AddressHasher",
    "BlindIndex",
    "ErasedKeys",
    "Fence",
    "FileKeyProvider",
    "Holder",
    "Key",
    "KeyProvider",
    "KeyStatus",
    "Kind",
    "Lease",
    "Ledger",
    "Line",
    "Recovered",
    "Restored",
    "RowCipher",
    "Schedule",
    "Subject",
    "SubjectCipher",
    "Tampered",
    "Told",
    "Vault",
    "create_provider",
    "is_damaged_text",
    "is_sealed_bytes",
    "is_sealed_text",
    "normalise",
    "open_provider",
]
