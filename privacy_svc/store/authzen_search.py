"""AuthZEN 1.0 searches (§8): which customers, purposes, modules. Everything looked at is a logged decision."""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from privacy_svc.db import Database
from privacy_svc.errors import BadRequest
from privacy_svc.http import Caller, Role, decode
from privacy_svc.policy import PolicyHolder
from privacy_svc.store.audiences import Audiences
from privacy_svc.store.authzen_schemas import (
    Action,
    ActionsAnswer,
    ActionSearch,
    Context,
    Entity,
    Found,
    Page,
    PageAnswer,
    ResourceSearch,
    SearchAnswer,
    SearchContext,
    SubjectSearch,
)
from privacy_svc.store.authzen_wire import (
    ASKING,
    CUSTOMER,
    MODULE,
    USE,
    check_words,
    customer_of,
    json_body,
    purpose_of,
    question,
    terms,
)
from privacy_svc.store.directory import Directory
from privacy_svc.store.evaluating import Answer, Case, Evaluations

Search = ResourceSearch | ActionSearch | SubjectSearch
LIMIT, MOST = 100, 1_000
SEARCH = "/access/v1/search"
TAGS = ["Policy gateway"]


@post(SEARCH + "/resource", status_code=200, opt=ASKING, sync_to_thread=True, operation_id="searchResource", tags=TAGS)
def search_resource(
    request: Request[Any, Any, Any],
    body: RawBody,
    policies: NamedDependency[PolicyHolder],
    directory: NamedDependency[Directory],
    audiences: NamedDependency[Audiences],
    caller: NamedDependency[Caller],
) -> SearchAnswer:
    """Customers whose fields the module may use for the purpose, page by page. A page may hold fewer than `limit`
    where few are permitted; the end is an empty `next_token`."""
    wanted = decode(json_body(request, body), ResourceSearch)
    check_words(wanted.subject, wanted.resource, wanted.action)
    _about_all(wanted.context)
    asked = question(wanted.subject.id, purpose_of(wanted.action, wanted.context), wanted.resource, caller)
    after, limit = _position(wanted)
    if limit == 0:
        return SearchAnswer(PageAnswer(_token(wanted, after, 0), 0), SearchContext(policies.current.version), [])
    found = audiences.page(asked, terms(wanted.context), directory.people(), after or None, limit)
    token = "" if found.after is None else _token(wanted, found.after, limit)
    return SearchAnswer(
        PageAnswer(token, len(found.keys)),
        SearchContext(found.policy_version, found.decision_id),
        [Found(CUSTOMER, key) for key in found.keys],
    )


@post(SEARCH + "/action", status_code=200, opt=ASKING, sync_to_thread=True, operation_id="searchAction", tags=TAGS)
def search_action(
    request: Request[Any, Any, Any],
    body: RawBody,
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    evaluations: NamedDependency[Evaluations],
    caller: NamedDependency[Caller],
) -> ActionsAnswer:
    """For which of its purposes the module may use this customer's fields: `use`, each with its purpose."""
    wanted = decode(json_body(request, body), ActionSearch)
    check_words(wanted.subject, wanted.resource, Action(USE))
    after, limit = _position(wanted)
    module = policies.current.modules.get(wanted.subject.id)
    purposes = sorted(module.purposes) if module else []
    if wanted.context.purpose is not None:
        purposes = [p for p in purposes if p == wanted.context.purpose]
    cases = [_case(wanted.subject.id, p, wanted.context, wanted.resource, caller) for p in purposes if p > after]
    found = [case.question.purpose for case in _permitted(database, evaluations, cases)]
    return ActionsAnswer(
        _page(wanted, found, after, limit),
        SearchContext(policies.current.version),
        [Action(USE, {"purpose": purpose}) for purpose in found[:limit]],
    )


@post(SEARCH + "/subject", status_code=200, opt=ASKING, sync_to_thread=True, operation_id="searchSubject", tags=TAGS)
def search_subject(
    request: Request[Any, Any, Any],
    body: RawBody,
    database: NamedDependency[Database],
    policies: NamedDependency[PolicyHolder],
    evaluations: NamedDependency[Evaluations],
    caller: NamedDependency[Caller],
) -> SearchAnswer:
    """Modules that may use this customer's fields for the purpose; a module learns of itself alone."""
    wanted = decode(json_body(request, body), SubjectSearch)
    check_words(wanted.subject, wanted.resource, wanted.action)
    after, limit = _position(wanted)
    purpose = purpose_of(wanted.action, wanted.context)
    modules = sorted(m for m, granted in policies.current.modules.items() if purpose in granted.purposes)
    mine = [m for m in modules if caller.role is not Role.MODULE or m == caller.name]
    cases = [_case(m, purpose, wanted.context, wanted.resource, caller) for m in mine if m > after]
    found = [case.question.module for case in _permitted(database, evaluations, cases)]
    return SearchAnswer(
        _page(wanted, found, after, limit),
        SearchContext(policies.current.version),
        [Found(MODULE, module) for module in found[:limit]],
    )


def _case(module: str, purpose: str, context: Context, resource: Entity, caller: Caller) -> Case:
    asked = question(module, purpose, resource, caller)
    return Case(asked, customer_of(resource), terms(context), context.min_state_version)


def _about_all(context: Context) -> None:
    if context.min_state_version is not None:
        raise BadRequest("context.min_state_version is of one customer: a search for customers cannot wait for it.")


def _permitted(database: Database, evaluations: Evaluations, cases: list[Case]) -> list[Case]:
    """Raises what a single evaluation would."""
    with database.write() as session:
        answers = evaluations.together(session, cases)
    for answer in answers:
        if not isinstance(answer, Answer):
            raise answer
    return [c for c, a in zip(cases, answers, strict=True) if isinstance(a, Answer) and a.permitted]


def _page(wanted: Search, found: Sequence[str], after: str, limit: int) -> PageAnswer:
    """Of names in order, all beyond `after`."""
    shown = found[:limit]
    more = len(found) > limit
    return PageAnswer(_token(wanted, shown[-1] if shown else after, limit) if more else "", len(shown))


def _position(wanted: Search) -> tuple[str, int]:
    """Where to go on ("": the beginning), and how many are wanted: none, where the limit is 0 (§8.2.1). Raises
    BadRequest for a token of another search (§8.2)."""
    page = wanted.page
    if page.limit is not None and not 0 <= page.limit <= MOST:
        raise BadRequest(f"page.limit is a whole number from 0 to {MOST}.")
    if not page.token:
        return "", LIMIT if page.limit is None else page.limit
    try:
        after, limit, digest = json.loads(base64.urlsafe_b64decode(page.token))
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise BadRequest("page.token is the one an earlier answer gave.") from None
    fits = isinstance(after, str) and isinstance(limit, int) and 0 <= limit <= MOST and page.limit in {None, limit}
    if digest != _digest(wanted) or not fits:
        raise BadRequest("page.token belongs to another search: keep everything else as it was.")
    return after, limit


def _token(wanted: Search, after: str, limit: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([after, limit, _digest(wanted)]).encode()).decode()


def _digest(wanted: Search) -> str:
    """Of what is searched for. Not a secret: whoever makes up a token only chooses where to begin."""
    same = msgspec.json.encode(msgspec.structs.replace(wanted, page=Page()))
    return hashlib.sha256(same).hexdigest()[:16]


HANDLERS = [search_resource, search_action, search_subject]
