"""What fits together and yet does nothing, or more than it says: rules no request reaches, purposes nobody may use,
data nobody may read, fields that a rule reaches for what they only may hold.

Each is a rule somebody believes in. Nothing here changes a decision.
"""

import enum
from collections.abc import Collection as Names
from collections.abc import Iterator
from dataclasses import dataclass

from privacy_svc.policy.categories import ARTICLE_9, ARTICLE_10, beneath, related, within
from privacy_svc.policy.datamap import Field
from privacy_svc.policy.fieldrules import Effect, field_rules
from privacy_svc.policy.policyset import PolicySet, Purpose
from privacy_svc.policy.purposechecks import channels


class FindingKind(enum.StrEnum):
    PURPOSE_UNUSED = "purpose_unused"
    KIND_UNMAPPED = "kind_unmapped"
    CATEGORY_UNMAPPED = "category_unmapped"
    RULE_UNREACHABLE = "rule_unreachable"
    GROUP_EMPTY = "group_empty"
    FIELD_UNREADABLE = "field_unreadable"
    FIELD_UNCATEGORISED = "field_uncategorised"
    CONSENT_BUNDLED = "consent_bundled"
    FIELD_BROAD = "field_broad"
    KEY_MASKED = "key_masked"


@dataclass(frozen=True, slots=True)
class Finding:
    """`about` is the purpose or group, or the field as dataset.collection.field."""

    kind: FindingKind
    about: str
    detail: str


def findings(policies: PolicySet) -> list[Finding]:
    """In the order of the files: purposes first, then the data map."""
    found = [f for purpose in policies.purposes.values() for f in _of_purpose(policies, purpose)]
    return [*_of_groups(policies), *found, *_of_fields(policies), *_broad(policies)]


def _of_groups(policies: PolicySet) -> Iterator[Finding]:
    for key in policies.groups:
        if not policies.below(key):
            yield Finding(FindingKind.GROUP_EMPTY, key, f"no purpose lies below it: none is called {key}.…")


def _of_purpose(policies: PolicySet, purpose: Purpose) -> Iterator[Finding]:
    key, mapped = purpose.key, _mapped(policies)
    if not any(key in m.purposes for m in policies.modules.values()):
        yield Finding(FindingKind.PURPOSE_UNUSED, key, "no module in modules.yml may use it")
    persons = {c.subject for c in policies.data_map.identities()}
    for kind in sorted(purpose.subjects - persons):
        yield Finding(FindingKind.KIND_UNMAPPED, key, f"no collection of the data map holds persons of the kind {kind}")
    reached = channels(purpose)
    if purpose.consent is not None and len(reached) > 1:
        detail = f"one consent for {' and '.join(reached)}: people may want one and not the other, ask for each"
        yield Finding(FindingKind.CONSENT_BUNDLED, key, detail)
    for category in purpose.categories:
        if not _any_within(mapped, category):
            yield Finding(FindingKind.CATEGORY_UNMAPPED, key, f"categories: no field of the data map is {category}")
    for detail in (*_shadowed(purpose), *_prohibited(purpose), *_masks(purpose, mapped), *_special(purpose)):
        yield Finding(FindingKind.RULE_UNREACHABLE, key, detail)


def _shadowed(purpose: Purpose) -> Iterator[str]:
    for category in purpose.categories:
        others = [c for c in purpose.categories if c != category and within(category, (c,))]
        if others:
            yield f"categories: {category} says nothing beside {others[0]}"


def _prohibited(purpose: Purpose) -> Iterator[str]:
    for category in purpose.prohibited:
        if within(category, [p for p in purpose.prohibited if p != category]):
            yield f"prohibited: {category} is prohibited already by what lies above it"
        elif not related(category, purpose.categories):
            yield f"prohibited: {category} is not among the categories, so nothing is carved out"


