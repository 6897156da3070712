"""Screening for impact assessments (Art. 35 GDPR), per purpose, from the policy in force. Pure.

Art. 35(3) names processing that always needs one; otherwise two of the nine criteria of the Article 29 Working Party
(WP 248 rev.01, III.B) mean that it is likely to. What a policy cannot say of itself a person answers in it: until then
it is `open`, and where the answers would decide, `needed` is None. Special categories and criminal data (35(3)(b)) and
the monitoring of public places (35(3)(c)) need one on a large scale.
"""

from collections.abc import Collection, Iterator
from typing import Any

from privacy_svc.policy import AutomatedGround, PolicySet, Purpose, special_article, within

TYPE = "privacy-svc/dpia-screening"
VERSION = 1
LIKELY = 2
"""So many of the criteria."""
OPEN = ("large_scale", "new_technology")
"""Criteria that a person answers: `large_scale` and `new_technology` of a purpose."""
_PERSONAL = (
    "user.financial",
    "user.payment",
    "user.location.precise",
    "user.government_id",
    "user.content.private",
)
"""Highly personal in the sense of the fourth criterion, beside Art. 9 and 10."""
_MONITORING = ("user.location", "user.behavior.browsing_history", "user.telemetry", "user.user_sensor", "user.sensor")
_EVALUATING = ("personalize", "marketing.advertising.profiling")
"""Uses that are an evaluation or scoring of people by their name."""
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
    answers = {name: getattr(purpose, name) for name in OPEN}
    criteria = [*_criteria(purpose, held), *(name for name in OPEN if answers[name])]
    unanswered = [name for name in OPEN if answers[name] is None]
    always = purpose.automated is not None
    on_large_scale = _on_large_scale(held, criteria)
    return {
        "id": purpose.key,
        "criteria": criteria,
        "open": unanswered,
        "always": always,
        "needed": always or _needed(len(criteria), unanswered, bool(on_large_scale)),
        "article": "GDPR 35(3)(a)" if always else (purpose.large_scale is not False and on_large_scale) or "GDPR 35(1)",
        "assessment": purpose.impact_assessment,
        "reviewed": purpose.impact_assessment_reviewed and purpose.impact_assessment_reviewed.isoformat(),
    }


def _needed(met: int, unanswered: Collection[str], on_large_scale: bool) -> bool | None:
    """None where it hangs on what nobody has answered."""
    if met >= LIKELY:
        return True
    hangs = met > 0 and met + len(unanswered) >= LIKELY
    return None if hangs or (on_large_scale and "large_scale" in unanswered) else False


def _on_large_scale(held: Collection[str], criteria: Collection[str]) -> str | None:
    """The article by which the scale decides."""
    if any(map(special_article, held)):
        return "GDPR 35(3)(b)"
    return "GDPR 35(3)(c)" if "systematic_monitoring" in criteria else None


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
    if purpose.profiling or automated or within(purpose.use, _EVALUATING):
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
