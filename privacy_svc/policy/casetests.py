"""Running the tests beside the policies, and which rules they hit: each must permit once and deny once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from privacy_svc.policy.casefiles import Case
from privacy_svc.policy.categories import is_personal, related, within
from privacy_svc.policy.decide import Decision, decide, is_objectionable
from privacy_svc.policy.fieldrules import Effect, FieldDecision
from privacy_svc.policy.policyset import LegalBasis, PolicySet, Purpose
from privacy_svc.policy.reasons import STEPS, ReasonCode

_ABOUT_AGE = {ReasonCode.GUARDIAN_MISSING: "age", ReasonCode.GUARDIAN_OVER: "guardian"}


@dataclass(frozen=True, slots=True)
class Failure:
    place: str
    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Unhit:
    """`rule` is a purpose and a step of the decision, with what it is about; `side` what no test shows of it."""

    rule: str
    side: str


@dataclass(frozen=True, slots=True)
class TestRun:
    __test__ = False

    tests: int
    failures: tuple[Failure, ...]
    rules: int
    """Sides of rules to be hit."""
    unhit: tuple[Unhit, ...]


def run_cases(policies: PolicySet, cases: Iterable[Case]) -> TestRun:
    failures: list[Failure] = []
    hit: set[Unhit] = set()
    count = 0
    for count, case in enumerate(cases, 1):  # noqa: B007 - the last one is how many there are
        decision = decide(policies, case.module, case.purpose, list(case.expect), case.state, case.at)
        failures += (Failure(case.place, case.name, detail) for detail in _wrong(case, decision))
        hit.update(_hit(policies, case, decision))
    sides = [side for p in policies.purposes.values() for side in _sides(policies, p)]
    wanted = list(dict.fromkeys([*_guards(policies), *sides]))
    return TestRun(count, tuple(failures), len(wanted), tuple(side for side in wanted if side not in hit))


def _wrong(case: Case, decision: Decision) -> Iterator[str]:
    for name, expected in case.expect.items():
        got = _effect(decision.fields[name])
        if got != expected:
            yield f"{name}: expected {expected}, got {got} by {decision.fields[name].rule}"
    got_reasons = {r.code for r in decision.reasons}
    if missing := case.reasons - got_reasons:
        yield f"expected the reason {', '.join(sorted(missing))}"
    if more := got_reasons - case.reasons:
        yield f"did not expect the reason {', '.join(sorted(more))}"


def _effect(field: FieldDecision) -> str:
    return str(field.mask if field.effect is Effect.MASK else field.effect)


def _sides(policies: PolicySet, purpose: Purpose) -> Iterator[Unhit]:
    """Both sides of every rule of a purpose that can be hit."""
    key, free = purpose.key, purpose.storage_only or purpose.despite_restriction
    if any(key in m.purposes for m in policies.modules.values()):
        yield from _both(f"{key}#2-granted")
    yield Unhit(f"{key}#3-erasure", "deny")
    yield Unhit(f"{key}#4-restriction", "permit" if free else "deny")
    if is_objectionable(purpose):
        yield from _both(f"{key}#5-objection")
    if purpose.legal_basis is LegalBasis.CONSENT or purpose.consent:
        yield from _both(f"{key}#6-legal-basis")
        if purpose.asks_age:
            yield from _both(f"{key}#6-legal-basis:age")
            yield Unhit(f"{key}#6-legal-basis:guardian", "permit")
            if purpose.consent and not purpose.consent.guardian_lasts:
                yield Unhit(f"{key}#6-legal-basis:guardian", "deny")
    if not within("user", purpose.categories):
        yield Unhit(f"{key}#8-minimisation", "deny")
    yield from (Unhit(f"{key}#8-minimisation:{c}", "permit") for c in purpose.categories)
    yield from (Unhit(f"{key}#8-minimisation:{c}", "deny") for c in purpose.prohibited)
    if purpose.retention is not None:
        yield from _both(f"{key}#9-retention")
    yield from (Unhit(f"{key}#10-mask:{c}", "permit") for c in purpose.masks)


def _guards(policies: PolicySet) -> Iterator[Unhit]:
    """What groups prohibit, as far as the data map has it."""
    mapped = {c for coll in policies.data_map.collections() for f in coll.fields for c in f.categories}
    for group in policies.groups.values():
        for category in group.prohibited:
            if any(within(c, (category,)) for c in mapped):
                yield Unhit(f"{group.key}#8-minimisation:{category}", "deny")


def _both(rule: str) -> Iterator[Unhit]:
    yield Unhit(rule, "permit")
    yield Unhit(rule, "deny")


def _hit(policies: PolicySet, case: Case, decision: Decision) -> Iterator[Unhit]:
    purpose, state = policies.purposes.get(case.purpose), case.state
    if purpose is None:
        return
    for reason in decision.reasons:
        if reason.code in _ABOUT_AGE:
            yield Unhit(f"{purpose.key}#6-legal-basis:{_ABOUT_AGE[reason.code]}", "deny")
        yield Unhit(f"{purpose.key}#{STEPS[reason.code]}", "deny")
    if decision.any_permit:
        yield from (Unhit(f"{purpose.key}#{step}", "permit") for step in ("2-granted", "5-objection", "6-legal-basis"))
        if state.restricted:
            yield Unhit(f"{purpose.key}#4-restriction", "permit")
        if purpose.asks_age:
            fact = state.consents.get(purpose.key)
            about = "guardian" if fact and fact.guardian else "age"
            yield Unhit(f"{purpose.key}#6-legal-basis:{about}", "permit")
        if state.retention_anchor is not None:
            yield Unhit(f"{purpose.key}#9-retention", "permit")
    for name, field in decision.fields.items():
        found = policies.resolve_field(name, state.kind)
        yield from _categories(purpose, found[1].categories if found else (), field)


def _categories(purpose: Purpose, categories: tuple[str, ...], field: FieldDecision) -> Iterator[Unhit]:
    for category in filter(is_personal, categories):
        if field.effect is Effect.DENY:
            carved = [*((r, purpose.key) for r in purpose.prohibited), *purpose.prohibited_above.items()]
            yield from (Unhit(f"{who}#8-minimisation:{r}", "deny") for r, who in carved if related(category, (r,)))
        else:
            roots = (r for r in purpose.categories if within(category, (r,)))
            yield from (Unhit(f"{purpose.key}#8-minimisation:{r}", "permit") for r in roots)
        if field.effect is Effect.MASK:
            masks = (m for m in purpose.masks if related(category, (m,)))
            yield from (Unhit(f"{purpose.key}#10-mask:{m}", "permit") for m in masks)