def _masks(purpose: Purpose, mapped: Names[str]) -> Iterator[str]:
    for category in purpose.masks:
        reached = [m for m in mapped if related(m, (category,)) and purpose.covers(m)]
        if not reached:
            yield f"masks: no field that the purpose may use is {category}"
        elif all(category not in purpose.masks_of(m) for m in reached):
            yield f"masks: {category} is masked by nearer categories everywhere"


def _special(purpose: Purpose) -> Iterator[str]:
    if purpose.special_condition and not any(related(s, purpose.categories) for s in (*ARTICLE_9, *ARTICLE_10)):
        yield "special_condition: no category of the purpose is a special one"


def notes(policies: PolicySet) -> list[Finding]:
    """What holds, and hides less than it may seem to. Nothing to mend."""
    return [
        Finding(FindingKind.KEY_MASKED, purpose.key, f"masks {path}, by which modules name records: `key` shows it")
        for purpose in policies.purposes.values()
        for path, field in _keys(policies, purpose)
        if any(purpose.covers(c) and purpose.masks_of(c) for c in field.categories)
    ]


def _keys(policies: PolicySet, purpose: Purpose) -> Iterator[tuple[str, Field]]:
    for collection in policies.data_map.identities():
        if collection.subject in purpose.subjects:
            yield from ((f"{collection.path}.{name}", collection.by_name[name]) for name in collection.key)


def _broad(policies: PolicySet) -> Iterator[Finding]:
    """Fields that a rule reaches for what their category may hold, and their map does not name (decision 22)."""
    used = {p for module in policies.modules.values() for p in module.purposes}
    for collection in policies.data_map.collections():
        for field in collection.fields:
            found = [_bitten(policies.purposes[key], field) for key in sorted(used)]
            told = dict.fromkeys(detail for some in found for detail in some)
            if told:
                way_out = "list what it holds instead: data_categories is a list"
                path = f"{collection.path}.{field.name}"
                yield Finding(FindingKind.FIELD_BROAD, path, f"may hold {'; '.join(told)}: {way_out}")


def _bitten(purpose: Purpose, field: Field) -> Iterator[str]:
    for category in field.categories:
        if not purpose.covers(category):
            continue
        for held, who in purpose.prohibited_beneath(category):
            yield f"{held}, which {who} prohibits"
        yield from (f"{held}, which {purpose.key} masks" for held in beneath(category, purpose.masks))
        if purpose.special_condition is None:
            yield from (f"{held}, a special category" for held in beneath(category, (*ARTICLE_9, *ARTICLE_10)))


def _of_fields(policies: PolicySet) -> Iterator[Finding]:
    readable = _readable(policies)
    for collection in policies.data_map.collections():
        for field in collection.fields:
            path = f"{collection.path}.{field.name}"
            if not field.categories:
                yield Finding(FindingKind.FIELD_UNCATEGORISED, path, "without data_categories nobody may ever read it")
            elif field.personal and path not in readable:
                yield Finding(FindingKind.FIELD_UNREADABLE, path, f"no purpose of any module needs {_named(field)}")


def _readable(policies: PolicySet) -> set[str]:
    """Fields that some module could be given for some purpose, were the person to agree to everything."""
    readable: set[str] = set()
    for purpose in policies.purposes.values():
        if any(purpose.key in m.purposes for m in policies.modules.values()):
            for kind in purpose.subjects:
                names = tuple(policies.field_names(kind))
                effects, _ = field_rules(policies, purpose, kind, ()).answer(purpose.key, names)
                readable.update(name for name, found in effects.items() if found.effect is not Effect.DENY)
    return readable


def _mapped(policies: PolicySet) -> list[str]:
    return sorted({c for coll in policies.data_map.collections() for f in coll.fields for c in f.categories})


def _any_within(mapped: Names[str], category: str) -> bool:
    return any(within(m, (category,)) for m in mapped)


def _named(field: Field) -> str:
    return " and ".join(field.categories)
