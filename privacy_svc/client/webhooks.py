"""Webhooks of this service, as Standard Webhooks 1.0 (https://www.standardwebhooks.com): what a recipient checks.

The signature covers id, time and body, so that nothing of them can be changed. An old message is refused; one that
is sent again within that time has the same id: note the ids you have worked off.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from privacy_svc.client.errors import PrivacyError

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"
MAX_AGE = 300
"""Seconds that a message may be old, or from the future by a clock that is wrong."""


class WebhookRefused(PrivacyError):
    """Not sent by the service, or not now. Answer 400 or 401 and do nothing; what is refused is sent again."""


@dataclass(frozen=True, slots=True)
class ChangeNotice:
    """What you are told (GDPR 19): a person made use of a right, and you hold data about them. `identifier` is your
    own key for the person, where the sender knows it; it never appears in `repr`."""

    id: str
    request: str
    right: str
    article: str
    identifier: str | None

    def __repr__(self) -> str:
        return f"ChangeNotice({self.id!r}, {self.right!r}, …)"


def verify_webhook(
    headers: Mapping[str, str], body: bytes, secrets: str | Sequence[str], *, max_age: float = MAX_AGE
) -> ChangeNotice:
    """The notice, once one of your secrets is shown to have signed exactly this body lately. Raises WebhookRefused.

    Give both secrets while one is replaced. Every comparison takes the same time, whatever is compared.
    """
    given = {name.lower(): value for name, value in headers.items()}
    if not all(name in given for name in (ID, TIMESTAMP, SIGNATURE)):
        raise WebhookRefused(f"The headers {ID}, {TIMESTAMP} and {SIGNATURE} are missing.")
    stamp = given[TIMESTAMP]
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 20):
        raise WebhookRefused(f"{TIMESTAMP} is no time.")
    known = [secrets] if isinstance(secrets, str) else list(secrets)
    expected = [signature(secret, given[ID], int(stamp), body).encode() for secret in known]
    shown = [part.encode() for part in given[SIGNATURE].split(" ")]
    matches = [hmac.compare_digest(ours, theirs) for ours in expected for theirs in shown]
    if not any(matches):
        raise WebhookRefused("No signature is by one of these secrets.")
    if abs(time.time() - int(stamp)) > max_age:
        raise WebhookRefused("The message is too old, or from the future.")
    return _notice(given[ID], body)


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 over id, time and body. Raises ValueError for what is no secret."""
    message = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(_key(secret), message, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    """`whsec_` and 24 to 64 bytes in Base64."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not 24 <= len(key) <= 64:
        raise ValueError(f"a webhook secret is {PREFIX} and 24 to 64 bytes in Base64") from None
    return key


def _notice(message_id: str, body: bytes) -> ChangeNotice:
    try:
        told = json.loads(body)
        data = told["data"]
        return ChangeNotice(message_id, data["request"], data["right"], data["article"], data.get("identifier"))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise WebhookRefused("The body is not a notice of this service.") from None
