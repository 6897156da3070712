"""A recipient checks a webhook."""

import json
import time
from datetime import UTC, datetime

import pytest
import time_machine

from privacy_svc.client import WebhookRefused, verify_webhook
from privacy_svc.client.webhooks import signature

SECRET, OTHER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "A" * 43 + "="
BODY = json.dumps(
    {
        "type": "rights.erasure",
        "data": {"request": "r-1", "right": "erasure", "article": "GDPR 17", "identifier": "c-7"},
    }
).encode()
AT = 1_764_000_000


def headers(*secrets: str, at: int = AT, body: bytes = BODY) -> dict[str, str]:
    signed = " ".join(signature(s, "m-1", at, body) for s in secrets)
    return {"Webhook-Id": "m-1", "Webhook-Timestamp": str(at), "Webhook-Signature": signed}


@pytest.fixture(autouse=True)
def _now() -> object:
    with time_machine.travel(datetime.fromtimestamp(AT, UTC), tick=False):
        yield


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The specification's example, as the reference library (1.1.0) signs it."""
    signed = signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_notice() -> None:
    """Says what happened to whom by the recipient's own key, which does not appear when it is printed."""
    notice = verify_webhook(headers(SECRET), BODY, SECRET)
    assert (notice.id, notice.request, notice.right, notice.article) == ("m-1", "r-1", "erasure", "GDPR 17")
    assert notice.identifier == "c-7"
    assert "c-7" not in repr(notice)


def test_while_a_secret_is_replaced() -> None:
    """Signed by both: who knows the old one, the new one or both accepts it."""
    signed = headers(OTHER, SECRET)
    for known in (SECRET, OTHER, [OTHER, SECRET]):
        assert verify_webhook(signed, BODY, known)


@pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
@pytest.mark.parametrize("value", [None, "", "0", "x", "-1", "\u0661", "v1,", "v1,AAAA v2,AAAA", "9" * 30])
def test_whatever_is_changed_in_a_header(name: str, value: str | None) -> None:
    """Missing, empty, nonsense: refused, never an error of another kind."""
    changed = {k: v for k, v in headers(SECRET).items() if k != name} | ({name: value} if value is not None else {})
    with pytest.raises(WebhookRefused):
        verify_webhook(changed, BODY, SECRET)


def test_whatever_is_changed_in_the_body() -> None:
    """One byte anywhere."""
    for place in range(0, len(BODY), 7):
        body = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
        with pytest.raises(WebhookRefused):
            verify_webhook(headers(SECRET), body, SECRET)


@pytest.mark.parametrize(("offset", "good"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_an_old_message_is_refused(offset: int, *, good: bool) -> None:
    """Also one from the future: what was recorded once cannot be sent again later."""
    signed = headers(SECRET, at=int(time.time()) + offset)
    if good:
        assert verify_webhook(signed, BODY, SECRET)
    else:
        with pytest.raises(WebhookRefused, match="old"):
            verify_webhook(signed, BODY, SECRET)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_AAAA", "whsec_!!!", "whsec_" + "A" * 400])
def test_what_is_no_secret(secret: str) -> None:
    """Too short to be one: nothing is ever verified by it."""
    with pytest.raises(ValueError, match="24 to 64 bytes"):
        verify_webhook(headers(SECRET), BODY, secret)


def test_a_signed_body_that_is_no_notice() -> None:
    """Refused as well."""
    with pytest.raises(WebhookRefused, match="notice"):
        verify_webhook(headers(SECRET, body=b"[]"), b"[]", SECRET)
