"""What a key provider is: the keeper of the root keys, outside the database."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from privacy_svc.errors import Misconfigured
from privacy_svc.vault.errors import Tampered
from privacy_svc.vault.keys import Key

HELD = (
    ", of another home or of an `init` that did not end: name that home, or take another prefix. None are made twice."
)


@dataclass(frozen=True, slots=True)
class Destruction:
    """`at` is when the key is really gone: with a key service that is later than the order."""

    at: datetime
    receipt: str


class KeyProvider(Protocol):
    """Wraps and unwraps page keys under root epochs that never leave it.

    `destroy` is final: afterwards nothing wrapped under that epoch can be unwrapped, whatever backup
    it comes from; a second time does nothing, the epoch in use is Conflict. `roll` never puts a second key into an
    epoch: of two at once, one may get Conflict. Raises KeyUnavailable when it does not answer or lacks the epoch, and
    Tampered only where it answered that the wrapped key does not open: what is uncertain is unavailable.
    """

    @property
    def destruction_delay(self) -> timedelta:
        """How long after the order to destroy a key still lives."""
        ...

    def epochs(self) -> list[int]: ...

    def current_epoch(self) -> int: ...

    def wrap(self, epoch: int, key: Key, binding: bytes) -> bytes: ...

    def unwrap(self, epoch: int, wrapped: bytes, binding: bytes) -> Key: ...

    def roll(self) -> int: ...

    def destroy(self, epoch: int) -> Destruction: ...


def numbers(names: Iterable[str], before: str) -> list[int]:
    """The epochs among these names of keys, each `before` and a number."""
    found = (re.fullmatch(re.escape(before) + r"([1-9]\d*)", name) for name in names)
    return sorted(int(match[1]) for match in found if match)


def check_binding(provider: KeyProvider) -> None:
    """A key wrapped for one place must not open in another: a token or server that ignores associated data would let
    wrapped keys be swapped. Raises Misconfigured, KeyUnavailable."""
    epoch = provider.current_epoch()
    wrapped = provider.wrap(epoch, Key.new(), b"one place")
    provider.unwrap(epoch, wrapped, b"one place")
    try:
        provider.unwrap(epoch, wrapped, b"another place")
    except Tampered:
        return
    raise Misconfigured(f"{provider!r} ignores associated data (AES-GCM's AAD), so wrapped keys could be swapped.")
