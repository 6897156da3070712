"""Root keys in a PKCS#11 token (OASIS PKCS #11 v3.1): an HSM, a smart card, SoftHSM.

One AES-256 key object an epoch, labelled `<prefix>/epoch-<n>`, made in the token, sensitive and never extractable.
Page keys are wrapped there by AES-GCM (CKM_AES_GCM), with the form of every wrapped key: version, nonce,
ciphertext, tag.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass, PKCS11Error
from pkcs11.types import Session

from privacy_svc.errors import Conflict, KeyUnavailable, Misconfigured
from privacy_svc.vault.errors import Tampered
from privacy_svc.vault.keys import NONCE, SIZE, VERSION, Key
from privacy_svc.vault.providers.process import PerProcess
from privacy_svc.vault.providers.protocol import HELD, Destruction, check_binding, numbers
from privacy_svc.vault.providers.secret import Secret

T = TypeVar("T")
WRAPPED = len(VERSION) + NONCE + SIZE + 16
PAUSE = 0.05
CLOSED_KEY = {
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.MODIFIABLE: False,
    Attribute.ENCRYPT: True,
    Attribute.DECRYPT: True,
    Attribute.WRAP: False,
    Attribute.UNWRAP: False,
    Attribute.SIGN: False,
    Attribute.VERIFY: False,
    Attribute.DERIVE: False,
}
_libraries: dict[Path, "PerProcess[_Library]"] = {}


class Pkcs11KeyProvider:
    """A token cannot be rolled back by us, but its own backups can bring a destroyed key back."""

    destruction_delay = timedelta(0)

    def __init__(self, module: Path, token: str, pin: Secret, prefix: str, home: Path) -> None:
        self._home = home
        self._module, self._token, self._pin, self._prefix = module, token, pin, prefix
        self._refused = ""
        self._library = _libraries.setdefault(module, PerProcess(partial(_Library, module)))

    @classmethod
    def create(cls, module: Path, token: str, pin: Secret, prefix: str, home: Path) -> Self:
        """A first epoch. Refuses a token that has one under this prefix: keys are never made twice."""
        provider = cls(module, token, pin, prefix, home)
        with provider._alone_here():
            if provider.epochs():
                raise Misconfigured(f"{provider!r} already holds keys{HELD}")
            provider._make(1)
        check_binding(provider)
        return provider

    @classmethod
    def open(cls, module: Path, token: str, pin: Secret, prefix: str, home: Path) -> Self:
        """Raises KeyUnavailable when token or keys are missing, Misconfigured when it cannot do AES-GCM."""
        provider = cls(module, token, pin, prefix, home)
        check_binding(provider)
        return provider

    def __repr__(self) -> str:
        return f"Pkcs11KeyProvider({str(self._module)!r}, token={self._token!r}, prefix={self._prefix!r})"

    def epochs(self) -> list[int]:
        with self._answers():
            try:
                return self._ask(self._epochs)
            except pkcs11.NoSuchKey:
                return []

    def current_epoch(self) -> int:
        """The newest; what is wrapped now is wrapped under it. Raises KeyUnavailable where there is none."""
        with self._answers():
            return self._ask(self._epochs)[-1]

    def wrap(self, epoch: int, key: Key, binding: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        with self._answers():
            return VERSION + nonce + self._ask(lambda s: _seal(self._key(s, epoch), nonce, key.reveal(), binding))

    def unwrap(self, epoch: int, wrapped: bytes, binding: bytes) -> Key:
        if len(wrapped) != WRAPPED or wrapped[:1] != VERSION:
            raise Tampered("A wrapped key does not open.")
        with self._answers():
            raw = self._ask(lambda s: _opened(self._key(s, epoch), wrapped[1:13], wrapped[13:], binding))
        if raw is None:
            raise Tampered("A wrapped key does not open.")
        return Key(raw)

    def roll(self) -> int:
        """A new epoch; Conflict where another process made it at this moment."""
        with self._alone_here():
            epoch = self.current_epoch() + 1
            self._make(epoch)
        return epoch

    def destroy(self, epoch: int) -> Destruction:
        """Final in the token; a second time does nothing. The epoch in use is refused: roll first."""
        if epoch >= self.current_epoch():
            raise Conflict(f"Epoch {epoch} is in use; roll to a new one first.")
        with self._answers():
            self._ask(lambda session: self._destroy(session, epoch))
        return Destruction(datetime.now(UTC), f"key {self._label(epoch)} destroyed in token {self._token}")

    def _destroy(self, session: Session, epoch: int) -> None:
        for key in self._keys(session, epoch):
            key.destroy()
        if epoch in self._epochs(session):
            raise KeyUnavailable(f"The token {self._token} still has epoch {epoch}.")

    @contextmanager
    def _alone_here(self) -> Iterator[None]:
        """Tokens have no unique labels, so processes of one home take turns to make keys, and each reads the token
        anew, since libraries keep lists; processes of several homes have the database's lock."""
        try:
            descriptor = os.open(self._home, os.O_RDONLY)
        except OSError as error:
            raise KeyUnavailable(f"{self._home} cannot be locked: {error.strerror}.") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._library.drop()
            yield
        finally:
            os.close(descriptor)

    def _make(self, epoch: int) -> None:
        """Not repeated after an error: the key may be there. Who finds another's key beside its own all the same
        takes its own back."""
        with self._library.lock, self._answers():
            session = self._session()
            made = session.generate_key(
                KeyType.AES, 8 * SIZE, label=self._label(epoch), store=True, template=CLOSED_KEY
            )
            if not self._alone(session, epoch):
                made.destroy()
                raise Conflict(f"Another process made epoch {epoch} at this moment.")

    def _alone(self, session: Session, epoch: int) -> bool:
        """Not, when it cannot be told: objects that others take back meanwhile end a listing with an error."""
        for _ in range(5):
            with suppress(PKCS11Error):
                return len(self._keys(session, epoch)) == 1
        return False

    def _label(self, epoch: int) -> str:
        return f"{self._prefix}/epoch-{epoch}"

    def _epochs(self, session: Session) -> list[int]:
        """Raises NoSuchKey for none: a session that was logged out, or a token that is gone, shows nothing."""
        keys = session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY})
        found = numbers([str(key[Attribute.LABEL]) for key in keys], f"{self._prefix}/epoch-")
        if not found:
            raise pkcs11.NoSuchKey
        return sorted(set(found))

    def _keys(self, session: Session, epoch: int) -> list[Any]:
        wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: self._label(epoch)}
        return list(session.get_objects(wanted))

    def _key(self, session: Session, epoch: int) -> Any:
        keys = self._keys(session, epoch)
        if len(keys) == 1:
            return keys[0]
        self._epochs(session)
        found = f"{len(keys)} times" if keys else "not"
        raise KeyUnavailable(f"Root key {self._label(epoch)} is {found} in token {self._token}.")

    def _ask(self, what: Callable[[Session], T]) -> T:
        """After an error once more in a new session, and once more with the library initialised anew: sessions end
        when a token is reset, and some libraries find a token that came back only from the start."""
        with self._library.lock:
            for renew in (self._log_out, self._begin_anew):
                with suppress(PKCS11Error):
                    return what(self._session())
                renew()
            return what(self._session())

    @contextmanager
    def _answers(self) -> Iterator[None]:
        try:
            yield
        except pkcs11.NoSuchKey:
            raise KeyUnavailable(
                f"There are no keys in {self!r}: restore them from a backup; none are made anew."
            ) from None
        except PKCS11Error as error:
            raise KeyUnavailable(f"The token {self._token} does not answer: {type(error).__name__}.") from None

    def _session(self) -> Session:
        """The process's one session with this token: a login, and a logout, hold for all of them."""
        library = self._library.get()
        if self._token not in library.sessions:
            library.sessions[self._token] = self._log_in(library)
        return library.sessions[self._token]

    def _begin_anew(self) -> None:
        """A moment later: SoftHSM writes a token's file at each login, and who reads it meanwhile sees no token."""
        time.sleep(PAUSE)
        self._library.drop()

    def _log_out(self) -> None:
        if (session := self._library.get().sessions.pop(self._token, None)) is not None:
            with suppress(PKCS11Error):
                session.close()

    def _log_in(self, library: "_Library") -> Session:
        """A PIN once refused is not tried again: after a few times the token would lock itself."""
        pin = self._pin.read()
        if pin == self._refused:
            raise KeyUnavailable(f"The token {self._token} refused the PIN of {self._pin.source}; correct it there.")
        token = library.library.get_token(token_label=self._token)
        if Mechanism.AES_GCM not in token.slot.get_mechanisms():
            raise Misconfigured(f"The token {self._token} cannot do AES-GCM (CKM_AES_GCM); take one that can.")
        try:
            session: Session = token.open(rw=True, user_pin=pin)
        except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange):
            self._refused = pin
            raise
        return session


