"""The SDK for CRM modules: ask, read, change, record consent, append to the log. Sync, typed, one import.

It speaks the HTTP contract and needs httpx alone: nothing else of this package. Whatever is not a clear yes is a no.

    from privacy_svc.client import Client

    with Client("http://127.0.0.1:8480", token, module="marketing") as privacy:
        if privacy.evaluate("1001", purpose="marketing.email", fields=["email"]):
            record = privacy.read("shop", "customers", "1001", purpose="marketing.email", fields=["email"])
            send(record["email"])
"""

from privacy_svc.client.answers import (
    Consent,
    Consents,
    Customer,
    Decision,
    FieldEffect,
    Guardian,
    Member,
    Notice,
    Reason,
    Record,
    Said,
    Signal,
    Source,
    Standing,
    Totals,
    UnsubscribeLink,
    Withheld,
)
from privacy_svc.client.audience import Audience
from privacy_svc.client.client import Client
from privacy_svc.client.errors import (
    BadCall,
    Conflict,
    Denied,
    Erased,
    Failed,
    Forbidden,
    NotFound,
    NotSignedIn,
    PrivacyError,
    Problem,
    Unanswered,
    Unsendable,
)
from privacy_svc.client.purpose import Purpose, released
from privacy_svc.client.rows import Column, columns
from privacy_svc.client.webhooks import ChangeNotice, WebhookRefused, verify_webhook

__all__ = [
    "Audience",
    "BadCall",
    "ChangeNotice",
    "Client",
    "Column",
    "Conflict",
    "Consent",
    "Consents",
    "Customer",
    "Decision",
    "Denied",
    "Erased",
    "Failed",
    "FieldEffect",
    "Forbidden",
    "Guardian",
    "Member",
    "NotFound",
    "NotSignedIn",
    "Notice",
    "PrivacyError",
    "Problem",
    "Purpose",
    "Reason",
    "Record",
    "Said",
    "Signal",
    "Source",
    "Standing",
    "Totals",
    "Unanswered",
    "Unsendable",
    "UnsubscribeLink",
    "WebhookRefused",
    "Withheld",
    "columns",
    "released",
    "verify_webhook",
]
