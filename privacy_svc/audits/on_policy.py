"""Built-in checks of the policy in force, beside what `policy check` refuses outright."""

from collections.abc import Iterator

from sqlalchemy import text

from privacy_svc.audits.context import Context, Evidence
from privacy_svc.audits.dpia import screening
from privacy_svc.audits.ropa import register
from privacy_svc.policy import read_cases, run_cases

_SEALED = text("SELECT field FROM sealed_columns WHERE complete_at IS NOT NULL")


def register_incomplete(context: Context) -> Iterator[Evidence]:
    """What Art. 30(1) asks for and the policy does not say."""
    sealed = context.run.views.execute(_SEALED).scalars().all()
    for gap in register(context.run.policies, sealed)["missing"]:
        yield Evidence(f"{gap['activity']}:{gap['field']}")


def impact_assessment_missing(context: Context) -> Iterator[Evidence]:
    """Purposes that by their own words need an assessment under Art. 35, or may and a person has to say it, and name
    none."""
    for found in screening(context.run.policies)["purposes"]:
        if found["needed"] is not False and not found["assessment"]:
            yield Evidence(found["id"])


def purposes_without_test(context: Context) -> Iterator[Evidence]:
    """Purposes about which no test beside the policies says what is to be decided, and tests that fail."""
    policies = context.run.policies
    cases = read_cases(context.run.settings.policies, policies)
    asked = {case.purpose for case in cases}
    yield from (Evidence(key) for key in sorted(policies.purposes.keys() - asked))
    yield from (Evidence(failure.place) for failure in run_cases(policies, cases).failures)


POLICY_CHECKS = {f.__name__: f for f in (register_incomplete, impact_assessment_missing, purposes_without_test)}
