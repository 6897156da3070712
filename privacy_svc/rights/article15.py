"""The information of Art. 15(1)(a) to (h) and (2) GDPR, out of the policy in force. Pure.

Every item is there, also where the answer is "none": silence would not be an answer. It is tailored to the
person: only purposes for their kind whose categories occur in what we hold about them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from privacy_svc.policy import AutomatedGround, Field, LegalBasis, Party, PolicySet, Purpose, Source, parse_duration
from privacy_svc.rights.package_words import say

ARTICLES = {
    LegalBasis.CONSENT: "6(1)(a)",
    LegalBasis.CONTRACT: "6(1)(b)",
    LegalBasis.LEGAL_OBLIGATION: "6(1)(c)",
    LegalBasis.VITAL_INTERESTS: "6(1)(d)",
    LegalBasis.PUBLIC_TASK: "6(1)(e)",
    LegalBasis.LEGITIMATE_INTERESTS: "6(1)(f)",
}
ALLOWED_BY = {
    AutomatedGround.CONTRACT: "22(2)(a)",
    AutomatedGround.LAW: "22(2)(b)",
    AutomatedGround.CONSENT: "22(2)(c)",
}
RIGHTS = ("16", "17", "18", "20", "21", "22", "7(3)")


@dataclass(frozen=True, slots=True)
class Held:
    """What we hold about the person, without values."""

    kind: str
    """fideslang data subject, e.g. `customer`."""
    categories: frozenset[str]
    fields: tuple[tuple[str, Field], ...] = ()
    """Of each place that holds something: the collection's path and the field."""


def answer(policies: PolicySet, held: Held, language: str) -> dict[str, Any]:
    organisation = policies.organisation
    purposes = touching(policies, held)
    recipients = [organisation.recipients[k] for k in dict.fromkeys(r for p in purposes for r in p.recipients)]
    return {
        "language": language,
        "confirmation": {"processed": bool(held.categories), "controller": _party(organisation.controller)},
        "purposes": [_purpose(p, language) for p in purposes],
        "categories": sorted(held.categories),
        "recipients": [_recipient(r) for r in recipients] or _none(say(language, "who.none")),
        "retention": {p.key: retention_words(p.retention, language) for p in purposes},
        "rights": [
            {"article": a, "name": say(language, f"right.{a}"), "meaning": say(language, f"right.{a}.meaning")}
            for a in RIGHTS
        ],
        "complaint": {"article": "77", "authority": _party(organisation.authority)},
        "source": list(_sources(held.fields, language))
        or [{"statement": say(language, "source.unknown"), "fields": []}],
        "automated_decisions": _automated(purposes, language) or _none(say(language, "automated.none")),
        "transfers": [_recipient(r) for r in recipients if r.safeguard] or _none(say(language, "transfers.none")),
        "data_protection_officer": _party(organisation.dpo),
    }


def touching(policies: PolicySet, held: Held) -> list[Purpose]:
    return [
        p
        for p in policies.purposes.values()
        if held.kind in p.subjects and any(p.covers(category) for category in held.categories)
    ]


def retention_words(iso: str | None, language: str) -> str:
    """`P6Y` as people say it."""
    if iso is None:
        return say(language, "kept.lasting")
    duration = parse_duration(iso)
    years, months = divmod(duration.months, 12)
    counted = [(years, "year"), (months, "month"), (duration.days, "day")]
    parts = [say(language, f"time.{unit}{'s' if n > 1 else ''}", n=n) for n, unit in counted if n]
    time = say(language, "and").join(parts)
    return say(language, "kept.after", time=time) if time else say(language, "kept.not")


def in_language(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


def _purpose(purpose: Purpose, language: str) -> dict[str, Any]:
    meaning = say(language, f"basis.{purpose.legal_basis}")
    return {
        "key": purpose.key,
        "title": in_language(purpose.title, language),
        "description": in_language(purpose.description, language),
        "legal_basis": {
            "article": ARTICLES[purpose.legal_basis],
            "name": purpose.legal_basis.value,
            "meaning": meaning,
        },
        "dpv": purpose.dpv,
        "categories": list(purpose.categories),
        "retention": retention_words(purpose.retention, language),
        "recipients": list(purpose.recipients),
    }


def _automated(purposes: Iterable[Purpose], language: str) -> list[dict[str, str]]:
    """Art. 15(1)(h): the logic involved, and what it means for the person."""
    return [
        {
            "purpose": p.key,
            "title": in_language(p.title, language),
            "logic": in_language(p.automated.logic, language),
            "consequences": in_language(p.automated.consequences, language),
            "allowed_by": ALLOWED_BY[p.automated.ground],
            **({"law": p.automated.law} if p.automated.law else {}),
        }
        for p in purposes
        if p.automated
    ]


def _party(party: Party) -> dict[str, str]:
    return {n: v for n in ("name", "address", "email", "country") if (v := getattr(party, n))}


def _recipient(party: Party) -> dict[str, str]:
    return _party(party) | {n: v for n in ("role", "safeguard") if (v := getattr(party, n))}


def _sources(fields: Iterable[tuple[str, Field]], language: str) -> Iterable[dict[str, Any]]:
    """Art. 15(1)(g), and of what the person gave as well: by source, which fields."""
    found: dict[str, list[str]] = {}
    for path, field in fields:
        if field.personal:
            word = field.source.value if field.source else "unknown"
            statement = say(
                language, f"source.{word}", **({"name": field.received_from} if field.received_from else {})
            )
            found.setdefault(statement, []).append(f"{path}.{field.name}")
    for statement, places in found.items():
        yield {"statement": statement, "fields": places}


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


def left_out(field: Field, purposes: Iterable[Purpose]) -> str | None:
    """Why portability leaves a field out, as a key of the words; None for what is given. What is observed counts as
    provided, what is derived does not (WP 242, page 10); of what the map does not say, the person has the benefit."""
    if field.source in {Source.DERIVED, Source.RECEIVED}:
        return f"left.{field.source}"
    if not any(p.covers(category) for p in purposes for category in field.categories):
        return "left.basis"
    return None
