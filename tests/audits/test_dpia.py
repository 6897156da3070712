"""Which purposes need an impact assessment, by what the policy says of them."""

from dataclasses import replace
from typing import Any

import pytest

from privacy_svc.audits.dpia import screening
from privacy_svc.policy import Automated, AutomatedGround, DataMap, PolicySet, load_policies
from tests.audits.conftest import REPOSITORY


@pytest.fixture(scope="module")
def policies() -> PolicySet:
    return load_policies(REPOSITORY / "policies")


def _screened(policies: PolicySet, key: str, **changed: Any) -> dict[str, Any]:
    purpose = replace(policies.purposes[key], **changed)
    found = screening(replace(policies, purposes={key: purpose}))["purposes"]
    return dict(found[0])


def test_the_example_needs_none(policies: PolicySet) -> None:
    """What a shop does with orders and newsletters meets at most one criterion."""
    assert [p["id"] for p in screening(policies)["purposes"] if p["needed"] is not False] == []


def test_an_automated_decision_always_needs_one(policies: PolicySet) -> None:
    """Art. 35(3)(a); a decision about a contract bars people from a service as well."""
    automated = Automated({"en": "x"}, {"en": "y"}, AutomatedGround.CONTRACT)
    found = _screened(policies, "security.fraud", automated=automated)
    assert (found["always"], found["needed"], found["article"]) == (True, True, "GDPR 35(3)(a)")
    assert found["criteria"] == ["evaluation", "automated_decision", "bars_from_service"]


def test_two_criteria_are_likely_a_high_risk_and_one_is_not(policies: PolicySet) -> None:
    """A profile alone is one; a profile of colleagues, who cannot easily refuse, is two (WP 248)."""
    assert _screened(policies, "analytics.product", profiling=True)["needed"] is False
    found = _screened(policies, "employment.directory", profiling=True)
    assert (found["criteria"], found["needed"]) == (["evaluation", "vulnerable_people"], True)


@pytest.mark.parametrize("category", ["user.health_and_medical", "user.criminal_history"])
def test_special_and_criminal_data_are_for_a_person_to_judge(policies: PolicySet, category: str) -> None:
    """Art. 35(3)(b) asks for one on a large scale, which no file tells: neither yes nor no. Two criteria are a yes."""
    shop = policies.data_map.datasets[0]
    customers = shop.collections[0]
    held = replace(customers, fields=(replace(customers.fields[0], categories=(category,)),))
    holding = replace(policies, data_map=DataMap((replace(shop, collections=(held,)),)))
    found = _screened(holding, "service.support", categories=(category,))
    assert (found["needed"], found["article"]) == (None, "GDPR 35(3)(b)")
    found = _screened(holding, "service.support", categories=(category,), profiling=True)
    assert (found["needed"], found["article"]) == (True, "GDPR 35(1)")


def test_what_is_not_held_is_no_criterion(policies: PolicySet) -> None:
    """A purpose that may have everything is judged by what there is: no health data, no criterion."""
    assert "sensitive_data" not in _screened(policies, "storage.archive")["criteria"]


def test_what_the_files_cannot_say_stays_open(policies: PolicySet) -> None:
    """Scale and new technology are for a person to answer."""
    assert _screened(policies, "service.contract")["open"] == ["large_scale", "new_technology"]
