"""The Privacy Centre as anybody sees it: who is responsible, what each purpose means, which rights there are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.response import Template

from privacy_svc.http import Role, allow
from privacy_svc.policy import LegalBasis, Notice, PolicyHolder, PolicySet, Purpose
from privacy_svc.web import texts
from privacy_svc.web.rendering import page

CUSTOMER = "customer"
RIGHTS = ("access", "rectification", "erasure", "restriction", "portability", "objection")
_GROUPS = {
    "consent": {LegalBasis.CONSENT},
    "contract": {LegalBasis.CONTRACT},
    "interest": {LegalBasis.LEGITIMATE_INTERESTS, LegalBasis.VITAL_INTERESTS},
    "law": {LegalBasis.LEGAL_OBLIGATION, LegalBasis.PUBLIC_TASK},
}


@dataclass(frozen=True, slots=True)
class Use:
    """One purpose in plain words."""

    key: str
    title: str
    description: str
    basis: str
    categories: tuple[str, ...]
    recipients: tuple[str, ...]
    kept: str
    notice: Notice | None


@get("/", opt=allow(Role.PUBLIC), sync_to_thread=True, include_in_schema=False)
def show_centre(request: Request[Any, Any, Any], policies: NamedDependency[PolicyHolder]) -> Template:
    current = policies.current
    shown = page(request, current, "centre.html", rights=RIGHTS)
    language = shown.context["language"]
    groups = {name: list(_uses(current, bases, language)) for name, bases in _GROUPS.items()}
    shown.context |= {"groups": {k: v for k, v in groups.items() if v}, "general": _general(current, language)}
    return shown


def _uses(policies: PolicySet, bases: set[LegalBasis], language: str) -> Iterator[Use]:
    for purpose in policies.purposes.values():
        if purpose.legal_basis in bases and CUSTOMER in purpose.subjects:
            yield _use(policies, purpose, language)


def _use(policies: PolicySet, purpose: Purpose, language: str) -> Use:
    named = policies.organisation.recipients
    return Use(
        key=purpose.key,
        title=purpose.title.get(language, purpose.key),
        description=purpose.description.get(language, ""),
        basis=texts.text(language, f"basis.{purpose.legal_basis}"),
        categories=tuple(dict.fromkeys(texts.category(language, c) for c in purpose.categories)),
        recipients=tuple(f"{named[r].name} ({named[r].country})" for r in purpose.recipients),
        kept=_kept(purpose, language),
        notice=_newest(policies, purpose.consent.notice, language) if purpose.consent else None,
    )


def _kept(purpose: Purpose, language: str) -> str:
    if purpose.retention is None:
        return texts.text(language, "kept.unsaid")
    period = texts.period(language, purpose.retention)
    return texts.text(language, "kept.for", period=period) if period else texts.text(language, "kept.end")


def _newest(policies: PolicySet, notice_id: str, language: str) -> Notice | None:
    return policies.notices.get((notice_id, policies.notice_versions.get(notice_id, 0), language))


def _general(policies: PolicySet, language: str) -> list[Notice]:
    """The notices about what needs no consent (Art. 13)."""
    asked = {p.consent.notice for p in policies.purposes.values() if p.consent}
    others = sorted(set(policies.notice_versions) - asked)
    return [n for n in (_newest(policies, i, language) for i in others) if n]
