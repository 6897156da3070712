"""What cannot be true of a retention rule of the data map, and when whole persons are over by their purposes. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date

from privacy_svc.policy.datamap import Collection, DataMap, Erase
from privacy_svc.policy.facts import last_passed
from privacy_svc.policy.policyset import PolicySet
from privacy_svc.policy.reading import Faults
from privacy_svc.policy.retention import RELATIONSHIP_END, RowRule

PEOPLE = "people:"


def check_rules(data_map: DataMap, places: Mapping[str, str], faults: Faults) -> None:
    seen: dict[str, str] = {}
    for collection in data_map.collections():
        place = places.get(collection.path, "")
        for rule in collection.retention:
            if rule.name in seen:
                faults.at(place, f"rule {rule.name!r} is {seen[rule.name]}'s already")
            seen[rule.name] = collection.path
            for detail in _wrong(data_map, collection, rule):
                faults.at(place, f"rule {rule.name!r}: {detail}")


def _wrong(data_map: DataMap, collection: Collection, rule: RowRule) -> Iterator[str]:
    start = collection.by_name.get(rule.start)
    if rule.name.startswith(PEOPLE):
        yield f"names beginning with {PEOPLE} are for whole persons"
    if rule.start != RELATIONSHIP_END and start is None:
        yield f"counts from {rule.start!r}, which is no field of {collection.name} and not {RELATIONSHIP_END}"
    if start is not None and start.seal:
        yield f"counts from {rule.start!r}, which is sealed: leave the day in clear"
    if rule.start == RELATIONSHIP_END and data_map.owner(collection) is None:
        yield "no reference leads to a person whose relationship could end"
    if not collection.key:
        yield "the collection needs a field with primary_key: true"
    if collection.subject and not rule.fields:
        yield "its rows are persons, whose end the retention of their purposes says: name 'fields'"
    yield from _wrong_fields(collection, rule)


def _wrong_fields(collection: Collection, rule: RowRule) -> Iterator[str]:
    for name in rule.fields:
        field = collection.by_name.get(name)
        if field is None or not field.erasable:
            yield f"{name!r} is no field that an erasure touches"
        elif field.erase is Erase.KEEP:
            yield f"{name!r} is kept by law; its 'keep' says how long"
    if not rule.fields and not any(f.erasable for f in collection.fields):
        yield "nothing in it is personal"


def people_over(policies: PolicySet, kind: str, today: date) -> date | str:
    """The last day on which a relationship may have ended for every purpose's retention to have passed; or the purpose
    that has none, so that nobody of this kind is ever over."""
    purposes = [p for p in policies.purposes.values() if kind in p.subjects]
    endless = next((p.key for p in purposes if p.retention is None), None)
    if endless is not None or not purposes:
        return endless or ""
    return min(last_passed(today, p.retention) for p in purposes if p.retention is not None)
