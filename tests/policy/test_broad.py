"""A field of a broad category may hold what lies beneath it (decision 22)."""

from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given as given_
from hypothesis import settings
from hypothesis import strategies as st

from privacy_svc.policy import Effect, Mask, PolicySet, Purpose, SpecialCondition, and_above, decide
from privacy_svc.policy.taxonomy import taxonomy
from tests.policy.small import FILES, NOW, compiled, given, somebody

DATASET = FILES["datasets/crm.yml"]
CATEGORIES = sorted(c for c in taxonomy().categories if c.startswith("user"))
RANK = {Effect.DENY: 0, Effect.MASK: 1, Effect.PERMIT: 2}


def mapped(field: str, was: str, categories: str) -> PolicySet:
    before = f"- name: {field}\n            data_categories: [{was}]"
    assert before in DATASET
    return compiled(**{"datasets/crm.yml": DATASET.replace(before, before.replace(was, categories))})


def decided(policies: PolicySet, field: str, purpose: str, **state: object) -> tuple[str, list[str]]:
    decision = decide(policies, "shop", purpose, [field], somebody(**state), NOW)
    return str(decision.fields[field].mask or decision.fields[field].effect), [r.detail for r in decision.reasons]


def test_what_is_prohibited_beneath_denies() -> None:
    """Service may not have addresses, and `user.contact` may be one; the reason names what and who."""
    effect, why = decided(mapped("email", "user.contact.email", "user.contact"), "email", "service")
    assert effect == "deny"
    assert why[0].endswith("(user.contact may hold user.contact.address, service)")


@pytest.mark.parametrize(
    ("masks", "shown"),
    [
        ("user.contact.phone_number: last4", "last4"),
        ("user.contact.phone_number: last4, user.contact.email: last4", "last4"),
        ("user.contact.phone_number: last4, user.contact.email: domain", "null"),
        ("user.contact.phone_number: last4, user.contact: hash", "null"),
        ("user.name: initials", "permit"),
    ],
)
def test_a_mask_beneath_masks(masks: str, shown: str) -> None:
    """Two different masks leave nothing, and what lies elsewhere changes nothing."""
    was = "    prohibited: [user.contact.address]\n    masks: {user.contact.phone_number: last4}"
    assert was in FILES["purposes.yml"]
    purposes = FILES["purposes.yml"].replace(was, f"    masks: {{{masks}}}")
    dataset = DATASET.replace("[user.contact.phone_number]", "[user.contact]")
    policies = compiled(**{"purposes.yml": purposes, "datasets/crm.yml": dataset})
    assert decided(policies, "phone", "service") == (shown, [])


def test_a_special_category_beneath_needs_its_condition() -> None:
    """`user.demographic` may be religion; who lists a birth date and a language is judged by these."""
    effect, why = decided(mapped("born", "user.demographic.date_of_birth", "user.demographic"), "born", "statistics")
    assert effect == "deny"
    assert "user.demographic may hold user.demographic.political_opinion" in why[0]
    precise = "user.demographic.date_of_birth, user.demographic.language"
    assert decided(mapped("born", "user.demographic.date_of_birth", precise), "born", "statistics") == ("year", [])
    named = f"user.demographic, {precise}"
    assert decided(mapped("born", "user.demographic.date_of_birth", named), "born", "statistics")[0] == "deny"


def test_what_may_be_anything_is_nobodys() -> None:
    """Both conditions are never met at once: bare `user` is denied, also to who answers requests."""
    assert decided(mapped("name", "user.name", "user"), "name", "rights")[0] == "deny"


def test_explicit_consent_for_what_may_be_special() -> None:
    """Care has its condition with an explicit consent, and loses the broad field with it."""
    policies = mapped("name", "user.name", "user.health_and_medical")
    assert decided(policies, "name", "care", consents={"care": given("care", 1)}) == ("permit", [])
    assert decided(policies, "name", "care", consents={})[0] == "deny"


few = st.lists(st.sampled_from(CATEGORIES), max_size=4)


@settings(max_examples=300, deadline=None)
@given_(
    wanted=few,
    prohibited=few,
    above=few,
    masks=st.dictionaries(st.sampled_from(CATEGORIES), st.sampled_from(Mask), max_size=4),
    condition=st.sampled_from([None, *SpecialCondition]),
    broad=st.sampled_from([c for c in CATEGORIES if any(other.startswith(c + ".") for other in CATEGORIES)]),
    data=st.data(),
)
def test_naming_less_never_gives_more(
    wanted: list[str],
    prohibited: list[str],
    above: list[str],
    masks: dict[str, Mask],
    condition: SpecialCondition | None,
    broad: str,
    data: st.DataObject,
) -> None:
    """A field is never decided more than one of any category beneath its own, whatever the purpose says."""
    narrow = data.draw(st.sampled_from([c for c in CATEGORIES if c.startswith(broad + ".")]))
    near = st.sampled_from([c for c in and_above(narrow) if c.startswith(broad)])  # chance alone would seldom meet them
    prohibited = [*prohibited, *data.draw(st.lists(near, max_size=1))]
    masks = masks | data.draw(st.dictionaries(near, st.sampled_from(Mask), max_size=2))
    purpose = replace(
        POLICIES.purposes["archive"],
        categories=(broad, *wanted) if data.draw(st.booleans()) else tuple(wanted),
        prohibited=tuple(prohibited),
        prohibited_above=MappingProxyType(dict.fromkeys(above, "group")),
        masks=MappingProxyType(masks),
        special_condition=condition,
    )
    assert RANK[effect_on(purpose, broad)] <= RANK[effect_on(purpose, narrow)]


POLICIES = compiled()


@pytest.mark.parametrize("rule", ["prohibited", "masks", "special"])
def test_every_rule_beneath_is_felt_above(rule: str) -> None:
    """Over the whole taxonomy: for each category and all that it lies within."""
    for narrow in CATEGORIES:
        for broad in and_above(narrow)[1:]:
            said: dict[str, object] = {"prohibited": (narrow,), "masks": {narrow: Mask.HASH}}
            more = {rule: said[rule]} if rule in said else {}
            purpose = replace(POLICIES.purposes["archive"], categories=(broad,), **more)  # type: ignore[arg-type]
            assert RANK[effect_on(purpose, broad)] <= RANK[effect_on(purpose, narrow)], (broad, narrow)


def effect_on(purpose: Purpose, category: str) -> Effect:
    (dataset,) = POLICIES.data_map.datasets
    people = dataset.by_name["people"]
    fields = tuple(replace(f, categories=(category,)) if f.name == "name" else f for f in people.fields)
    data_map = replace(POLICIES.data_map, datasets=(replace(dataset, collections=(replace(people, fields=fields),)),))
    policies = replace(POLICIES, purposes={**POLICIES.purposes, purpose.key: purpose}, data_map=data_map)
    return decide(policies, "shop", purpose.key, ["name"], somebody(), NOW).fields["name"].effect
