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


def test_the_example_names_each_that_it_needs(policies: PolicySet) -> None:
    """What a shop does with orders and newsletters meets at most one criterion, and is answered; letters of colleagues
    and customers are highly personal."""
    found = [p for p in screening(policies)["purposes"] if p["needed"] is not False]
    assert {p["id"]: p["assessment"] for p in found} == dict.fromkeys(
        ("rights.handling", "legal.claims", "storage.archive"), "DPIA-2026-02"
    )


def test_an_automated_decision_always_needs_one(policies: PolicySet) -> None:
    """Art. 35(3)(a); a decision about a contract bars people from a service as well."""
    automated = Automated({"en": "x"}, {"en": "y"}, AutomatedGround.CONTRACT)
    found = _screened(policies, "security.fraud", automated=automated)
    assert (found["always"], found["needed"], found["article"]) == (True, True, "GDPR 35(3)(a)")
    assert found["criteria"] == ["evaluation", "automated_decision", "bars_from_service"]


_NO: dict[str, Any] = {"large_scale": False, "new_technology": False}


def test_two_criteria_are_likely_a_high_risk(policies: PolicySet) -> None:
    """A profile alone is one; a profile of colleagues, who cannot easily refuse, is two (WP 248)."""
    assert _screened(policies, "analytics.product", profiling=True, **_NO)["needed"] is False
    found = _screened(policies, "employment.directory", profiling=True)
    assert (found["criteria"], found["needed"]) == (["evaluation", "vulnerable_people"], True)


@pytest.mark.parametrize(
    ("answers", "needed", "unanswered"),
    [
        ({}, None, ["large_scale", "new_technology"]),
        ({"large_scale": False}, None, ["new_technology"]),
        (_NO, False, []),
        ({"new_technology": True}, True, ["large_scale"]),
    ],
)
def test_one_criterion_hangs_on_what_a_person_answers(
    policies: PolicySet, answers: dict[str, Any], needed: bool | None, unanswered: list[str]
) -> None:
    """Until both open ones are answered with no, nobody can say that none is needed."""
    found = _screened(policies, "analytics.product", profiling=True, **answers)
    assert (found["needed"], found["open"], found["article"]) == (needed, unanswered, "GDPR 35(1)")


@pytest.mark.parametrize("use", ["personalize.profiling", "marketing.advertising.profiling"])
def test_a_use_that_is_profiling_by_name_is_an_evaluation(policies: PolicySet, use: str) -> None:
    """Also where nobody set `profiling`."""
    assert _screened(policies, "analytics.product", use=use)["criteria"] == ["evaluation"]


@pytest.mark.parametrize(
    ("category", "article", "criterion"),
    [
        ("user.location", "GDPR 35(3)(c)", "systematic_monitoring"),
        ("user.content.private", "GDPR 35(1)", "sensitive_data"),
    ],
)
def test_monitoring_and_private_letters(policies: PolicySet, category: str, article: str, criterion: str) -> None:
    """Public places that are monitored on a large scale have their own letter; private letters are highly personal."""
    found = _screened(_holding(policies, category), "service.support", categories=(category,), large_scale=None)
    assert (found["criteria"], found["needed"], found["article"]) == ([criterion], None, article)


@pytest.mark.parametrize("category", ["user.health_and_medical", "user.criminal_history"])
def test_special_and_criminal_data_are_for_a_person_to_judge(policies: PolicySet, category: str) -> None:
    """Art. 35(3)(b) asks for one on a large scale, which no file tells: neither yes nor no. Two criteria are a yes."""
    holding, unanswered = _holding(policies, category), dict.fromkeys(_NO)
    found = _screened(holding, "service.support", categories=(category,), **unanswered)
    assert (found["needed"], found["article"]) == (None, "GDPR 35(3)(b)")
    found = _screened(holding, "service.support", categories=(category,), profiling=True, **unanswered)
    assert (found["needed"], found["article"]) == (True, "GDPR 35(3)(b)")
    found = _screened(holding, "service.support", categories=(category,), **_NO)
    assert (found["needed"], found["article"]) == (False, "GDPR 35(1)")


def _holding(policies: PolicySet, category: str) -> PolicySet:
    """A store with one field, of this category."""
    shop = policies.data_map.datasets[0]
    customers = shop.collections[0]
    held = replace(customers, fields=(replace(customers.fields[0], categories=(category,)),))
    return replace(policies, data_map=DataMap((replace(shop, collections=(held,)),)))


def test_what_is_not_held_is_no_criterion(policies: PolicySet) -> None:
    """A purpose is judged by what there is of its categories: no health data, no criterion."""
    found = _screened(policies, "service.contract", categories=("user.health_and_medical", "user.name"))
    assert found["criteria"] == []


def test_what_the_files_cannot_say_stays_open(policies: PolicySet) -> None:
    """Scale and new technology are for a person to answer."""
    assert _screened(policies, "service.contract")["open"] == ["large_scale", "new_technology"]
