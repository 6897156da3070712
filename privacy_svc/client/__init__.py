"""The SDK for CRM modules: ask, read, change, record consent, append to the log. Sync, typed, one import.

It speaks the HTTP contract and depends on nothing else in this package, so that a module
need not install the service.

    from privacy_svc.client import PrivacyClient

    with PrivacyClient("http://127.0.0.1:8480", token) as privacy:
        answer = privacy.evaluate("1001", module="marketing", purpose="marketing.email", fields=["email"])
        if answer.permitted:
            record = privacy.read("shop", "customers", "1001", purpose="marketing.email", fields=["email"])
            send(record.fields["email"])
"""

from privacy_svc.client.calls import Answer, PrivacyClient, Problem, Record, Withheld

__all__ = ["Answer", "PrivacyClient", "Problem", "Record", "Withheld"]
