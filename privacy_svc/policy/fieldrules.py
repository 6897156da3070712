"""What policy alone says about each field for one purpose: steps 7, 8 and 10 of the decision. Pure.

A field of a category may hold whatever lies beneath it, unless the data map names that instead: what is prohibited,
masked or special beneath reaches the field (decision 22).
"""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from privacy_svc.policy.categories import ARTICLE_10, is_personal, root_of, special_article, special_within, within
from privacy_svc.policy.datamap import Field
from privacy_svc.policy.policyset import Mask, PolicySet, Purpose, SpecialCondition
from privacy_svc.policy.reasons import STEPS, Reason, ReasonCode, reason


class Effect(enum.StrEnum):
    PERMIT = "permit"
    MASK = "mask"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class FieldDecision:
    """`rule` names the purpose, the step that decided and the category it found:
    `marketing.email#8-minimisation:user.contact.email`."""

    effect: Effect
    rule: str
    reason: ReasonCode | None = None
    mask: Mask | None = None


@dataclass(frozen=True, slots=True)
class FieldRule:
    """A field's decision as far as policy alone decides it, with all its reasons."""

    decision: FieldDecision
    reasons: tuple[Reason, ...] = ()


Answer = tuple[Mapping[str, FieldDecision], tuple[Reason, ...]]
"""Each field's decision, and the reasons of all."""
MOST_ANSWERS = 1000
"""Kept of one purpose: a module asks for the same few fields again and again."""


class FieldRules:
    """Of every field, by every name callers may use, for one purpose and kind of person."""

    def __init__(self, rules: Mapping[str, FieldRule]) -> None:
        self._rules = rules
        self._answers: dict[tuple[str, ...], Answer] = {}

    def answer(self, purpose: str, fields: tuple[str, ...]) -> Answer:
        """As far as policy alone decides it."""
        return self._answers.get(fields) or self._work_out(purpose, fields)

    def _work_out(self, purpose: str, fields: tuple[str, ...]) -> Answer:
        rules = {name: self._rules.get(name) or _unknown(purpose, name) for name in fields}
        effects = MappingProxyType({name: rule.decision for name, rule in rules.items()})
        found = effects, tuple(why for rule in rules.values() for why in rule.reasons)
        if rules.keys() <= self._rules.keys() and len(fields) == len(rules):  # no word of a caller's is kept
            if len(self._answers) >= MOST_ANSWERS:
                self._answers.clear()
            self._answers[fields] = found
        return found


def _unknown(purpose: str, name: str) -> FieldRule:
    code = ReasonCode.UNKNOWN_FIELD
    return FieldRule(denied(purpose, code), (reason(code, name),))


def denied(purpose: str, code: ReasonCode) -> FieldDecision:
    return FieldDecision(Effect.DENY, f"{purpose}#{STEPS[code]}", code)


def field_rules(policies: PolicySet, purpose: Purpose, kind: str, lacking: tuple[ReasonCode, ...]) -> FieldRules:
    """`lacking` is what an explicit consent lacks where special categories rest on one beside another legal basis."""
    key = ("field_rules", purpose.key, kind, lacking)
    known: FieldRules | None = policies.memo.get(key)
    if known is None:
        names = policies.field_names(kind).items()
        known = FieldRules({name: _rule(purpose, name, field, lacking) for name, (_, field) in names})
        if kind in policies.kinds:
            policies.memo[key] = known
    return known


def _rule(purpose: Purpose, name: str, field: Field, lacking: tuple[ReasonCode, ...]) -> FieldRule:
    reasons = (*_special(purpose, name, field, lacking), *_minimisation(purpose, name, field))
    if reasons:
        return FieldRule(denied(purpose.key, reasons[0].code), reasons)
    return FieldRule(_released(purpose, field))


def _special(purpose: Purpose, name: str, field: Field, lacking: tuple[ReasonCode, ...]) -> Iterator[Reason]:
    """7: a special category needs a condition of its own."""
    for category in field.categories:
        special = special_within(category)
        unmet = [found for found in special if not _condition_met(purpose, found)]
        if unmet:
            code = ReasonCode.SPECIAL_CATEGORY
            yield Reason(
                code, f"{code.sentence} ({_may_hold(category, unmet[0])})", special_article(unmet[0]) or "", name
            )
        elif special and lacking:
            yield from (Reason(code, code.sentence, "GDPR 9(2)(a)", name) for code in lacking)


def _condition_met(purpose: Purpose, special: str) -> bool:
    by_law = purpose.special_condition is SpecialCondition.AUTHORISED_BY_LAW
    return purpose.special_condition is not None and by_law == within(special, ARTICLE_10)


def _may_hold(category: str, found: str) -> str:
    return category if found == category else f"{category} may hold {found}"


def _minimisation(purpose: Purpose, name: str, field: Field) -> Iterator[Reason]:
    """8: each of a personal field's categories must be within the purpose's; `system.*` is nobody's data."""
    if not field.categories:
        yield _because(ReasonCode.UNCATEGORISED_FIELD, name)
    for category in field.categories:
        prohibiting = purpose.prohibited_by(category)
        held = purpose.prohibited_beneath(category)
        if prohibiting is not None:
            yield _because(ReasonCode.CATEGORY_PROHIBITED, name, f"{category}, {prohibiting}")
        elif held:
            yield _because(ReasonCode.CATEGORY_PROHIBITED, name, f"{_may_hold(category, held[0][0])}, {held[0][1]}")
        elif is_personal(category) and not within(category, purpose.categories):
            yield _because(ReasonCode.CATEGORY_NOT_IN_PURPOSE, name, f"{category}, {purpose.key}")


def _because(code: ReasonCode, name: str, about: str = "") -> Reason:
    return Reason(code, f"{code.sentence} ({about})" if about else code.sentence, code.article, name)


def _released(purpose: Purpose, field: Field) -> FieldDecision:
    """10: masked where a category of the field has a mask, or may hold what has one. Two masks leave nothing."""
    masks = {mask for category in field.categories for mask in purpose.masks_of(category).values()}
    if masks:
        mask = masks.pop() if len(masks) == 1 else Mask.NULL
        return FieldDecision(Effect.MASK, f"{purpose.key}#10-mask:{field.categories[0]}", None, mask)
    root = root_of(field.categories[0], purpose.categories) or field.categories[0]
    return FieldDecision(Effect.PERMIT, f"{purpose.key}#8-minimisation:{root}")
