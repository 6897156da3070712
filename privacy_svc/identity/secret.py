"""Secrets that callers hold: 256 random bits each, of which we keep the SHA-256.

One fast hash is enough: slow and salted ones protect secrets that can be guessed. Looking a hash up by
equality tells a measurer about the hash of what they sent, not about any secret.
"""

import hashlib
import secrets

BYTES = 32


def new_secret(prefix: str = "") -> str:
    """`prefix` lets secret scanners recognise one that got lost."""
    return prefix + secrets.token_urlsafe(BYTES)


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="replace")).digest()
