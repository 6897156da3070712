"""Unwrapped page and index keys on lease: used for a while, then asked for again.

Whoever stops the key provider stops this service from reading, at the latest when the lease and its grace are over.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from privacy_svc.errors import KeyUnavailable
from privacy_svc.vault.keys import Key

CAPACITY = 2048
"""Keys kept: two million subjects' worth of pages, six megabytes."""


@dataclass(frozen=True, slots=True)
class Lease:
    """How long, in seconds, a key may be used after the provider unwrapped it; how much longer while the provider is
    away. A provider that did not answer for `patience` is left alone for `pause`."""

    lease: float = 900
    grace: float = 0
    patience: float = 0.5
    pause: float = 5


@dataclass(frozen=True, slots=True)
class _Held:
    key: Key
    until: float


class LeasedKeys:
    """By the id of what they are wrapped in; an id stands for one key for ever. Subjects' keys are never kept."""

    def __init__(self, lease: Lease, clock: Callable[[], float] = time.monotonic) -> None:
        self._lease, self._clock = lease, clock
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._ask_again = 0.0
        self._lock = Lock()

    def valid(self, name: str) -> Key | None:
        """The key while its lease runs."""
        with self._lock:
            held = self._held.get(name)
            if held is None or self._clock() >= held.until:
                return None
            self._held.move_to_end(name)
            return held.key

    def renew(self, name: str, unwrap: Callable[[], Key]) -> Key:
        """Asks the provider. Raises KeyUnavailable when it is away and the grace is over too."""
        try:
            return self.put(name, self._ask(unwrap))
        except KeyUnavailable:
            with self._lock:
                held = self._held.get(name)
                if held is not None and self._clock() < held.until + self._lease.grace:
                    return held.key
                self._held.pop(name, None)
            raise

    def _ask(self, unwrap: Callable[[], Key]) -> Key:
        """A provider that let us wait in vain just now is not asked again for every value."""
        asked = self._clock()
        if asked < self._ask_again:
            raise KeyUnavailable("The key provider was away a moment ago.")
        try:
            return unwrap()
        except KeyUnavailable:
            if self._clock() - asked > self._lease.patience:
                self._ask_again = self._clock() + self._lease.pause
            raise

    def put(self, name: str, key: Key) -> Key:
        with self._lock:
            self._held[name] = _Held(key, self._clock() + self._lease.lease)
            self._held.move_to_end(name)
            while len(self._held) > CAPACITY:
                self._held.popitem(last=False)
        return key

    def forget(self, name: str) -> None:
        with self._lock:
            self._held.pop(name, None)
