"""The same policies as Cedar text with a schema: an engine nobody here wrote, to decide the same requests.

Written from the law's order in `docs/dpo.md` and the meaning of each key of the files, not from `decide`: a purpose is
one `permit` with all that it needs, and what ends a use is a `forbid`. Masks are a second action, `show_whole`.
"""

import calendar
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from privacy_svc.policy import ConsentRule, LegalBasis, PolicySet, Purpose, SpecialCondition, SubjectState

SCHEMA = """
entity Module { purposes: Set<String> };
entity Field { categories: Set<String>, special: Bool };
action use, show_whole appliesTo { principal: [Module], resource: [Field], context: {
  purpose: String, kind: String, erased: Bool, restricted: Bool, objections: Set<String>,
  consent: String, notice: String, version: Long, over: Bool, guardian: Bool, proven: Bool,
  age_known: Bool, age: Long, left: Bool, left_at: Long,
} };
"""
SPECIAL = (
    *("user.authorization.biometric", "user.biometric", "user.demographic.political_opinion"),
    *("user.demographic.race_ethnicity", "user.demographic.religious_belief", "user.demographic.sexual_orientation"),
    *("user.demographic.trade_union_membership", "user.health_and_medical"),
)
CRIMINAL = ("user.criminal_history",)


def policies_text(policies: PolicySet, now: datetime) -> str:
    return "\n".join(line for p in policies.purposes.values() for line in _purpose(policies, p, now))


def _purpose(policies: PolicySet, purpose: Purpose, now: datetime) -> Iterator[str]:
    mine = f'context.purpose == "{purpose.key}"'
    needs = [
        mine,
        f'principal.purposes.contains("{purpose.key}")',
        f"{_set(sorted(purpose.subjects))}.contains(context.kind)",
        "!resource.categories.isEmpty()",
        f"{_set(_usable(policies, purpose))}.containsAll(resource.categories)",
    ]
    if purpose.legal_basis is LegalBasis.CONSENT:
        needs.append(f"({_consent(policies, purpose)})")
    elif purpose.special_condition is SpecialCondition.EXPLICIT_CONSENT:
        needs.append(f"(!resource.special || ({_consent(policies, purpose)}))")
    yield f"permit (principal, action, resource) when {{ {' && '.join(needs)} }};"
    ends = ["context.erased"]
    if not purpose.storage_only and not purpose.despite_restriction:
        ends.append("context.restricted")
    if purpose.direct_marketing:
        ends.append('context.objections.contains("direct_marketing")')
    if purpose.direct_marketing or purpose.legal_basis in {LegalBasis.LEGITIMATE_INTERESTS, LegalBasis.PUBLIC_TASK}:
        ends.append(f'context.objections.contains("{purpose.key}")')
    if purpose.retention is not None:
        ends.append(f"(context.left && context.left_at <= {seconds(_too_long_ago(now, purpose.retention))})")
    yield f"forbid (principal, action, resource) when {{ {mine} && ({' || '.join(ends)}) }};"
    masked = [c for c in mapped(policies) if any(_below(c, m) for m in purpose.masks)]
    if masked:
        yield (
            'forbid (principal, action == Action::"show_whole", resource) '
            f"when {{ {mine} && resource.categories.containsAny({_set(masked)}) }};"
        )


def _consent(policies: PolicySet, purpose: Purpose) -> str:
    rule = purpose.consent
    assert rule is not None
    needs = ['context.consent == "given"', "!context.over", _text(policies, rule)]
    if not rule.accept_imported:
        needs.append("context.proven")
    if purpose.minimum_age is not None:
        unknown = "!context.age_known || " if purpose.unknown_age_permits else ""
        needs.append(f"(context.guardian || {unknown}(context.age_known && context.age >= {purpose.minimum_age}))")
    return " && ".join(needs)


