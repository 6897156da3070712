"""Root keys in AWS KMS: one key an epoch, found by its alias `alias/<prefix>-epoch-<n>`.

KMS deletes a key only after a waiting time of 7 to 30 days, during which an administrator can cancel it; it opens
nothing meanwhile. `Destruction.at` is the date KMS names.
"""

import base64
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from privacy_svc.errors import Conflict, KeyUnavailable, Misconfigured
from privacy_svc.vault.errors import Tampered
from privacy_svc.vault.keys import Key
from privacy_svc.vault.providers.process import PerProcess
from privacy_svc.vault.providers.protocol import HELD, Destruction, check_binding, numbers

SHORT = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3, "mode": "standard"})
PENDING = "PendingDeletion"
DOES_NOT_OPEN = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})


class AwsKmsKeyProvider:
    """Credentials come from boto3's usual chain; docs/keys.md lists what they must allow."""

    def __init__(self, region: str, prefix: str, window: int = 7, endpoint: str | None = None) -> None:
        # Below that level it logs whole messages, with page keys in them.
        logging.getLogger("botocore").setLevel(logging.INFO)
        self._region, self._prefix, self._window, self._endpoint = region, prefix, window, endpoint
        self._client = PerProcess(self._connect)

    @classmethod
    def create(cls, region: str, prefix: str, window: int = 7, endpoint: str | None = None) -> Self:
        """A first epoch. Refuses a prefix that has one: keys are never made twice."""
        provider = cls(region, prefix, window, endpoint)
        if provider._named():
            raise Misconfigured(f"{provider!r} already holds keys{HELD}")
        provider._make(1)
        check_binding(provider)
        return provider

    @classmethod
    def open(cls, region: str, prefix: str, window: int = 7, endpoint: str | None = None) -> Self:
        """Raises KeyUnavailable when the service or the keys are missing."""
        provider = cls(region, prefix, window, endpoint)
        check_binding(provider)
        return provider

    def __repr__(self) -> str:
        return f"AwsKmsKeyProvider({self._region!r}, {self._prefix!r})"

    @property
    def destruction_delay(self) -> timedelta:
        return timedelta(days=self._window)

    def epochs(self) -> list[int]:
        """Without those KMS was told to delete: they open nothing any more."""
        return [epoch for epoch in self._named() if self._state(epoch)["KeyState"] != PENDING]

    def current_epoch(self) -> int:
        """The newest; what is wrapped now is wrapped under it. Raises KeyUnavailable where there is none."""
        epochs = self._named()
        if not epochs:
            raise KeyUnavailable(f"There are no keys in {self!r}; none are made anew.")
        return epochs[-1]

    def wrap(self, epoch: int, key: Key, binding: bytes) -> bytes:
        with self._answers():
            done = self._kms.encrypt(
                KeyId=self._alias(epoch), Plaintext=key.reveal(), EncryptionContext=_context(binding)
            )
        return bytes(done["CiphertextBlob"])

    def unwrap(self, epoch: int, wrapped: bytes, binding: bytes) -> Key:
        with self._answers():
            done = self._kms.decrypt(
                KeyId=self._alias(epoch), CiphertextBlob=wrapped, EncryptionContext=_context(binding)
            )
        return Key(done["Plaintext"])

    def roll(self) -> int:
        """A new epoch; Conflict where another process made it at this moment."""
        epoch = self.current_epoch() + 1
        self._make(epoch)
        return epoch

    def destroy(self, epoch: int) -> Destruction:
        """Orders the deletion; a second time tells the same date. The epoch in use is refused: roll first."""
        named = self._named()
        if not named:
            raise KeyUnavailable(f"There are no keys in {self!r}.")
        if epoch >= named[-1]:
            raise Conflict(f"Epoch {epoch} is in use; roll to a new one first.")
        if epoch not in named:
            return Destruction(datetime.now(UTC), f"no key of epoch {epoch} in AWS KMS any more")
        state = self._state(epoch)
        receipt = f"AWS KMS deletes {state['Arn']}"
        if state["KeyState"] != PENDING:
            with self._answers():
                state = self._kms.schedule_key_deletion(KeyId=state["KeyId"], PendingWindowInDays=self._window)
            receipt += f", request {state['ResponseMetadata']['RequestId']}"
        return Destruction(state["DeletionDate"].astimezone(UTC), receipt)

    def _make(self, epoch: int) -> None:
        """The alias decides which of two keys made at once is the epoch; the other, which nothing knows, is deleted.
        After an answer that was lost the alias may be ours already, so it is looked at before that."""
        with self._answers():
            tags = [{"TagKey": "privacy-svc", "TagValue": self._alias(epoch)}]
            made = self._kms.create_key(Description=f"privacy-svc root key, epoch {epoch}", Tags=tags)["KeyMetadata"]
            try:
                self._kms.create_alias(AliasName=self._alias(epoch), TargetKeyId=made["KeyId"])
            except self._kms.exceptions.AlreadyExistsException:
                if self._state(epoch)["KeyId"] == made["KeyId"]:
                    return
                self._kms.schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=7)
                raise Conflict(f"Another process made epoch {epoch} at this moment.") from None

    def _alias(self, epoch: int) -> str:
        return f"alias/{self._prefix}-epoch-{epoch}"

    def _named(self) -> list[int]:
        with self._answers():
            pages = self._kms.get_paginator("list_aliases").paginate()
            return numbers((a["AliasName"] for page in pages for a in page["Aliases"]), f"alias/{self._prefix}-epoch-")

    def _state(self, epoch: int) -> Any:
        with self._answers():
            return self._kms.describe_key(KeyId=self._alias(epoch))["KeyMetadata"]

    @property
    def _kms(self) -> Any:
        return self._client.get()

    def _connect(self) -> Any:
        return boto3.session.Session().client(
            "kms", region_name=self._region, endpoint_url=self._endpoint, config=SHORT
        )

    @contextmanager
    def _answers(self) -> Iterator[None]:
        """Only KMS's own word that a ciphertext does not open is Tampered."""
        try:
            yield
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in DOES_NOT_OPEN:
                raise Tampered("A wrapped key does not open.") from None
            raise KeyUnavailable(f"AWS KMS in {self._region} refused {error.operation_name}: {code}.") from None
        except BotoCoreError as error:
            raise KeyUnavailable(f"AWS KMS in {self._region} does not answer: {type(error).__name__}.") from None


def _context(binding: bytes) -> dict[str, str]:
    return {"binding": base64.b64encode(binding).decode()}