class _Library:
    """The module, initialised from the start: in a child made by fork the parent's state is not its own (PKCS #11
    v3.1, 5.4), and after a token was away it may be stale."""

    def __init__(self, module: Path) -> None:
        self.sessions: dict[str, Session] = {}
        self.library: Any = pkcs11.lib(str(module))
        with suppress(PKCS11Error):
            self.library.finalize()
        self.library.initialize()


def _seal(key: Any, nonce: bytes, raw: bytes, binding: bytes) -> bytes:
    return bytes(key.encrypt(raw, mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, binding)))


def _open(key: Any, nonce: bytes, sealed: bytes, binding: bytes) -> bytes:
    return bytes(key.decrypt(sealed, mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, binding)))


def _opened(key: Any, nonce: bytes, sealed: bytes, binding: bytes) -> bytes | None:
    """None for a wrong tag. Some tokens, SoftHSM too, report it as a general error, as they would a failure of their
    own: then the key must first show that it works."""
    try:
        return _open(key, nonce, sealed, binding)
    except pkcs11.EncryptedDataInvalid:
        return None
    except PKCS11Error:
        other, raw = os.urandom(NONCE), os.urandom(SIZE)
        if _open(key, other, _seal(key, other, raw, binding), binding) != raw:
            raise
    try:
        return _open(key, nonce, sealed, binding)
    except PKCS11Error:
        return None
