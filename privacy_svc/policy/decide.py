"""The decision: may this module use these fields of this person for this purpose, now?

Pure and total over complete, typed input. Default deny; one denial is enough. The steps collect *every*
reason, so that the explanation comes from the path that decides:

    1 known        module, purpose, field               6 legal basis       consent (Art. 6, 7, 8)
    2 granted      purpose to module, kind of person    7 special category  condition of its own (Art. 9, 10)
    3 erasure      (Art. 17)                            8 minimisation      categories (Art. 5(1)(c))
    4 restriction  (Art. 18)                            9 retention         (Art. 5(1)(e))
    5 objection    (Art. 21)                           10 masking           by purpose and category

What depends on policy alone (7, 8, 10) is worked out once per policy set: fieldrules.py.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from privacy_svc.policy.categories import within
from privacy_svc.policy.durations import add_duration
from privacy_svc.policy.fieldrules import Answer, Effect, FieldDecision, FieldRule, FieldRules, denied, field_rules
from privacy_svc.policy.policyset import ConsentRule, LegalBasis, PolicySet, Purpose, SpecialCondition
from privacy_svc.policy.reasons import Reason, ReasonCode, reason
from privacy_svc.policy.subjectstate import DIRECT_MARKETING, PROFILING, ConsentFact, SubjectState

_OBJECTIONABLE = frozenset({LegalBasis.LEGITIMATE_INTERESTS, LegalBasis.PUBLIC_TASK})
_CONSENT, _DENY = LegalBasis.CONSENT, Effect.DENY
_STATES = {
    "refused": ReasonCode.CONSENT_REFUSED,
    "withdrawn": ReasonCode.CONSENT_WITHDRAWN,
    "expired": ReasonCode.CONSENT_EXPIRED,
}
"""Any state not here and not `given` (requested, invalidated, unknown) is no consent."""


class Decision(msgspec.Struct, frozen=True):  # made for each request: a quarter of a dataclass's time
    """`permit_all`: every field may be used, some perhaps masked. `any_permit`: at least one may."""

    permit_all: bool
    any_permit: bool
    fields: Mapping[str, FieldDecision]
    reasons: tuple[Reason, ...]
    policy_version: str
    state_version: int
    purpose: str
    module: str
    human_review: bool = False
    """The purpose decides by automated means: a person looks again where somebody asks for it (Art. 22(3))."""


def decide(
    policies: PolicySet, module: str, purpose: str, fields: Sequence[str], state: SubjectState, now: datetime
) -> Decision:
    """Without `fields`, the question is about the purpose as such. Never raises, whatever the names."""
    declared = policies.purposes.get(purpose)
    before = _granted(policies, module, purpose)
    after: Sequence[ReasonCode] = ()
    if declared is None:
        nothing = FieldRule(denied("", ReasonCode.UNKNOWN_PURPOSE))
        rules = FieldRules(dict.fromkeys(policies.field_names(state.kind), nothing))
    else:
        if state.kind not in declared.subjects:
            before.append(ReasonCode.SUBJECT_KIND_NOT_COVERED)
        before += _person(policies, declared, state, now)
        after = _retention(declared, state, now)
        rules = field_rules(policies, declared, state.kind, _lacking(policies, declared, state, now))
    if before or after:
        effects, reasons = _denied(fields, rules, purpose if declared else "", before, after)
    else:
        effects, reasons = rules.answer(purpose, tuple(fields))
    return Decision(
        not reasons,
        not reasons or any(e.effect is not _DENY for e in effects.values()),
        effects,
        reasons,
        policies.version,
        state.version,
        purpose,
        module,
        declared is not None and declared.automated is not None,
    )


def ungranted(policies: PolicySet, module: str, purpose: str, fields: Sequence[str]) -> Decision | None:
    """The deny that holds whoever it would be about, `state_version` 0: the module is unknown, or the purpose is, or
    is not granted to it. None where it depends on the person."""
    codes = _granted(policies, module, purpose)
    if not codes:
        return None
    effect = denied(purpose if purpose in policies.purposes else "", codes[0])
    return Decision(
        permit_all=False,
        any_permit=False,
        fields=dict.fromkeys(fields, effect),
        reasons=tuple(map(reason, codes)),
        policy_version=policies.version,
        state_version=0,
        purpose=purpose,
        module=module,
    )


def _denied(
    fields: Sequence[str], rules: FieldRules, purpose: str, before: Sequence[ReasonCode], after: Sequence[ReasonCode]
) -> Answer:
    """Each field's effect by the first step that denies it, and all reasons in the order of the steps."""
    effects, own = rules.answer(purpose, tuple(fields))
    if before:
        effects = dict.fromkeys(effects, denied(purpose, before[0]))
    else:
        last = denied(purpose, after[0])
        effects = {name: found if found.effect is _DENY else last for name, found in effects.items()}
    return effects, (*map(reason, before), *own, *map(reason, after))


