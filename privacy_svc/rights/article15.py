"""The information of Art. 15(1)(a) to (h) and (2) GDPR, out of the policy in force. Pure.

Every item is there, also where the answer is "none": silence would not be an answer. It is tailored to the
person: only purposes for their kind whose categories occur in what we hold about them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from privacy_svc.policy import LegalBasis, Party, PolicySet, Purpose, parse_duration

BASIS = {
    LegalBasis.CONSENT: ("6(1)(a)", "You agreed to it. You can withdraw at any time."),
    LegalBasis.CONTRACT: ("6(1)(b)", "We need it to do what we agreed with you."),
    LegalBasis.LEGAL_OBLIGATION: ("6(1)(c)", "A law obliges us to."),
    LegalBasis.VITAL_INTERESTS: ("6(1)(d)", "It protects somebody's life."),
    LegalBasis.PUBLIC_TASK: ("6(1)(e)", "It is a task in the public interest."),
    LegalBasis.LEGITIMATE_INTERESTS: ("6(1)(f)", "We have a legitimate interest. You can object."),
}

RIGHTS = (
    ("16", "Rectification", "Have wrong data corrected."),
    ("17", "Erasure", "Have your data erased."),
    ("18", "Restriction", "Have the use of your data restricted."),
    ("20", "Portability", "Take your data elsewhere."),
    ("21", "Objection", "Object to a use; to direct marketing without any reason."),
    ("7(3)", "Withdrawal", "Withdraw a consent at any time."),
)


@dataclass(frozen=True, slots=True)
class Held:
    """What we hold about the person, without values."""

    kind: str
    """fideslang data subject, e.g. `customer`."""
    categories: frozenset[str]
    collections: tuple[str, ...]


def answer(policies: PolicySet, held: Held, language: str) -> dict[str, Any]:
    organisation = policies.organisation
    purposes = touching(policies, held)
    recipients = [organisation.recipients[k] for k in dict.fromkeys(r for p in purposes for r in p.recipients)]
    return {
        "confirmation": {"processed": bool(held.categories), "controller": _party(organisation.controller)},
        "purposes": [_purpose(p, language) for p in purposes],
        "categories": sorted(held.categories),
        "recipients": [_recipient(r) for r in recipients] or _none("No recipient outside the controller is named."),
        "retention": {p.key: retention_words(p.retention) for p in purposes},
        "rights": [{"article": a, "name": n, "meaning": m} for a, n, m in RIGHTS],
        "complaint": {"article": "77", "authority": _party(organisation.authority)},
        "source": _source(held),
        "automated_decisions": _none(
            "Our policy names no purpose with decisions about you by automated means alone (Art. 22)."
        ),
        "transfers": [_recipient(r) for r in recipients if r.safeguard]
        or _none("Your data are not transferred outside the European Economic Area under an instrument of Art. 46."),
        "data_protection_officer": _party(organisation.dpo),
    }


def touching(policies: PolicySet, held: Held) -> list[Purpose]:
    return [
        p
        for p in policies.purposes.values()
        if held.kind in p.subjects and any(p.covers(category) for category in held.categories)
    ]


def retention_words(iso: str | None) -> str:
    """`P6Y` as people say it."""
    if iso is None:
        return "As long as the purpose lasts"
    duration = parse_duration(iso)
    years, months = divmod(duration.months, 12)
    parts = [_count(years, "year"), _count(months, "month"), _count(duration.days, "day")]
    return (" and ".join(p for p in parts if p) or "Not at all") + " after our relationship ends"


def in_language(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'s' if number != 1 else ''}" if number else ""


def _purpose(purpose: Purpose, language: str) -> dict[str, Any]:
    article, why = BASIS[purpose.legal_basis]
    return {
        "key": purpose.key,
        "title": in_language(purpose.title, language),
        "description": in_language(purpose.description, language),
        "legal_basis": {"article": article, "name": purpose.legal_basis.value, "meaning": why},
        "dpv": purpose.dpv,
        "categories": list(purpose.categories),
        "retention": retention_words(purpose.retention),
        "recipients": list(purpose.recipients),
    }


def _party(party: Party) -> dict[str, str]:
    return {n: v for n in ("name", "address", "email", "country") if (v := getattr(party, n))}


def _recipient(party: Party) -> dict[str, str]:
    return _party(party) | {n: v for n in ("role", "safeguard") if (v := getattr(party, n))}


def _source(held: Held) -> dict[str, Any]:
    return {
        "statement": "From you and from your dealings with us, as far as our records name a source.",
        "collections": list(held.collections),
    }


def _none(statement: str) -> dict[str, str]:
    return {"state": "not_applicable", "statement": statement}


def portable(policies: PolicySet, kind: str, consented: Collection[str]) -> Sequence[Purpose]:
    """The purposes whose data Art. 20 covers: contract, and consents that stand."""
    return [
        p
        for p in policies.purposes.values()
        if kind in p.subjects
        and (p.legal_basis is LegalBasis.CONTRACT or (p.legal_basis is LegalBasis.CONSENT and p.key in consented))
    ]
