"""The Privacy Centre as anybody sees it: who is responsible, what each purpose means, which rights there are."""

from collections.abc import Iterator
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.response import Template

from privacy_svc.http import Role, allow
from privacy_svc.policy import LegalBasis, Notice, PolicyHolder, PolicySet
from privacy_svc.web.rendering import page
from privacy_svc.web.uses import Use, newest_notice, use_of

CUSTOMER = "customer"
RIGHTS = ("access", "rectification", "erasure", "restriction", "portability", "objection")
_GROUPS = {
    "consent": {LegalBasis.CONSENT},
    "contract": {LegalBasis.CONTRACT},
    "interest": {LegalBasis.LEGITIMATE_INTERESTS, LegalBasis.VITAL_INTERESTS},
    "law": {LegalBasis.LEGAL_OBLIGATION, LegalBasis.PUBLIC_TASK},
}


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
            yield use_of(policies, purpose, language)


def _general(policies: PolicySet, language: str) -> list[Notice]:
    """The notices about what needs no consent (Art. 13)."""
    asked = {p.consent.notice for p in policies.purposes.values() if p.consent}
    others = sorted(set(policies.notice_versions) - asked)
    return [n for n in (newest_notice(policies, i, language) for i in others) if n]
