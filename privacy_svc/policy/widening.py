"""What a purpose is for that people did not agree to, under another policy, while their consents would go on counting.

Such a policy does not come into force (decision 23): the version is raised, or the policy says why each new thing was
agreed to already. Pure.
"""

from collections.abc import Iterator

from privacy_svc.errors import Fault, Misconfigured
from privacy_svc.policy.categories import within
from privacy_svc.policy.changes import Change, Direction
from privacy_svc.policy.policyset import ConsentRule, PolicySet, Purpose

PROFILING, AUTOMATED = "profiling", "automated"
CONTROLLER = "controller"
WAY_OUT = "raise covered_since and show a new notice version"


def widened(old: PolicySet, new: PolicySet) -> Iterator[Change]:
    """Of purposes that both have, on consents that both count."""
    for key in sorted(old.purposes.keys() & new.purposes.keys()):
        was, now = old.purposes[key], new.purposes[key]
        if was.consent is None or now.consent is None or not _go_on(old, now.consent):
            continue
        versions = f"{now.consent.covered_since} to {old.notice_versions.get(now.consent.notice, 1)}"
        before = f"consents to notice {now.consent.notice}, versions {versions}"
        modules = tuple(sorted(m for m, found in new.modules.items() if key in found.purposes))
        told = [word for word in new_words(old, new, was, now) if not within(word, now.consent.inherits)]
        if told:
            yield Change(
                key, modules, Direction.LOOSENED, before, f"they cover {', '.join(told)} too: {WAY_OUT}", (), 0
            )
        if _is_another(old, new):
            name = new.organisation.controller.name
            after = f"they count for {name}, and were given to {old.organisation.controller.name}: {WAY_OUT}"
            yield Change(key, modules, Direction.LOOSENED, before, after, (), 0)


def refuse_widened(old: PolicySet, new: PolicySet, name: str) -> None:
    """Raises Misconfigured. `old` was in force, `new` would be; `name` is the folder's."""
    faults = [
        Fault(f"{name}/purposes.yml", f"{c.purpose}: {c.before} would go on counting, and {c.after}; {_OTHERWISE}")
        for c in widened(old, new)
    ]
    if faults:
        told = (
            f"The policies would have people agree to what they never read, beside {old.version[:19]}, in force before"
        )
        raise Misconfigured(told, faults=faults)


_OTHERWISE = (
    "where they read it already, say why: consent: {inherits: {WHAT: REASON}}, or controller: {formerly: [NAME]} for "
    "the same controller under a new name"
)


def _go_on(old: PolicySet, rule: ConsentRule) -> bool:
    """Whether consents of before count. One that was imported without its text counts as to the first version."""
    imported = rule.accept_imported and rule.covered_since == 1
    return imported or rule.covered_since <= old.notice_versions.get(rule.notice, 0)


def new_words(old: PolicySet, new: PolicySet, was: Purpose, now: Purpose) -> tuple[str, ...]:
    """Categories, recipients who use the data for themselves, use, purpose and profiling, each by its own word."""
    # What was carved out may be let in again without a word in `categories`.
    known = {*now.categories, *was.prohibited, *was.prohibited_above}
    found = [c for c in known if now.covers(c) and not was.covers(c)]
    found += set(_told_to(new, now)) - set(_told_to(old, was))
    found += [word for word, before in ((now.use, was.use), (now.dpv, was.dpv)) if word != before]
    found += [PROFILING] if now.profiling and not was.profiling else []
    found += [AUTOMATED] if now.automated and not was.automated else []
    return tuple(sorted(found))


def _told_to(policies: PolicySet, purpose: Purpose) -> Iterator[str]:
    """Who must be named for a consent to be informed (EDPB 05/2020, 65). A processor works for the controller."""
    recipients = policies.organisation.recipients
    return (key for key in purpose.recipients if key in recipients and recipients[key].role != "processor")


def _is_another(old: PolicySet, new: PolicySet) -> bool:
    was = old.organisation.controller.name
    return was != new.organisation.controller.name and was not in new.organisation.controller.formerly
