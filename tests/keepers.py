"""Each key provider with a real keeper behind it, for tests: a folder, SoftHSM 2, a KMS and a transit engine on
loopback."""

import os
import secrets
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from privacy_svc.vault import KeyProvider, create_provider, open_provider
from tests.transit_server import MOUNT, TransitServer

SOFTHSM = [Path(p) for p in ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")]
PIN, TOKEN, AWS_SECRET = "planted-pin-4711", "planted-token-4711", "planted-aws-secret-4711"
SECRETS = (PIN, TOKEN, AWS_SECRET)


@dataclass(frozen=True)
class Setting:
    key_provider: str


class Keeper(ABC):
    """One place for root keys of the test's own. `setting` opens it, from other processes too."""

    setting = "file"

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "keys"

    def create(self) -> KeyProvider:
        return create_provider(Setting(self.setting), self.folder)

    def open(self) -> KeyProvider:
        return open_provider(Setting(self.setting), self.folder)

    @abstractmethod
    @contextmanager
    def away(self) -> Iterator[None]:
        """While it does not answer."""


class Folder(Keeper):
    @contextmanager
    def away(self) -> Iterator[None]:
        gone = self.folder.with_name("gone")
        self.folder.rename(gone)
        yield
        gone.rename(self.folder)


class Token(Keeper):
    """A prefix of its own in the test process's SoftHSM token: the library reads its configuration once."""

    def __init__(self, folder: Path, tokens: Path) -> None:
        super().__init__(folder)
        self.tokens, self.prefix = tokens, f"org/{secrets.token_hex(4)}"
        pin = folder / "pin"
        pin.write_text(f"{PIN}\n")
        self.module = next(p for p in SOFTHSM if p.exists())
        self.setting = f"pkcs11:token=privacy;object={self.prefix}?module-path={self.module}&pin-source=file:{pin}"

    @contextmanager
    def away(self) -> Iterator[None]:
        gone = self.tokens.with_name("gone")
        self.tokens.rename(gone)
        yield
        gone.rename(self.tokens)


class Kms(Keeper):
    def __init__(self, folder: Path, server: Any) -> None:
        super().__init__(folder)
        self.server = server
        _, port = server.get_host_and_port()
        prefix = f"test-{secrets.token_hex(4)}"
        self.setting = f"aws-kms://eu-central-1/{prefix}?window=9&endpoint=http://127.0.0.1:{port}"

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody listens; the port stays the same."""
        self.server.stop()
        yield
        self.server.start()


class Transit(Keeper):
    def __init__(self, folder: Path, server: TransitServer) -> None:
        super().__init__(folder)
        self.server = server
        token = folder / "token"
        token.write_text(TOKEN)
        self.setting = f"transit+{server.url}/{MOUNT}/test-{secrets.token_hex(4)}?token-file={token}"

    @contextmanager
    def away(self) -> Iterator[None]:
        self.server.away = True
        yield
        self.server.away = False


def softhsm_tokens(folder: Path) -> Path | None:
    """A folder with an initialised token, configured in the environment; None without SoftHSM 2."""
    if shutil.which("softhsm2-util") is None or not any(p.exists() for p in SOFTHSM):
        return None
    tokens = folder / "tokens"
    tokens.mkdir()
    config = folder / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(config)
    make = ["softhsm2-util", "--init-token", "--free", "--label", "privacy", "--pin", PIN, "--so-pin", "so-pin-4711"]
    subprocess.run(make, check=True, capture_output=True)
    return tokens


@contextmanager
def pending_keys_are_refused() -> Iterator[None]:
    """moto knows that a key waits for its deletion, and uses it all the same; KMS refuses it (KMSInvalidState)."""
    from moto.core.exceptions import JsonRESTError
    from moto.kms.models import KmsBackend

    def checked(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            key = self.keys[self.any_id_to_key_id(kwargs["key_id"])]
            if key.key_state == "PendingDeletion":
                raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
            return method(self, *args, **kwargs)

        return call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(KmsBackend, "encrypt", checked(KmsBackend.encrypt))
        patch.setattr(KmsBackend, "decrypt", checked(KmsBackend.decrypt))
        yield
