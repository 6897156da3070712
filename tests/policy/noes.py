"""Whatever ends a use, said once more from the law and the policy's files, without the code that decides.

`noes` turns any state of a person into those in which the purpose must be denied. `broken` looks at all of them with a
person who agreed to everything, so that a rule which stops counting is seen to permit.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from privacy_svc.policy import (
    DIRECT_MARKETING,
    PROFILING,
    ConsentFact,
    Decision,
    Effect,
    LegalBasis,
    Module,
    PolicySet,
    Purpose,
    SpecialCondition,
    SubjectState,
)
from tests.policy.small import FILES, NOW, PURPOSES, compiled

MORE = """\
  promo:
    title: {en: Promotion, de: Angebote}
    description: {en: Offers, de: Angebote}
    legal_basis: consent
    consent: {notice: promo, valid_for: P24M, accept_imported: true}
    use: marketing.communications.email
    dpv: dpv:DirectMarketing
    direct_marketing: true
    profiling: true
    subjects: [customer]
    categories: [user.name]
    minimum_age: by_country
  promo.post:
    title: {en: Letters, de: Post}
    description: {en: By post, de: Per Post}
    legal_basis: legitimate_interests
    assessment: LIA-2
    assessment_reviewed: 2026-01-31
    use: marketing.communications.email
    dpv: dpv:DirectMarketing
    direct_marketing: true
    subjects: [customer]
    categories: [user.name, user.contact.address]
  faith:
    title: {en: Parish, de: Gemeinde}
    description: {en: Faith, de: Glaube}
    legal_basis: consent
    special_condition: explicit_consent
    consent: {notice: faith, valid_for: P12M, guardian_lasts: true}
    minimum_age: 14
    unknown_age: permit
    use: essential.service
    dpv: dpv:ServiceProvision
    subjects: [customer]
    categories: [user.name, user.demographic.religious_belief]