def _granted(policies: PolicySet, module: str, purpose: str) -> list[ReasonCode]:
    """1: known; 2: granted to this module."""
    registered = policies.modules.get(module)
    found = [ReasonCode.UNKNOWN_MODULE] if registered is None else []
    if purpose not in policies.purposes:
        found.append(ReasonCode.UNKNOWN_PURPOSE)
    elif registered is not None and purpose not in registered.purposes:
        found.append(ReasonCode.PURPOSE_NOT_GRANTED)
    return found


def _person(policies: PolicySet, purpose: Purpose, state: SubjectState, now: datetime) -> list[ReasonCode]:
    """3: erased; 4: restricted; 5: objected; 6: no legal basis."""
    found = [ReasonCode.ERASED] if state.erased else []
    if state.restricted and not _goes_on(policies, purpose, state, now):
        found.append(ReasonCode.RESTRICTED)
    if state.objections and is_objected(purpose, state):
        found.append(ReasonCode.OBJECTED)
    if purpose.legal_basis is _CONSENT:
        found += _consent(policies, purpose, state, now)
    return found


def _goes_on(policies: PolicySet, purpose: Purpose, state: SubjectState, now: datetime) -> bool:
    """Art. 18(2): storage; what the policy names; and with the person's consent, to this very purpose, by a statement
    of its own made while restricted."""
    if purpose.storage_only or purpose.despite_restriction:
        return True
    fact = state.consents.get(purpose.key)
    if fact is None or not (fact.explicit and fact.since_restriction):
        return False
    return not _consent(policies, purpose, state, now)


def is_objected(purpose: Purpose, state: SubjectState) -> bool:
    """Art. 21(1) reaches legitimate interests and public tasks; 21(2) direct marketing on any basis; both the profiling
    for it. Who objects to what lies above a purpose objects to it."""
    if not state.objections:
        return False
    if purpose.direct_marketing and DIRECT_MARKETING in state.objections:
        return True
    if not is_objectionable(purpose):
        return False
    return (purpose.profiling and PROFILING in state.objections) or within(purpose.key, state.objections)


def is_objectionable(purpose: Purpose) -> bool:
    return purpose.direct_marketing or purpose.legal_basis in _OBJECTIONABLE


def _consent(policies: PolicySet, purpose: Purpose, state: SubjectState, now: datetime) -> Sequence[ReasonCode]:
    """What the person's consent lacks: given, unexpired, to a text that covers the purpose, by who may give it."""
    fact, rule = state.consents.get(purpose.key), purpose.consent
    if fact is None or rule is None:
        return (ReasonCode.CONSENT_MISSING,)
    if fact.state != "given":
        return (_STATES.get(fact.state, ReasonCode.CONSENT_MISSING),)
    found: list[ReasonCode] = []
    if fact.valid_until is not None and fact.valid_until <= now:
        found.append(ReasonCode.CONSENT_EXPIRED)
    if not fact.proven and not rule.accept_imported:
        found.append(ReasonCode.CONSENT_UNPROVEN)
    if not fact.explicit and purpose.special_condition is SpecialCondition.EXPLICIT_CONSENT:
        found.append(ReasonCode.CONSENT_NOT_EXPLICIT)
    if not _covered(policies, rule, fact):
        found.append(ReasonCode.CONSENT_NOTICE_OUTDATED)
    needed = policies.consent_age(purpose, state.country)
    if needed is not None:
        found += _by_guardian(rule, needed, state.age) if fact.guardian else _alone(purpose, needed, state.age)
    return found


def _covered(policies: PolicySet, rule: ConsentRule, fact: ConsentFact) -> bool:
    """Agreed to a text that covers the purpose as it is now. One that was imported without its text counts as to the
    first version, so that it ends when the purpose widens."""
    if not fact.proven and not fact.notice:
        return rule.covered_since == 1
    newest = policies.notice_versions.get(rule.notice, 0)
    return fact.notice == rule.notice and rule.covered_since <= fact.notice_version <= newest


def _by_guardian(rule: ConsentRule, needed: int, age: int | None) -> Sequence[ReasonCode]:
    """Until the day the person can consent by themselves (decision 12)."""
    over = age is not None and age >= needed and not rule.guardian_lasts
    return (ReasonCode.GUARDIAN_OVER,) if over else ()


def _alone(purpose: Purpose, needed: int, age: int | None) -> Sequence[ReasonCode]:
    may = purpose.unknown_age_permits if age is None else age >= needed
    return () if may else (ReasonCode.GUARDIAN_MISSING,)


def _lacking(policies: PolicySet, purpose: Purpose, state: SubjectState, now: datetime) -> tuple[ReasonCode, ...]:
    """7, where special categories rest on explicit consent and the rest of the purpose on another basis."""
    if purpose.special_condition is SpecialCondition.EXPLICIT_CONSENT and purpose.legal_basis is not _CONSENT:
        return tuple(_consent(policies, purpose, state, now))
    return ()


def _retention(purpose: Purpose, state: SubjectState, now: datetime) -> Sequence[ReasonCode]:
    """9: the purpose's time after the end of the relationship."""
    anchor, retention = state.retention_anchor, purpose.retention
    over = anchor is not None and retention is not None and add_duration(anchor, retention) <= now
    return (ReasonCode.RETENTION_PASSED,) if over else ()