def _text(policies: PolicySet, rule: ConsentRule) -> str:
    newest = max(version for notice, version, _ in policies.notices if notice == rule.notice)
    told = (
        f'(context.notice == "{rule.notice}" && context.version >= {rule.covered_since} && context.version <= {newest})'
    )
    untold = '(!context.proven && context.notice == "")'
    return f"(({untold} && {'true' if rule.covered_since == 1 else 'false'}) || (!{untold} && {told}))"


def _usable(policies: PolicySet, purpose: Purpose) -> list[str]:
    """The categories of the data map that the purpose may use, one by one: Cedar knows nothing of dots."""
    condition = purpose.special_condition
    lawful = condition is SpecialCondition.AUTHORISED_BY_LAW
    return [
        c
        for c in mapped(policies)
        if not any(_below(c, p) for p in purpose.prohibited)
        and (not c.startswith("user") or any(_below(c, p) for p in purpose.categories))
        and (not special(c) or (condition is not None and not lawful))
        and (not any(_below(c, p) for p in CRIMINAL) or lawful)
    ]


def special(category: str) -> bool:
    return any(_below(category, s) for s in SPECIAL)


def mapped(policies: PolicySet) -> list[str]:
    return sorted({c for coll in policies.data_map.collections() for f in coll.fields for c in f.categories})


def _below(category: str, above: str) -> bool:
    return f"{category}.".startswith(f"{above}.")


def _set(words: list[str]) -> str:
    return "[" + ", ".join(f'"{w}"' for w in words) + "]"


def seconds(at: datetime) -> int:
    return int(at.timestamp())


def _too_long_ago(now: datetime, retention: str) -> datetime:
    """The last whole second from which the time has passed. Years, months or days, as the test's policies have them."""
    number, unit = int(retention[1:-1]), retention[-1]
    if unit == "D":
        return now - timedelta(days=number)
    months = now.year * 12 + now.month - 1 - number * (12 if unit == "Y" else 1)
    year, month = divmod(months, 12)
    assert now.day <= calendar.monthrange(year, month + 1)[1], "a day that every month has"
    return now.replace(year=year, month=month + 1)


def entities(policies: PolicySet) -> list[dict[str, Any]]:
    fields = {f"{c.path}.{f.name}": f.categories for c in policies.data_map.collections() for f in c.fields}
    return [
        *({"uid": {"type": "Module", "id": m.key}, "attrs": {"purposes": sorted(m.purposes)}, "parents": []}
          for m in policies.modules.values()),
        {"uid": {"type": "Module", "id": "nobody"}, "attrs": {"purposes": []}, "parents": []},
        *({"uid": {"type": "Field", "id": name},
           "attrs": {"categories": list(cats), "special": any(map(special, cats))}, "parents": []}
          for name, cats in fields.items()),
        {"uid": {"type": "Field", "id": "nowhere"}, "attrs": {"categories": [], "special": False}, "parents": []},
    ]  # fmt: skip


def request(
    module: str, purpose: str, field: str, state: SubjectState, now: datetime, *, whole: bool
) -> dict[str, Any]:
    fact, end = state.consents.get(purpose), state.retention_anchor
    return {
        "principal": {"type": "Module", "id": module},
        "action": {"type": "Action", "id": "show_whole" if whole else "use"},
        "resource": {"type": "Field", "id": field},
        "context": {
            "purpose": purpose,
            "kind": state.kind,
            "erased": state.erased,
            "restricted": state.restricted,
            "objections": sorted(state.objections),
            "consent": fact.state if fact else "none",
            "notice": fact.notice if fact else "",
            "version": fact.notice_version if fact else 0,
            "over": bool(fact and fact.valid_until and fact.valid_until <= now),
            "guardian": bool(fact and fact.guardian),
            "proven": bool(fact and fact.proven),
            "age_known": state.age is not None,
            "age": state.age or 0,
            "left": end is not None,
            "left_at": seconds(end) if end else 0,
        },
    }
