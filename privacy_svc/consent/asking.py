"""From when a person may be asked for a consent: a no is left alone for a while, a yes is renewed in time. Pure."""

from datetime import datetime, timedelta

from privacy_svc.consent.states import State
from privacy_svc.policy import ConsentRule, add_duration

REFRESH = timedelta(days=30)
"""Before a consent runs out."""


def ask_from(rule: ConsentRule | None, state: str, since: datetime, valid_until: datetime | None) -> datetime | None:
    """None where there is nothing to ask: a consent without end, a link that waits to be confirmed, a purpose that asks
    for none any more. A refusal or withdrawal is remembered for the policy's `ask_again`."""
    if rule is None:
        return None
    match state:
        case State.REFUSED | State.WITHDRAWN:
            return add_duration(since, rule.ask_again)
        case State.GIVEN:
            return None if valid_until is None else max(since, valid_until - REFRESH)
        case State.EXPIRED | State.INVALIDATED:
            return since
    return None
