"""The clock of one request: from when it runs, when it stands still, when the answer is due.

EU: it runs from receipt, and stands still while the person is asked something without which the request cannot be
answered (EDPB 01/2022, 5.3). UK: it does not start before the identity is shown (Art. 12A). What was never asked
stops nothing, and what is answered on the same day costs no day.
"""

from datetime import datetime

from privacy_svc.policy import PolicySet
from privacy_svc.rights.deadlines import Calendar, Deadline, days_between, deadline, profile_of
from privacy_svc.rights.model import DataRequest


def begin(policies: PolicySet, request: DataRequest) -> None:
    """At receipt."""
    if profile_of(policies.organisation.deadlines.law).identity_starts_clock:
        request.paused_since = request.received_at
    set_due(policies, request)


def identified(policies: PolicySet, request: DataRequest, at: datetime) -> None:
    """The person has shown who they are, `at` that moment."""
    if profile_of(policies.organisation.deadlines.law).identity_starts_clock:
        request.clock_from = max(request.received_at, request.clock_from or at)
        request.paused_since = at if request.stops_clock else None
        set_due(policies, request)


def stop(request: DataRequest, at: datetime) -> None:
    request.paused_since = request.paused_since or at


def resume(policies: PolicySet, request: DataRequest, at: datetime) -> None:
    """Where it stands still for a question. A clock that never started goes on waiting for the identity."""
    if request.paused_since is None or not is_started(policies, request):
        return
    zone = policies.organisation.time_zone
    request.paused_days += days_between(request.paused_since, at, zone)
    request.paused_since = None
    set_due(policies, request)


def is_started(policies: PolicySet, request: DataRequest) -> bool:
    late = profile_of(policies.organisation.deadlines.law).identity_starts_clock
    return request.verified_at is not None or not late


def set_due(policies: PolicySet, request: DataRequest) -> None:
    due = _deadline(policies, request)
    request.due_at, request.due_conservative = due.due_at, due.due_conservative


def extended(policies: PolicySet, request: DataRequest) -> Deadline:
    """The deadline that it would get."""
    return _deadline(policies, request, longer=True)


def _deadline(policies: PolicySet, request: DataRequest, *, longer: bool = False) -> Deadline:
    organisation = policies.organisation
    rules = organisation.deadlines
    profile = profile_of(rules.law)
    calendar = Calendar(organisation.controller.country, profile, rules.region, rules.holidays)
    months = profile.extended_months if longer or request.extended_at else profile.months
    start = request.clock_from or request.received_at
    return deadline(start, months, organisation.time_zone, calendar, request.paused_days or 0)
