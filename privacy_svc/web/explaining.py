"""A page for each problem type, so that the `type` of an error leads to its explanation."""

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from privacy_svc.errors import NotFound, PrivacyError, all_problems
from privacy_svc.http import Role, allow
from privacy_svc.policy import PolicyHolder
from privacy_svc.web.rendering import page


def problems() -> dict[str, type[PrivacyError]]:
    """By slug; the class that gave the slug its meaning stands for those that share it."""
    found: dict[str, type[PrivacyError]] = {}
    for kind in all_problems():
        found.setdefault(kind.slug, kind)
    return dict(sorted(found.items(), key=lambda item: (item[1].status, item[0])))


@get("/problems", opt=allow(Role.PUBLIC), sync_to_thread=True, include_in_schema=False)
def list_problems(request: Request[Any, Any, Any], policies: NamedDependency[PolicyHolder]) -> Template:
    return page(request, policies.current, "problems.html", language="en", problems=problems())


@get("/problems/{slug:str}", opt=allow(Role.PUBLIC), sync_to_thread=True, include_in_schema=False)
def explain_problem(
    slug: FromPath[str], request: Request[Any, Any, Any], policies: NamedDependency[PolicyHolder]
) -> Template:
    kind = problems().get(slug)
    if kind is None:
        raise NotFound("There is no such problem type; /problems lists them.")
    return page(request, policies.current, "problem.html", language="en", slug=slug, kind=kind)
