"""What two policies say otherwise beside decisions: what people agreed to, how consents come about, how long they last.

Pure.
"""

from collections.abc import Iterator
from datetime import datetime

from privacy_svc.policy.changes import Change, Direction
from privacy_svc.policy.durations import add_duration
from privacy_svc.policy.policyset import PolicySet, Purpose
from privacy_svc.policy.telling import moved
from privacy_svc.policy.widening import widened

Said = tuple[float, str]
"""How much a rule lets through, comparable with the same rule's of another policy, and its words."""


def terms(old: PolicySet, new: PolicySet, at: datetime) -> Iterator[Change]:
    """Of purposes that both have. Consents that stand keep their end."""
    for key in sorted(old.purposes.keys() & new.purposes.keys()):
        before, after = old.purposes[key], new.purposes[key]
        modules = modules_of(new, key)
        rules = _rules(after, at)
        for rule, (was, was_said) in _rules(before, at).items():
            now, now_said = rules.get(rule, (was, was_said))
            if was != now:
                way = Direction.LOOSENED if now > was else Direction.TIGHTENED
                yield Change(key, modules, way, was_said, now_said, (), 0)
        yield from _recording(old, new, key)
        for fact, was_told, now_told in moved(old, new, after):
            said = [f"{fact} is told by {', '.join(paths)}" for paths in (was_told, now_told)]
            # Of whom it makes a difference is not to be known without both columns.
            yield Change(key, modules, Direction.LOOSENED, said[0], said[1], (), 0)


def _recording(old: PolicySet, new: PolicySet, key: str) -> Iterator[Change]:
    """Who may record consents to it, where there are any."""
    if old.purposes[key].consent is None or new.purposes[key].consent is None:
        return
    before, after = (frozenset(m for m, found in p.modules.items() if key in found.records) for p in (old, new))
    may, may_not = "may record consents", "may not record consents"
    if after - before:
        yield Change(key, tuple(sorted(after - before)), Direction.LOOSENED, may_not, may, (), 0)
    if before - after:
        yield Change(key, tuple(sorted(before - after)), Direction.TIGHTENED, may, may_not, (), 0)


def outgrown(old: PolicySet, new: PolicySet) -> Iterator[Change]:
    """Consents that count for more than people agreed to: the purpose or the text changed, and the version did not."""
    yield from widened(old, new)
    for notice, version, language in sorted(old.notices.keys() & new.notices.keys()):
        was, now = old.notices[notice, version, language], new.notices[notice, version, language]
        if was.digest != now.digest:
            said = f"notice {notice}, version {version} ({language})"
            for key in sorted({*was.purposes, *now.purposes}):
                before = f"{said} as people agreed to it"
                yield Change(key, modules_of(new, key), Direction.LOOSENED, before, _EDITED, (), 0)


_EDITED = "another text, which nobody agreed to: put the old one back and make a new version"


def modules_of(policies: PolicySet, purpose: str) -> tuple[str, ...]:
    return tuple(sorted(m for m, found in policies.modules.items() if purpose in found.purposes))


def _rules(purpose: Purpose, at: datetime) -> dict[str, Said]:
    """By key in purposes.yml."""
    said: dict[str, Said] = {"honours_gpc": (not purpose.honours_gpc, f"honours_gpc: {_yaml(purpose.honours_gpc)}")}
    rule = purpose.consent
    if rule is None:
        return said
    lasts, asked = (add_duration(at, length).timestamp() for length in (rule.valid_for, rule.ask_again))
    said["valid_for"] = lasts, f"consents last {rule.valid_for}"
    said["ask_again"] = -asked, f"asked again after {rule.ask_again}"
    said["double_opt_in"] = not rule.double_opt_in, f"double_opt_in: {_yaml(rule.double_opt_in)}"
    said["accept_imported"] = rule.accept_imported, f"accept_imported: {_yaml(rule.accept_imported)}"
    if rule.double_opt_in:
        said["confirm_hours"] = rule.confirm_hours, f"confirmed within {rule.confirm_hours} hours"
    return said


def _yaml(value: bool) -> str:
    return str(value).lower()
