"""The same policies in Cedar, with a schema: a second reading of what the files mean, written from the articles and not
from our decision. Only masks have no word there: a masked field counts as permitted."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cedarpy import Decision, Entities, Schema, is_authorized_batch
from cedarpy import PolicySet as CedarPolicies

from privacy_svc.policy import LegalBasis, PolicySet, Purpose, SpecialCondition, SubjectState, add_duration

SCHEMA = """
entity Grant;
entity Module in [Grant];
entity Field { labels: Set<String> };
type Consent = { state: String, notice: String, version: Long, until?: Long, guardian: Bool, proven: Bool,
  explicit: Bool, since: Bool };
action use appliesTo {
  principal: Module,
  resource: Field,
  context: {
    purpose: String, kind: String, now: Long, erased: Bool, restricted: Bool, objections: Set<String>,
    age?: Long, country?: String, ended?: Long, consent?: Consent
  }
};
"""
SENSITIVE = (
    "user.authorization.biometric",
    "user.biometric",
    "user.demographic.political_opinion",
    "user.demographic.race_ethnicity",
    "user.demographic.religious_belief",
    "user.demographic.sexual_orientation",
    "user.demographic.trade_union_membership",
    "user.health_and_medical",
)
CRIMINAL = ("user.criminal_history",)
LAWS = {
    **dict.fromkeys(["BE", "EE", "FI", "GB", "IS", "LV", "MT", "NO", "PT", "SE"], 13),
    **dict.fromkeys(["AT", "BG", "CY", "ES", "IT", "LT"], 14),
    **dict.fromkeys(["CZ", "DK", "FR", "GR", "SI"], 15),
}
"""Who lowered the sixteen years of Art. 8(1)."""
ERASED = "forbid (principal, action, resource) when { context.erased };"


class Cedar:
    """`kinds` of people; each has its own names of fields."""

    def __init__(self, policies: PolicySet, kinds: Sequence[str]) -> None:
        self._policies = policies
        labels = {
            label for kind in kinds for _, field in policies.field_names(kind).values() for label in field.categories
        }
        self.text = "\n".join([ERASED, *(t for p in policies.purposes.values() for t in _purpose(policies, p, labels))])
        self.schema, self.compiled = Schema.from_str(SCHEMA), CedarPolicies.from_str(self.text)
        self.entities = Entities.from_json_str(json.dumps([*_modules(policies), *_fields(policies, kinds)]))

    def permits(self, asked: Iterable[tuple[str, str, str, SubjectState]], now: datetime) -> list[bool]:
        """Of (module, purpose, field, state), each. An error in the diagnostics is no."""
        requests = [self.request(module, purpose, field, state, now) for module, purpose, field, state in asked]
        answers = is_authorized_batch(requests, self.compiled, self.entities, self.schema)
        return [a.decision == Decision.Allow and not a.diagnostics.errors for a in answers]

    def request(self, module: str, purpose: str, field: str, state: SubjectState, now: datetime) -> dict[str, Any]:
        return {
            "principal": {"type": "Module", "id": module},
            "action": {"type": "Action", "id": "use"},
            "resource": {"type": "Field", "id": f"{state.kind}|{field}"},
            "context": _context(self._policies.purposes.get(purpose), purpose, state, now),
        }


def _modules(policies: PolicySet) -> Iterable[dict[str, Any]]:
    for purpose in policies.purposes:
        yield {"uid": {"type": "Grant", "id": purpose}, "attrs": {}, "parents": []}
    for module in policies.modules.values():
        parents = [{"type": "Grant", "id": p} for p in sorted(module.purposes)]
        yield {"uid": {"type": "Module", "id": module.key}, "attrs": {}, "parents": parents}


def _fields(policies: PolicySet, kinds: Sequence[str]) -> Iterable[dict[str, Any]]:
    for kind in kinds:
        for name, (_, field) in policies.field_names(kind).items():
            attributes = {"labels": list(field.categories)}
            yield {"uid": {"type": "Field", "id": f"{kind}|{name}"}, "attrs": attributes, "parents": []}


def _context(purpose: Purpose | None, name: str, state: SubjectState, now: datetime) -> dict[str, Any]:
    context: dict[str, Any] = {
        "purpose": name,
        "kind": state.kind,
        "now": _seconds(now),
        "erased": state.erased,
        "restricted": state.restricted,
        "objections": sorted(state.objections),
    }
    if state.age is not None:
        context["age"] = state.age
    if state.country is not None:
        context["country"] = state.country
    if purpose is not None and purpose.retention is not None and state.retention_anchor is not None:
        context["ended"] = _seconds(add_duration(state.retention_anchor, purpose.retention))
    if (fact := state.consents.get(name)) is not None:
        context["consent"] = {
            "state": fact.state,
            "notice": fact.notice,
            "version": fact.notice_version,
            "guardian": fact.guardian,
            "proven": fact.proven,
            "explicit": fact.explicit,
            "since": fact.since_restriction,
            **({"until": _seconds(fact.valid_until)} if fact.valid_until is not None else {}),
        }
    return context


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _purpose(policies: PolicySet, purpose: Purpose, labels: set[str]) -> Iterable[str]:
    """A permit for what the purpose covers, and what takes it away again."""
    of = f'context.purpose == "{purpose.key}"'
    above = [g.prohibited for g in policies.groups.values() if _below(purpose.key, (g.key,))]
    carved = {c for some in (*above, purpose.prohibited) for c in some}
    allowed = sorted(la for la in labels if not _may_be(la, carved) and _asked_for(purpose, la))
    granted = f'principal in Grant::"{purpose.key}", action == Action::"use", resource'
    kinds = f"{_set(sorted(purpose.subjects))}.contains(context.kind)"
    if not allowed:
        return
    covered = f"!resource.labels.isEmpty() && {_set(allowed)}.containsAll(resource.labels)"
    yield f"permit ({granted}) when {{ {of} && {kinds} && {covered} }};"
    for condition in _against(policies, purpose, labels):
        yield f"forbid (principal, action, resource) when {{ {of} && ({condition}) }};"


def _asked_for(purpose: Purpose, label: str) -> bool:
    return not _below(label, ("user",)) or _below(label, purpose.categories)


def _below(label: str, roots: Iterable[str]) -> bool:
    return any((label + ".").startswith(root + ".") for root in roots)


def _may_be(label: str, roots: Iterable[str]) -> bool:
    """It is one of these, or so broad that it may hold one of these."""
    return any(_below(label, (root,)) or _below(root, (label,)) for root in roots)


def _against(policies: PolicySet, purpose: Purpose, labels: set[str]) -> Iterable[str]:
    agreed = _agreed(policies, purpose)
    if not purpose.storage_only and not purpose.despite_restriction:
        yield f"context.restricted && !({agreed} && context.consent.explicit && context.consent.since)"
    reaching = [k for k in (*policies.groups, *policies.purposes) if _below(purpose.key, (k,))]
    reaching += ["profiling"] if purpose.profiling else []
    if purpose.direct_marketing:
        yield f"context.objections.containsAny({_set(['direct_marketing', *reaching])})"
    elif purpose.legal_basis in {LegalBasis.LEGITIMATE_INTERESTS, LegalBasis.PUBLIC_TASK}:
        yield f"context.objections.containsAny({_set(reaching)})"
    if purpose.legal_basis is LegalBasis.CONSENT:
        yield f"!({agreed})"
    if purpose.retention is not None:
        yield "context has ended && context.ended <= context.now"
    sensitive = sorted(la for la in labels if _may_be(la, SENSITIVE))
    criminal = sorted(la for la in labels if _may_be(la, CRIMINAL))
    condition = purpose.special_condition
    if condition is None or condition is SpecialCondition.AUTHORISED_BY_LAW:
        yield _touches(sensitive)
    if condition is not SpecialCondition.AUTHORISED_BY_LAW:
        yield _touches(criminal)
    if condition is SpecialCondition.EXPLICIT_CONSENT and purpose.legal_basis is not LegalBasis.CONSENT:
        yield f"{_touches(sensitive)} && !({agreed})"


def _touches(labels: Sequence[str]) -> str:
    return f"resource.labels.containsAny({_set(labels)})" if labels else "false"


def _agreed(policies: PolicySet, purpose: Purpose) -> str:
    rule = purpose.consent
    if rule is None:
        return "false"
    newest = max((v for n, v, _ in policies.notices if n == rule.notice), default=0)
    shown = (
        f'context.consent.notice == "{rule.notice}" && context.consent.version >= {rule.covered_since} '
        f"&& context.consent.version <= {newest}"
    )
    unseen = 'context.consent.notice == "" && !context.consent.proven'
    parts = [
        "context has consent",
        'context.consent.state == "given"',
        "!(context.consent has until && context.consent.until <= context.now)",
        f"(if {unseen} then {'true' if rule.covered_since == 1 else 'false'} else {shown})",
    ]
    if not rule.accept_imported:
        parts.append("context.consent.proven")
    if purpose.special_condition is SpecialCondition.EXPLICIT_CONSENT:
        parts.append("context.consent.explicit")
    if purpose.age_by_country or purpose.minimum_age is not None:
        unknown = "!(context has age)" if purpose.unknown_age_permits else "false"
        old = f"(context has age && {_old(policies, purpose)})"
        young = "true" if rule.guardian_lasts else f"!{old}"
        parts.append(f"(if context.consent.guardian then {young} else ({unknown} || {old}))")
    return " && ".join(parts)


def _old(policies: PolicySet, purpose: Purpose) -> str:
    if not purpose.age_by_country:
        return f"context.age >= {purpose.minimum_age}"
    ages = {**LAWS, **policies.organisation.consent_ages}
    strictest = max(16, *ages.values())
    elsewhere = f"!{_set(sorted(ages))}.contains(context.country) && context.age >= 16"
    listed = [f'context.country == "{country}" && context.age >= {age}' for country, age in sorted(ages.items())]
    known = " || ".join(f"({part})" for part in (elsewhere, *listed))
    return f"(if context has country then ({known}) else context.age >= {strictest})"


def _set(words: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{w}"' for w in words) + "]"


def errors(cedar: Cedar) -> Mapping[str, Any]:
    """What Cedar's own validator says of the policies against the schema."""
    from cedarpy import validate_policies

    found = validate_policies(cedar.text, SCHEMA)
    return {"passed": found.validation_passed, "errors": [str(e) for e in found.errors]}
