"""Tests beside the policies: they fail when the policy says otherwise, and tell which rules they never hit."""

from dataclasses import replace
from pathlib import Path

import pytest

from privacy_svc.errors import Misconfigured
from privacy_svc.examples import folder
from privacy_svc.policy import TestRun, load_policies, read_cases, run_cases
from tests.policy.small import FILES

HEAD = "at: 2026-11-23\npeople:\n  ana: {age: 40, consents: {news: given}}\ntests:\n"
GOOD = """\
  - {name: letters, module: mail, purpose: news, person: ana, expect: {email: permit, phone: deny},
     reasons: [category_not_in_purpose]}
  - {name: masked, module: shop, purpose: service, person: {}, expect: {phone: last4}}
"""


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "tests").mkdir()
    return tmp_path


def run(root: Path, tests: str) -> TestRun:
    (root / "tests" / "one.yml").write_text(tests)
    found = load_policies(root)
    return run_cases(found, read_cases(root, found))


def test_the_example_hits_every_rule_both_ways() -> None:
    """The example policies decide what their tests say, and no rule is left out."""
    policies = load_policies(folder("policies"))
    done = run_cases(policies, read_cases(folder("policies"), policies))
    assert done.failures == ()
    assert done.unhit == ()
    assert done.tests > 100


@pytest.mark.parametrize("purpose", sorted(load_policies(folder("policies")).purposes))
def test_the_examples_tests_notice_a_loosened_purpose(purpose: str) -> None:
    """Every purpose given to every module, for every category: a test of that purpose fails."""
    policies = load_policies(folder("policies"))
    old = policies.purposes[purpose]
    looser = replace(old, categories=("user",), prohibited=(), masks={}, retention=None)
    modules = {k: replace(m, purposes=m.purposes | {purpose}) for k, m in policies.modules.items()}
    changed = replace(policies, purposes={**policies.purposes, purpose: looser}, modules=modules)
    assert run_cases(changed, read_cases(folder("policies"), policies)).failures


def test_a_good_test_passes_and_covers_its_rules(policies: Path) -> None:
    """What was permitted and denied is told as hit; the rest is listed."""
    done = run(policies, HEAD + GOOD)
    assert (done.tests, done.failures) == (2, ())
    unhit = {(u.rule, u.side) for u in done.unhit}
    assert ("news#8-minimisation", "deny") not in unhit
    assert ("service#10-mask:user.contact.phone_number", "permit") not in unhit
    assert {("news#3-erasure", "deny"), ("service#8-minimisation:user.contact.address", "deny")} <= unhit


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (GOOD.replace("email: permit", "email: deny"), "email: expected deny, got permit"),
        (GOOD.replace("phone: last4", "phone: permit"), "phone: expected permit, got last4"),
        (GOOD.replace("[category_not_in_purpose]", "[]"), "did not expect the reason category_not_in_purpose"),
        (GOOD.replace("_in_purpose]", "_in_purpose, erased]"), "expected the reason erased"),
    ],
)
def test_a_wrong_expectation_fails(policies: Path, wrong: str, told: str) -> None:
    """Another effect, another mask, a reason too many or too few."""
    (failure,) = run(policies, HEAD + wrong).failures
    assert told in failure.detail
    assert "/tests/one.yml:" in failure.place


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("at: tomorrow\ntests: []\n", "one.yml:1: 'at' must be a day"),
        ("tests: []\n", "lacks 'at'"),
        (HEAD + GOOD.replace("person: ana", "person: anna"), "unknown person 'anna', did you mean 'ana'?"),
        (
            HEAD + GOOD.replace("email: permit", "email: permitted"),
            "unknown effect 'permitted', did you mean 'permit'?",
        ),
        (HEAD + GOOD.replace("name: letters", "nme: letters"), "unknown key 'nme'"),
        (HEAD.replace("news: given", "nws: given"), "did you mean 'news'?"),
        (HEAD + GOOD.replace("expect: {phone: last4}", "expect: {}"), "'expect' names no field"),
        ("tests: [", "not YAML"),
    ],
)
def test_a_test_that_cannot_be_read_is_refused(policies: Path, broken: str, told: str) -> None:
    """With file, line and the nearest right word; never half of the tests."""
    with pytest.raises(Misconfigured) as refused:
        run(policies, broken)
    assert told in str(refused.value)


def test_tests_are_no_part_of_the_policy(policies: Path) -> None:
    """A changed test is not a new version of the policy."""
    before = load_policies(policies).version
    (policies / "tests" / "one.yml").write_text("anything: [")
    assert load_policies(policies).version == before


@pytest.mark.parametrize("boundary", ["2026-11-22", "2026-11-23T00:00:00Z"])
def test_time_is_fixed(policies: Path, boundary: str) -> None:
    """A consent that ends at the test's instant has ended, whatever the clock of the machine says."""
    person = f"{{age: 40, consents: {{news: {{state: given, valid_until: {boundary}}}}}}}"
    asked = f"name: over, module: mail, purpose: news, person: {person}"
    case = f"  - {{{asked}, expect: {{email: deny}}, reasons: [consent_expired]}}\n"
    assert run(policies, HEAD + case).failures == ()
    assert run(policies, HEAD.replace("2026-11-23", "2026-11-21") + case).failures
