"""Screening for impact assessments (Art. 35 GDPR), per purpose, from the policy in force. Pure.

Art. 35(3) names processing that always needs one; otherwise two of the nine criteria of the Article 29 Working Party
(WP 248 rev.01, III.B) mean that it is likely to. What a policy cannot say, a person answers: `open`. Special
categories and criminal data need one on a large scale (35(3)(b)), so of these a person has to say it: `needed` is None.
"""

from collections.abc import Collection, Iterator
from typing import Any

from privacy_svc.policy import AutomatedGround, PolicySet, Purpose, special_article, within

TYPE = "privacy-svc/dpia-screening"
VERSION = 1
LIKELY = 2
"""So many of the criteria."""
OPEN = ("large_scale", "new_technology")
"""Criteria about which the files say nothing."""
_PERSONAL = ("user.financial", "user.payment", "user.location.precise", "user.government_id")
"""Highly personal in the sense of the fourth criterion, beside Art. 9 and 10."""
_MONITORING = ("user.location", "user.behavior.browsing_history", "user.telemetry", "user.user_sensor", "user.sensor")
_VULNERABLE = frozenset({"employee", "job_applicant", "patient", "trainee"})


def screening(policies: PolicySet) -> dict[str, Any]:
    return {
        "type": TYPE,
        "version": VERSION,
        "policy": policies.version,
        "purposes": [_screened(policies, p) for p in policies.purposes.values()],
    }


def _screened(policies: PolicySet, purpose: Purpose) -> dict[str, Any]:
    held = _held(policies, purpose)
    criteria = list(_criteria(purpose, held))
    always = purpose.automated is not None
    needed = True if always or len(criteria) >= LIKELY else _unless_large(held)
    return {
        "id": purpose.key,
        "criteria": criteria,
        "open": list(OPEN),
        "always": always,
        "needed": needed,
        "article": "GDPR 35(3)(a)" if always else "GDPR 35(3)(b)" if needed is None else "GDPR 35(1)",
        "assessment": purpose.impact_assessment,
        "reviewed": purpose.impact_assessment_reviewed and purpose.impact_assessment_reviewed.isoformat(),
    }


def _unless_large(held: Collection[str]) -> bool | None:
    return None if any(map(special_article, held)) else False


def _held(policies: PolicySet, purpose: Purpose) -> dict[str, set[str]]:
    """The categories that the purpose may have and that are there, with the datasets they are in."""
    found: dict[str, set[str]] = {}
    for collection in policies.data_map.collections():
        for category in {c for f in collection.fields for c in f.categories if purpose.covers(c)}:
            found.setdefault(category, set()).add(collection.dataset)
    return found


def _criteria(purpose: Purpose, held: dict[str, set[str]]) -> Iterator[str]:
    """In the order of WP 248, without the two that a person answers."""
    automated = purpose.automated
    if purpose.profiling or automated:
        yield "evaluation"
    if automated:
        yield "automated_decision"
    if any(within(c, _MONITORING) for c in held):
        yield "systematic_monitoring"
    if any(special_article(c) or within(c, _PERSONAL) for c in held):
        yield "sensitive_data"
    if len(set().union(*held.values())) > 1:
        yield "matching_datasets"
    if purpose.subjects & _VULNERABLE or any(within(c, ("user.childrens",)) for c in held):
        yield "vulnerable_people"
    if automated and automated.ground is AutomatedGround.CONTRACT:
        yield "bars_from_service"
