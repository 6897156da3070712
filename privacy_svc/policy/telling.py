"""Which columns tell a fact of a kind of person, and what a policy does not see that another does. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from privacy_svc.policy.datamap import Tells
from privacy_svc.policy.policyset import PolicySet, Purpose
from privacy_svc.policy.subjectstate import SubjectState

Fact = tuple[str, Tells]
"""Of a kind of person."""


def tellers(policies: PolicySet) -> Mapping[Fact, tuple[str, ...]]:
    """The fields that tell each fact, by dataset.collection.field."""
    found: dict[Fact, list[str]] = {}
    for collection in policies.data_map.collections():
        chain = policies.data_map.owner(collection)
        kind = chain[-1][1].subject if chain else collection.subject
        for field in collection.telling:
            if kind and field.tells:
                found.setdefault((kind, field.tells), []).append(f"{collection.path}.{field.name}")
    return {fact: tuple(sorted(paths)) for fact, paths in found.items()}


def unseen(policies: PolicySet, other: PolicySet) -> frozenset[Fact]:
    """What only the other tells. What neither tells makes no difference between them."""
    return frozenset(tellers(other).keys() - tellers(policies).keys())


def without(state: SubjectState, unseen: frozenset[Fact]) -> SubjectState:
    """The state as it is where these facts are not told: unknown, and the relationship lasts."""
    lost = {tells for kind, tells in unseen if kind == state.kind}
    if not lost:
        return state
    return replace(
        state,
        age=None if Tells.BIRTH_DATE in lost else state.age,
        country=None if Tells.COUNTRY in lost else state.country,
        retention_anchor=None if Tells.RELATIONSHIP_END in lost else state.retention_anchor,
    )


def moved(old: PolicySet, new: PolicySet, purpose: Purpose) -> Iterator[tuple[Tells, tuple[str, ...], tuple[str, ...]]]:
    """Facts the purpose reads that other fields tell than before."""
    read = {
        Tells.BIRTH_DATE: purpose.asks_age,
        Tells.COUNTRY: purpose.age_by_country,
        Tells.RELATIONSHIP_END: purpose.retention is not None,
    }
    before, after = tellers(old), tellers(new)
    for kind, tells in sorted(before.keys() & after.keys()):
        was, now = before[kind, tells], after[kind, tells]
        if was != now and read[tells] and kind in purpose.subjects:
            yield tells, was, now