"""
SHOWN = "---\ntitle: Shown\npurposes: [{}]\n---\nText.\n"
ALL = {
    "purposes.yml": PURPOSES + MORE,
    "modules.yml": FILES["modules.yml"] + "  more: {title: More, purposes: [promo, faith]}\n",
    **{f"notices/{n}/1.{lang}.md": SHOWN.format(n) for n in ("promo", "faith") for lang in ("en", "de")},
}
LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)
Decide = Callable[..., Decision]


def everything() -> PolicySet:
    """A policy in which every rule of a decision has a purpose that it ends. Made anew, as nothing is remembered."""
    return compiled(**ALL)


def willing(policies: PolicySet) -> SubjectState:
    """An adult who has agreed to everything there is to agree to."""
    rules = {key: p.consent for key, p in policies.purposes.items() if p.consent is not None}
    consents = {
        key: ConsentFact("given", r.notice, policies.notice_versions[r.notice], NOW + timedelta(days=9), explicit=True)
        for key, r in rules.items()
    }
    return SubjectState("0198", "customer", 7, False, False, frozenset(), consents, 40, "DE", None)


def noes(policies: PolicySet, key: str, state: SubjectState) -> Iterator[tuple[str, SubjectState]]:
    """After each of these the whole purpose is over, whatever the person was before."""
    purpose = policies.purposes[key]
    yield "erased", replace(state, erased=True)
    for kind in sorted(policies.kinds - purpose.subjects)[:1]:
        yield "another kind of person", replace(state, kind=kind)
    if not (purpose.storage_only or purpose.despite_restriction):
        yield "restricted", replace(state, restricted=True)
    for against in _objections(policies, purpose):
        yield f"objected to {against}", replace(state, objections=state.objections | {against})
    if purpose.retention:
        yield "kept long enough", replace(state, retention_anchor=LONG_AGO)
    if purpose.legal_basis is LegalBasis.CONSENT:
        yield from consent_noes(policies, key, state)


def _objections(policies: PolicySet, purpose: Purpose) -> Iterator[str]:
    balanced = purpose.legal_basis in {LegalBasis.LEGITIMATE_INTERESTS, LegalBasis.PUBLIC_TASK}
    if purpose.direct_marketing:
        yield DIRECT_MARKETING
    if purpose.direct_marketing or balanced:
        parts = purpose.key.split(".")
        above = (".".join(parts[:n]) for n in range(1, len(parts) + 1))
        yield from (name for name in above if name in policies.purposes or name in policies.groups)
        if purpose.profiling:
            yield PROFILING


def consent_noes(policies: PolicySet, key: str, state: SubjectState) -> Iterator[tuple[str, SubjectState]]:
    """After each of these there is no consent that counts."""
    purpose = policies.purposes[key]
    rule = purpose.consent
    assert rule is not None
    fact, newest = state.consents.get(key), policies.notice_versions[rule.notice]
    yield "never asked", replace(state, consents={k: v for k, v in state.consents.items() if k != key})
    if fact is None:
        return

    def with_fact(person: Mapping[str, Any] | None = None, **changed: Any) -> SubjectState:
        return replace(state, consents={**state.consents, key: replace(fact, **changed)}, **(person or {}))

    for said in ("withdrawn", "refused", "expired", "requested", "invalidated", "nonsense"):
        yield said, with_fact(state=said)
    yield "run out", with_fact(valid_until=NOW)
    yield "to a text to come", with_fact(notice=rule.notice, notice_version=newest + 1)
    yield "to an older text", with_fact(notice=rule.notice, notice_version=rule.covered_since - 1)
    yield "to another text", with_fact(notice="another", notice_version=newest)
    if not rule.accept_imported:
        yield "unproven", with_fact(proven=False)
    if purpose.special_condition is SpecialCondition.EXPLICIT_CONSENT:
        yield "not explicit", with_fact(explicit=False)
    if purpose.age_by_country or purpose.minimum_age is not None:
        yield "a child alone", with_fact({"age": 3}, guardian=False)
        if not purpose.unknown_age_permits:
            yield "nobody knows how old", with_fact({"age": None}, guardian=False)
        if not rule.guardian_lasts:
            yield "grown up since", with_fact({"age": 40}, guardian=True)


def broken(decide: Decide, policies: PolicySet) -> list[str]:
    """Each no that leaves a yes. The person permitted everything first, or it would show nothing."""
    person, found = willing(policies), list[str]()
    for module in policies.modules.values():
        for key in sorted(module.purposes):
            found += _broken(decide, policies, module, key, person)
    return found


def _broken(decide: Decide, policies: PolicySet, module: Module, key: str, person: SubjectState) -> Iterator[str]:
    names = sorted(policies.field_names("customer"))

    def usable(state: SubjectState, *, under: PolicySet = policies, at: datetime = NOW) -> set[str]:
        found = decide(under, module.key, key, names, state, at).fields
        return {name for name, decided in found.items() if decided.effect is not Effect.DENY}

    purpose, before = policies.purposes[key], usable(person)
    if not before and "customer" in purpose.subjects:
        yield f"{key}: nothing to lose"
    for why, state in noes(policies, key, person):
        if usable(state):
            yield f"{key}: {why}"
    fewer = replace(module, purposes=module.purposes - {key})
    if usable(person, under=replace(policies, modules={**policies.modules, module.key: fewer})):
        yield f"{key}: not granted"
    if purpose.legal_basis is LegalBasis.CONSENT and usable(person, at=NOW + timedelta(days=9)):
        yield f"{key}: time has passed"
    yield from _broken_special(purpose, {n for n in before if _is_special(policies, n)}, policies, person, usable)


def _broken_special(
    purpose: Purpose, special: set[str], policies: PolicySet, person: SubjectState, usable: Callable[..., set[str]]
) -> Iterator[str]:
    """Art. 9: without a condition nothing, and with explicit consent no longer than that stands."""
    if purpose.special_condition is None and special:
        yield f"{purpose.key}: special categories without a condition"
    if purpose.special_condition is SpecialCondition.EXPLICIT_CONSENT:
        if not special:
            yield f"{purpose.key}: nothing special to lose"
        for why, state in consent_noes(policies, purpose.key, person):
            if usable(state) & special:
                yield f"{purpose.key}: special categories, {why}"


def _is_special(policies: PolicySet, name: str) -> bool:
    found = policies.resolve_field(name)
    sensitive = ("user.health_and_medical", "user.demographic.religious_belief")
    return found is not None and any(c.startswith(sensitive) for c in found[1].categories)
