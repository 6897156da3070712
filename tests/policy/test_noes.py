"""Every no ends the use it is about; and the tests that say so notice each rule that stops counting."""

import importlib
import inspect
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy_svc.policy import SubjectState, decide
from tests.policy.noes import broken, everything, noes
from tests.policy.small import NOW
from tests.policy.test_decide_properties import POLICIES, PURPOSES, fields, modules, states

RULES = importlib.import_module("privacy_svc.policy.decide")
FIELD_RULES = importlib.import_module("privacy_svc.policy.fieldrules")


def test_every_no_is_heard() -> None:
    """After who agreed to everything says no, in any way there is, nothing is left of the use."""
    assert broken(decide, everything()) == []
    assert broken(decide, POLICIES) == []


@settings(max_examples=100, deadline=None)
@given(module=modules, purpose=st.sampled_from(PURPOSES), names=fields, state=states)
def test_a_no_is_heard_whatever_else_is_so(module: str, purpose: str, names: list[str], state: SubjectState) -> None:
    """The same from any state of a person."""
    for why, after in noes(POLICIES, purpose, state):
        assert not decide(POLICIES, module, purpose, names, after, NOW).any_permit, why


MUTATIONS = {
    "erasure is ignored": (RULES, "_person", "if state.erased", "if False"),
    "restriction is ignored": (RULES, "_person", "if state.restricted and", "if False and"),
    "every purpose goes on despite a restriction": (RULES, "_goes_on", "purpose.storage_only or", "True or"),
    "what was agreed before a restriction outweighs it": (
        RULES,
        "_goes_on",
        "(fact.explicit and fact.since_restriction)",
        "fact.explicit",
    ),
    "objections are ignored": (RULES, "_person", "if state.objections and", "if False and"),
    "objections to direct marketing are ignored": (
        RULES,
        "is_objected",
        "if purpose.direct_marketing and",
        "if False and",
    ),
    "objections to profiling are ignored": (RULES, "is_objected", "(purpose.profiling and", "(False and"),
    "objections to one purpose are ignored": (RULES, "is_objected", "within(purpose.key, state.objections)", "False"),
    "objections to a group are ignored": (
        RULES,
        "is_objected",
        "within(purpose.key, state.objections)",
        "purpose.key in state.objections",
    ),
    "only marketing can be objected to": (RULES, "is_objectionable", "purpose.legal_basis in _OBJECTIONABLE", "False"),
    "marketing by consent cannot be objected to": (RULES, "is_objectionable", "purpose.direct_marketing or", ""),
    "no consent is needed": (RULES, "_person", "if purpose.legal_basis is _CONSENT", "if False"),
    "what was never asked counts": (RULES, "_consent", "return (ReasonCode.CONSENT_MISSING,)", "return ()"),
    "a withdrawal is ignored": (RULES, "_consent", 'fact.state != "given"', 'fact.state not in ("given", "withdrawn")'),
    "a refusal is ignored": (RULES, "_consent", 'fact.state != "given"', 'fact.state not in ("given", "refused")'),
    "what waits for its confirmation counts": (
        RULES,
        "_consent",
        'fact.state != "given"',
        'fact.state not in ("given", "requested")',
    ),
    "any state counts": (RULES, "_consent", 'fact.state != "given"', "False"),
    "expiry is ignored": (RULES, "_consent", "fact.valid_until <= now", "False"),
    "expiry is a moment late": (RULES, "_consent", "fact.valid_until <= now", "fact.valid_until < now"),
    "proof is not asked for": (RULES, "_consent", "if not fact.proven and", "if False and"),
    "explicit consent is not asked for": (RULES, "_consent", "if not fact.explicit and", "if False and"),
    "the notice is ignored": (RULES, "_consent", "if not _covered(policies, rule, fact)", "if False"),
    "any notice will do": (RULES, "_covered", "fact.notice == rule.notice and", ""),
    "any older version will do": (RULES, "_covered", "rule.covered_since <= fact", "0 <= fact"),
    "a version to come will do": (RULES, "_covered", "fact.notice_version <= newest", "fact.notice_version"),
    "age is ignored": (RULES, "_consent", "if needed is not None", "if False"),
    "guardians are not asked": (RULES, "_alone", "() if may else", "() if True else"),
    "who may be a child counts as grown": (RULES, "_alone", "purpose.unknown_age_permits if", "True if"),
    "a guardian's consent never ends": (
        RULES,
        "_by_guardian",
        "return (ReasonCode.GUARDIAN_OVER,) if over else ()",
        "return ()",
    ),
    "grants are ignored": (RULES, "_granted", "purpose not in registered.purposes", "False"),
    "the kind of person is ignored": (RULES, "decide", "if state.kind not in declared.subjects", "if False"),
    "retention is ignored": (RULES, "_retention", "if over else", "if False else"),
    "special categories need nothing": (FIELD_RULES, "_special", "special_within(category)", "()"),
    "special categories need no consent": (
        RULES,
        "_lacking",
        "return tuple(_consent(",
        "return tuple(() and (",
    ),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_rule_that_stops_counting_is_noticed(mutation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rule of the decision is taken out in turn; then somebody's no is left unheard."""
    module, name, old, new = MUTATIONS[mutation]
    source = textwrap.dedent(inspect.getsource(getattr(module, name)))
    assert source.count(old) == 1, f"{name} reads otherwise now: mend this test"
    made: dict[str, object] = {}
    exec(source.replace(old, new), vars(module), made)  # noqa: S102 - our own source
    monkeypatch.setattr(module, name, made[name])
    assert broken(RULES.decide, everything())
