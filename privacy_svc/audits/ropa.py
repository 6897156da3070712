"""The register of processing activities, Art. 30(1) and (2) GDPR, from the policy in force. Pure.

It is never written by hand, so it cannot say something else than what is decided by. What the article asks
for and the policy does not say stands under `missing`. What the policy plans is told from what is done.
"""

from collections.abc import Collection, Iterator
from typing import Any

from privacy_svc.policy import Commission, LegalBasis, Party, PolicySet, Purpose

TYPE = "privacy-svc/register"
VERSION = 1
JOINT = "joint_controller"
ARTICLES = {
    LegalBasis.CONSENT: "GDPR 6(1)(a)",
    LegalBasis.CONTRACT: "GDPR 6(1)(b)",
    LegalBasis.LEGAL_OBLIGATION: "GDPR 6(1)(c)",
    LegalBasis.VITAL_INTERESTS: "GDPR 6(1)(d)",
    LegalBasis.PUBLIC_TASK: "GDPR 6(1)(e)",
    LegalBasis.LEGITIMATE_INTERESTS: "GDPR 6(1)(f)",
}


def register(policies: PolicySet, sealed: Collection[str]) -> dict[str, Any]:
    """`sealed`: dataset.collection.field of each field whose values really are encrypted, all of them."""
    organisation = policies.organisation
    activities = [_activity(policies, p) for p in policies.purposes.values()]
    return {
        "type": TYPE,
        "version": VERSION,
        "policy": policies.version,
        "controller": _party(organisation.controller),
        "joint_controllers": _joint(policies),
        "representative": _optional(organisation.representative),
        "dpo": _party(organisation.dpo),
        "authority": _party(organisation.authority),
        "security": _security(policies, sealed),
        "activities": activities,
        "as_processor": [_commission(c) for c in organisation.commissions.values()],
        "missing": list(_missing(policies, sealed)),
    }


def _activity(policies: PolicySet, purpose: Purpose) -> dict[str, Any]:
    """Art. 30(1)(b) to (f) for one purpose, and who may work for it."""
    recipients = [policies.organisation.recipients[r] for r in purpose.recipients]
    return {
        "id": purpose.key,
        "purpose": _in_first_language(policies, purpose.title),
        "description": _in_first_language(policies, purpose.description),
        "legal_basis": str(purpose.legal_basis),
        "article": ARTICLES[purpose.legal_basis],
        "special_condition": str(purpose.special_condition) if purpose.special_condition else None,
        "assessment": purpose.assessment,
        "subjects": sorted(purpose.subjects),
        "categories": list(purpose.categories),
        "recipients": [_recipient(r) for r in recipients],
        "transfers": [_recipient(r) for r in recipients if r.safeguard],
        "retention": purpose.retention,
        "modules": sorted(m.key for m in policies.modules.values() if purpose.key in m.purposes),
        "held_in": sorted(_held_in(policies, purpose)),
        "dpv": purpose.dpv,
    }


def _joint(policies: PolicySet) -> list[dict[str, Any]]:
    """Art. 26: who decides with the controller, about which purposes."""
    found = []
    for party in policies.organisation.recipients.values():
        if party.role == JOINT:
            purposes = sorted(p.key for p in policies.purposes.values() if party.key in p.recipients)
            found.append(_party(party) | {"arrangement": party.arrangement, "purposes": purposes})
    return found


def _commission(work: Commission) -> dict[str, Any]:
    """Art. 30(2)(a) to (c) for one controller; the measures of (d) are those of the whole register."""
    return {
        "id": work.party.key,
        "controller": _party(work.party),
        "representative": _optional(work.representative),
        "dpo": _optional(work.dpo),
        "processing": list(work.processing),
        "transfers": [{"name": t.name, "country": t.country, "safeguard": t.safeguard} for t in work.transfers],
        "contract": work.contract,
    }


def _optional(party: Party | None) -> dict[str, str] | None:
    return None if party is None else _party(party)


def _held_in(policies: PolicySet, purpose: Purpose) -> set[str]:
    return {c.path for c in policies.data_map.collections() for f in c.fields if any(map(purpose.covers, f.categories))}


def _in_first_language(policies: PolicySet, texts: Any) -> str:
    return str(texts.get(policies.organisation.languages[0], ""))


def _party(party: Party) -> dict[str, str]:
    return {"name": party.name, "address": party.address, "email": party.email, "country": party.country}


def _recipient(party: Party) -> dict[str, str]:
    return {"name": party.name, "country": party.country, "role": party.role, "safeguard": party.safeguard}


def _security(policies: PolicySet, sealed: Collection[str]) -> dict[str, Any]:
    """Art. 30(1)(g): what this service itself does, counted from the data map and the stores."""
    personal = {f"{c.path}.{f.name}": f for c in policies.data_map.collections() for f in c.fields if f.erasable}
    wanted = {path for path, f in personal.items() if f.seal}
    done = len(wanted.intersection(sealed))
    return {
        "personal_fields": len(personal),
        "encrypted_fields": done,
        "planned_fields": len(wanted) - done,
        "measures": [*_encryption(len(personal), done, len(wanted) - done), *_GATEWAY],
    }


def _encryption(personal: int, done: int, planned: int) -> Iterator[str]:
    if done:
        yield f"{done} of {personal} mapped personal fields are encrypted, with one key for each person"
    if planned:
        yield f"planned: {planned} of {personal} mapped personal fields are to be encrypted; they hold values in clear"


_GATEWAY = (
    "of what goes through this service, every read, decision and change is entered in a log that shows alterations",
    "of what goes through this service, a module reads only the fields that its purposes need, decided for each person",
)
"""What a system reads in the database by itself is not among it."""


def _missing(policies: PolicySet, sealed: Collection[str]) -> Iterator[dict[str, str]]:
    organisation = policies.organisation
    for name, party in (("controller", organisation.controller), ("dpo", organisation.dpo)):
        for field in ("name", "address", "email"):
            if not getattr(party, field):
                yield _gap(name, field, "30(1)(a)", "the contact is incomplete")
    for party in organisation.recipients.values():
        if party.role == JOINT and not party.arrangement:
            yield _gap(party.key, "arrangement", "26(1)", "the arrangement with the joint controller is not named")
    for work in organisation.commissions.values():
        if not work.contract:
            yield _gap(work.party.key, "contract", "28(3)", "the contract with the controller is not named")
    for purpose in policies.purposes.values():
        yield from _missing_of(policies, purpose)
    if not _security(policies, sealed)["encrypted_fields"]:
        yield _gap("security", "encrypted_fields", "30(1)(g)", "no field is encrypted yet")


def _missing_of(policies: PolicySet, purpose: Purpose) -> Iterator[dict[str, str]]:
    if not _in_first_language(policies, purpose.description):
        yield _gap(purpose.key, "description", "30(1)(b)", "nobody can tell what the purpose is")
    if not purpose.subjects or not purpose.categories:
        yield _gap(purpose.key, "categories", "30(1)(c)", "whose and which data is not said")
    if not purpose.retention:
        yield _gap(purpose.key, "retention", "30(1)(f)", "it is not said when the data are erased")


def _gap(activity: str, field: str, article: str, detail: str) -> dict[str, str]:
    return {"activity": activity, "field": field, "article": f"GDPR {article}", "detail": detail}
