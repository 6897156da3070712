"""Root keys in the transit engine of HashiCorp Vault or OpenBao: one key an epoch, `<prefix>-epoch-<n>`.

Never rotated there: an epoch has one version, so that its deletion is the end of everything wrapped under it. The
wrapped key is kept as bytes, version 1 of ours before what the server writes as `vault:v1:<base64>`.
"""

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import hvac
from hvac.exceptions import InvalidPath, InvalidRequest, VaultError
from requests import RequestException, Session

from privacy_svc.errors import Conflict, KeyUnavailable, Misconfigured
from privacy_svc.vault.errors import Tampered
from privacy_svc.vault.keys import SIZE, VERSION, Key
from privacy_svc.vault.providers.process import PerProcess
from privacy_svc.vault.providers.protocol import HELD, Destruction, check_binding, numbers
from privacy_svc.vault.providers.secret import Secret

TIMEOUT = (2, 5)
FORM = "vault:v1:"
TYPE = "aes256-gcm96"
DOES_NOT_OPEN = ("message authentication failed", "unable to decrypt")
"""What servers say with status 400; any other 400 (no such key, a sealed or old version) is no such word."""


class TransitKeyProvider:
    """The token needs, under the mount: list on `keys/`, create, read, update and delete on `keys/<prefix>-*`, update
    on `encrypt/<prefix>-*` and `decrypt/<prefix>-*`."""

    destruction_delay = timedelta(0)

    def __init__(self, url: str, mount: str, prefix: str, token: Secret, ca_file: str | None = None) -> None:
        self._url, self._mount, self._prefix, self._token = url, mount, prefix, token
        self._ca_file = ca_file
        self._client = PerProcess(self._connect)

    @classmethod
    def create(cls, url: str, mount: str, prefix: str, token: Secret, ca_file: str | None = None) -> Self:
        """A first epoch. Refuses a prefix that has one: keys are never made twice."""
        provider = cls(url, mount, prefix, token, ca_file)
        if provider.epochs():
            raise Misconfigured(f"{provider!r} already holds keys{HELD}")
        provider._make(1)
        check_binding(provider)
        return provider

    @classmethod
    def open(cls, url: str, mount: str, prefix: str, token: Secret, ca_file: str | None = None) -> Self:
        """Raises KeyUnavailable when server or keys are missing, Misconfigured when it ignores associated data."""
        provider = cls(url, mount, prefix, token, ca_file)
        check_binding(provider)
        return provider

    def __repr__(self) -> str:
        return f"TransitKeyProvider({self._url!r}, {self._mount!r}, {self._prefix!r})"

    def epochs(self) -> list[int]:
        """None, too, where the server has no such mount: it answers that like an empty list."""
        listed = self._ask("list_keys")
        return [] if listed is None else numbers(self._value(listed, "keys"), f"{self._prefix}-epoch-")

    def current_epoch(self) -> int:
        """The newest; what is wrapped now is wrapped under it. Raises KeyUnavailable where there is none."""
        return self._held()[-1]

    def _held(self) -> list[int]:
        epochs = self.epochs()
        if not epochs:
            raise KeyUnavailable(f"There are no keys in {self!r}: restore them from a backup; none are made anew.")
        return epochs

    def wrap(self, epoch: int, key: Key, binding: bytes) -> bytes:
        """Looks first: asked to encrypt under a key that is not there, the server would make one."""
        self._check(epoch)
        done = self._ask(
            "encrypt_data",
            name=self._name(epoch),
            plaintext=_text(key.reveal()),
            associated_data=_text(binding),
            key_version=1,
        )
        sealed = str(self._value(done, "ciphertext"))
        if not sealed.startswith(FORM):
            raise self._not_understood()
        return VERSION + self._raw(sealed.removeprefix(FORM))

    def unwrap(self, epoch: int, wrapped: bytes, binding: bytes) -> Key:
        if wrapped[:1] != VERSION:
            raise Tampered("A wrapped key does not open.")
        sealed = FORM + _text(wrapped[1:])
        done = self._ask("decrypt_data", name=self._name(epoch), ciphertext=sealed, associated_data=_text(binding))
        raw = self._raw(self._value(done, "plaintext"))
        if len(raw) != SIZE:
            raise self._not_understood()
        return Key(raw)

    def roll(self) -> int:
        """A new epoch. Two at once make the same: the server keeps the first key of a name."""
        epoch = self.current_epoch() + 1
        self._make(epoch)
        return epoch

    def destroy(self, epoch: int) -> Destruction:
        """Deletes the key with all its versions; a second time does nothing. The epoch in use is refused."""
        held = self._held()
        if epoch >= held[-1]:
            raise Conflict(f"Epoch {epoch} is in use; roll to a new one first.")
        if epoch in held:
            self._ask("update_key_configuration", name=self._name(epoch), deletion_allowed=True)
            self._ask("delete_key", name=self._name(epoch))
            if epoch in self._held():
                raise KeyUnavailable(f"{self!r} still has the key of epoch {epoch}.")
        return Destruction(datetime.now(UTC), f"transit key {self._name(epoch)} deleted at {self._url}")

    def _make(self, epoch: int) -> None:
        self._ask("create_key", name=self._name(epoch), key_type=TYPE, exportable=False, allow_plaintext_backup=False)
        self._check(epoch)

    def _check(self, epoch: int) -> None:
        """Raises KeyUnavailable for no such key, Misconfigured for one that could outlive its deletion elsewhere."""
        found = self._ask("read_key", name=self._name(epoch))
        if found is None:
            raise KeyUnavailable(f"Transit key {self._name(epoch)} is not at {self._url}.")
        if self._value(found, "type") != TYPE:
            raise Misconfigured(f"Transit key {self._name(epoch)} is not of type {TYPE}.")
        if self._value(found, "exportable") or self._value(found, "allow_plaintext_backup"):
            raise Misconfigured(f"Transit key {self._name(epoch)} can be exported, so deleting it proves nothing.")

    def _name(self, epoch: int) -> str:
        return f"{self._prefix}-epoch-{epoch}"

    def _ask(self, verb: str, **what: Any) -> Any:
        """None for status 404. Only the server's own word that a ciphertext does not open is Tampered."""
        client = self._client.get()
        client.token = self._token.read()
        try:
            return getattr(client.secrets.transit, verb)(mount_point=self._mount, **what)
        except InvalidPath:
            return None
        except InvalidRequest as error:
            if any(word in str(error) for word in DOES_NOT_OPEN):
                raise Tampered("A wrapped key does not open.") from None
            raise self._away(verb, error) from None
        except (VaultError, RequestException) as error:
            raise self._away(verb, error) from None

    def _away(self, verb: str, error: Exception) -> KeyUnavailable:
        return KeyUnavailable(f"The transit engine at {self._url} does not do {verb}: {type(error).__name__}.")

    def _value(self, answer: Any, name: str) -> Any:
        try:
            return answer["data"][name]
        except (KeyError, TypeError):
            raise self._not_understood() from None

    def _raw(self, text: object) -> bytes:
        try:
            return base64.b64decode(str(text), validate=True)
        except binascii.Error:
            raise self._not_understood() from None

    def _not_understood(self) -> KeyUnavailable:
        return KeyUnavailable(f"{self._url} does not answer as a transit engine does; is it one, and the active node?")

    def _connect(self) -> Any:
        """Redirects are not followed and the environment's proxies not asked: the token goes to this server only."""
        session = Session()
        session.trust_env = False
        session.verify = self._ca_file or True
        return hvac.Client(
            self._url, token="", verify=session.verify, timeout=TIMEOUT, allow_redirects=False, session=session
        )


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
