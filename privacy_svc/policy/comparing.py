"""Which decisions two policies make differently: by purpose, module and reason. Pure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from privacy_svc.policy.changes import Change, Direction
from privacy_svc.policy.decide import decide
from privacy_svc.policy.fieldrules import Effect, FieldDecision
from privacy_svc.policy.policyset import Mask, PolicySet
from privacy_svc.policy.statespace import states, told
from privacy_svc.policy.subjectstate import SubjectState
from privacy_svc.policy.telling import Fact, unseen, without
from privacy_svc.policy.terms import outgrown, terms

Weighed = Callable[[str], Iterable[tuple[SubjectState, int]]]
"""The states to ask about for a purpose, each with how many people are in it."""


@dataclass(frozen=True, slots=True)
class _Side:
    policies: PolicySet
    unseen: frozenset[Fact]
    """Facts of people that only the other policy is told."""


@dataclass
class _Sum:
    count: int = 0
    example: str = ""
    fields: set[str] = field(default_factory=set)


def compare(old: PolicySet, new: PolicySet, at: datetime) -> list[Change]:
    """Over all states that either policy could tell apart, and that somebody could be in when the new one begins."""
    both = (old, new)

    def weighed(purpose: str) -> Iterator[tuple[SubjectState, int]]:
        return ((state, 1) for state in states(both, purpose, at) if not _to_come(old, purpose, state))

    return compare_over(old, new, at, weighed)


def _to_come(old: PolicySet, purpose: str, state: SubjectState) -> bool:
    """A consent to a text that comes with the new policy. Nobody has given it yet, and who will agrees to just that."""
    fact, declared = state.consents.get(purpose), old.purposes.get(purpose)
    if fact is None or not fact.notice or declared is None or declared.consent is None:
        return False
    return fact.state == "given" and fact.notice_version > old.notice_versions.get(fact.notice, 0)


def compare_over(old: PolicySet, new: PolicySet, at: datetime, weighed: Weighed) -> list[Change]:
    """Over some people, or invented ones; then what changes beside decisions."""
    sides = _Side(old, unseen(old, new)), _Side(new, unseen(new, old))
    names = _names(old, new)
    found: list[Change] = []
    for purpose in sorted({*old.purposes, *new.purposes}):
        groups = _groups(old, new, purpose)
        if not groups:
            continue
        sums: dict[tuple[tuple[str, ...], Direction, str, str], _Sum] = {}
        for state, weight in weighed(purpose):
            for modules in groups:
                differences = _differences(sides, modules[0], purpose, names, state, at)
                _add(sums, modules, differences, state, purpose, weight)
        found += (
            Change(purpose, modules, direction, before, after, tuple(sorted(s.fields)), s.count, s.example)
            for (modules, direction, before, after), s in sums.items()
        )
    found.sort(key=lambda c: (list(Direction).index(c.direction), c.purpose, c.modules, c.before, c.after))
    return [*found, *outgrown(old, new), *terms(old, new, at)]


def _add(
    sums: dict[tuple[tuple[str, ...], Direction, str, str], _Sum],
    modules: tuple[str, ...],
    differences: dict[tuple[Direction, str, str], list[str]],
    state: SubjectState,
    purpose: str,
    weight: int,
) -> None:
    for key, fields in differences.items():
        known = sums.setdefault((modules, *key), _Sum(example=told(state, purpose)))
        known.count += weight
        known.fields.update(fields)


def _differences(
    sides: tuple[_Side, _Side], module: str, purpose: str, names: list[str], state: SubjectState, at: datetime
) -> dict[tuple[Direction, str, str], list[str]]:
    before, after = (
        decide(side.policies, module, purpose, names, without(state, side.unseen), at).fields for side in sides
    )
    found: dict[tuple[Direction, str, str], list[str]] = {}
    for name in names:
        difference = direction(before[name], after[name])
        if difference is not None:
            found.setdefault((difference, outcome(before[name]), outcome(after[name])), []).append(name)
    return found


def outcome(decided: FieldDecision) -> str:
    return str(decided.reason or decided.mask or decided.effect)


def direction(before: FieldDecision, after: FieldDecision) -> Direction | None:
    """None where nothing changed. From one way of showing a part to another counts as looser: nobody can say that it
    is not."""
    if (before.effect, before.mask, before.reason) == (after.effect, after.mask, after.reason):
        return None
    if before.effect is after.effect is Effect.DENY:
        return Direction.REASON
    return Direction.TIGHTENED if _shown(after) < _shown(before) else Direction.LOOSENED


def _shown(decided: FieldDecision) -> int:
    if decided.effect is not Effect.MASK:
        return 0 if decided.effect is Effect.DENY else 4
    return {Mask.NULL: 1, Mask.HASH: 2}.get(decided.mask or Mask.NULL, 3)


def _names(old: PolicySet, new: PolicySet) -> list[str]:
    return sorted({f"{c.path}.{f.name}" for p in (old, new) for c in p.data_map.collections() for f in c.fields})


def _groups(old: PolicySet, new: PolicySet, purpose: str) -> list[tuple[str, ...]]:
    """The modules that may use the purpose in either policy; together where both grant it alike."""
    groups: dict[tuple[bool, ...], list[str]] = {}
    for name in sorted({*old.modules, *new.modules}):
        granted = tuple(name in p.modules and purpose in p.modules[name].purposes for p in (old, new))
        if any(granted):
            groups.setdefault(granted, []).append(name)
    return [tuple(names) for names in groups.values()]
