"""The signing keys as files of mode 0600 in one folder, and how one replaces another.

`signing.key` is in force. A rotation writes `signing-next.key`, keeps the old one as `signing-previous.key`, and
renames the next one over `signing.key`: whichever process signs afterwards has both. The previous one goes when a
checkpoint that both signed is published. `signing-handovers.jsonl` holds what both signed about each change: it is
public.
"""

import os
from dataclasses import dataclass
from functools import cached_property
from io import FileIO
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from privacy_svc.auditlog.entry import instant
from privacy_svc.auditlog.handover import Handover, chain, outer
from privacy_svc.auditlog.signed_json import canonical, sign_json, strict_json
from privacy_svc.auditlog.signed_note import ML_DSA_44, NoteError, Verifier, ed25519_ids
from privacy_svc.db import now
from privacy_svc.errors import KeyUnavailable, Misconfigured

FILE, SECOND = "signing.key", "signing-ml-dsa-44.key"
NEXT, PREVIOUS = "signing-next.key", "signing-previous.key"
HANDOVERS = "signing-handovers.jsonl"
_WATCHED = (FILE, SECOND, PREVIOUS, HANDOVERS)
_State = tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True)
class Keys:
    """`previous` is there while a key takes over. `known`: handovers that both their keys signed."""

    name: str
    key: Ed25519PrivateKey
    second: MLDSA44PrivateKey | None = None
    previous: Ed25519PrivateKey | None = None
    known: tuple[Handover, ...] = ()
    state: _State = ()
    """Of the files they were read from."""

    def __repr__(self) -> str:
        return f"Keys({self.name!r}, …)"

    @cached_property
    def verifier(self) -> Verifier:
        return verifier_of(self.name, self.key)

    @cached_property
    def second_verifier(self) -> Verifier | None:
        second = self.second
        return Verifier(self.name, second.public_key().public_bytes_raw(), ML_DSA_44) if second else None

    @cached_property
    def handed_over(self) -> bool:
        return any(h.new == self.verifier for h in self.known)

    @cached_property
    def handovers(self) -> tuple[Handover, ...]:
        """Oldest first."""
        if self.previous is not None and not self.handed_over:
            return tuple(chain(verifier_of(self.name, self.previous), self.known))
        return tuple(chain(self.verifier, self.known))

    @cached_property
    def former(self) -> tuple[Verifier, ...]:
        """Oldest first."""
        olds = tuple(h.old for h in self.handovers)
        if self.previous is not None and not self.handed_over:
            return (*olds, verifier_of(self.name, self.previous))
        return olds

    def at(self, size: int) -> Verifier:
        """Who signs a checkpoint of so many entries."""
        for handover in self.handovers:
            if size <= handover.after:
                return handover.old
        return self.verifier if self.previous is None or self.handed_over else self.former[-1]

    def is_newer(self, note: str) -> bool:
        """Whether a key of this log signed it that is not among these."""
        return not ed25519_ids(note, self.name) <= {v.id for v in (*self.former, self.verifier)}


def verifier_of(name: str, key: Ed25519PrivateKey) -> Verifier:
    return Verifier(name, key.public_key().public_bytes_raw())


class KeyFolder:
    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name

    def create(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_new(self._folder / FILE, Ed25519PrivateKey.generate().private_bytes_raw())

    @staticmethod
    def add_second(folder: Path) -> None:
        _write_new(folder / SECOND, MLDSA44PrivateKey.generate().private_bytes_raw())

    def changed(self, keys: Keys) -> bool:
        return self._state() != keys.state

    def read(self) -> Keys:
        """Raises KeyUnavailable when the key is missing, Misconfigured when others could read it."""
        state = self._state()
        raw = _read(self._folder / FILE)
        second, previous = _read_if_there(self._folder / SECOND), _read_if_there(self._folder / PREVIOUS)
        return Keys(
            self._name,
            Ed25519PrivateKey.from_private_bytes(raw),
            MLDSA44PrivateKey.from_seed_bytes(second) if second else None,
            Ed25519PrivateKey.from_private_bytes(previous) if previous not in {None, raw} else None,
            self._handovers(),
            state,
        )

    def rotate(self) -> None:
        """Each step finds what a rotation that ended before left behind."""
        keys, following = self._folder / FILE, self._folder / NEXT
        following.unlink(missing_ok=True)
        _write_new(following, Ed25519PrivateKey.generate().private_bytes_raw())
        (self._folder / PREVIOUS).unlink(missing_ok=True)
        os.link(keys, self._folder / PREVIOUS)
        sync_folder(self._folder)
        following.replace(keys)
        sync_folder(self._folder)

    def append(self, document: dict[str, Any]) -> None:
        """A handover; durable when it returns. What a crash cut off is passed over by who reads."""
        descriptor = os.open(self._folder / HANDOVERS, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab", buffering=0) as file:
            write_whole(file, b"\n" + canonical(document) + b"\n")
            os.fsync(file.fileno())
        sync_folder(self._folder)

    def forget_previous(self) -> None:
        (self._folder / PREVIOUS).unlink(missing_ok=True)
        sync_folder(self._folder)

    def _handovers(self) -> tuple[Handover, ...]:
        file = self._folder / HANDOVERS
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []
        return tuple(h for h in map(_handover, filter(None, lines)) if h is not None and h.new.name == self._name)

    def _state(self) -> _State:
        return tuple(map(_stat, (self._folder / name for name in _WATCHED)))


def handover_document(previous: Ed25519PrivateKey, key: Ed25519PrivateKey, name: str, after: int) -> dict[str, Any]:
    """Signed by both."""
    old, new = verifier_of(name, previous), verifier_of(name, key)
    signed = sign_json(previous, old, Handover(old, new, after, instant(now())).inner())
    return sign_json(key, new, outer(signed))


def _handover(line: str) -> Handover | None:
    """None for a line that a crash cut off, or that no two keys signed: it hands nothing over."""
    try:
        found = strict_json(line)
        return Handover.verified(found) if isinstance(found, dict) else None
    except NoteError:
        return None


def _stat(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def look(path: Path) -> tuple[int, int, int, int]:
    """What changes whenever a file does: of the opened file, as a network file system may answer for a name what it
    knew of it a minute ago. Raises FileNotFoundError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        found = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def write_whole(file: FileIO, raw: bytes) -> None:
    """At once where the disk takes it. Raises OSError where there is no room for the rest."""
    rest = memoryview(raw)
    while rest:
        rest = rest[file.write(rest) :]


def sync_folder(folder: Path) -> None:
    """A new file's name survives a power cut only once its folder is synced."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_new(path: Path, raw: bytes) -> None:
    """Whole and on disk when it returns."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Misconfigured(f"{path} exists already.") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def _read(path: Path) -> bytes:
    raw = _read_if_there(path)
    if raw is None:
        raise KeyUnavailable(f"The signing key {path} cannot be read: it is not there.")
    return raw


def _read_if_there(path: Path) -> bytes | None:
    """None only where there is no file: one that cannot be read now is not gone."""
    try:
        mode, raw = path.stat().st_mode & 0o777, path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeyUnavailable(f"The signing key {path} cannot be read: {error.strerror}.") from None
    if mode & 0o077:
        raise Misconfigured(f"{path} has mode {mode:04o}: others may read it. Run: chmod go-rwx {path}")
    if len(raw) != 32:
        raise Misconfigured(f"{path} is not a signing key. Restore it from a backup; do not make a new one.")
    return raw
