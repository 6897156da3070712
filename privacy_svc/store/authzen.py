"""OpenID AuthZEN Authorization API 1.0: may this module use these fields of this customer for this purpose?"""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.types import ASGIApp

from privacy_svc.db import Together
from privacy_svc.errors import BadRequest, PrivacyError
from privacy_svc.http import Encoded, Role, allow, answers, body_of, decode, parts_of
from privacy_svc.identity import CLAIMING, caller_of_request, claim_of, make_sure
from privacy_svc.settings import Settings
from privacy_svc.store.authzen_schemas import (
    Configuration,
    Evaluation,
    EvaluationAnswer,
    Evaluations,
    EvaluationsAnswer,
)
from privacy_svc.store.authzen_wire import ASKING, boxcar_of, case_of, json_body, merged, told, told_all
from privacy_svc.store.evaluating import Answer, Answered, Boxcar, Case

EVALUATION, EVALUATIONS = "/access/v1/evaluation", "/access/v1/evaluations"
SEARCH = "/access/v1/search"
MOST = 1_000
"""Evaluations in one request."""
TAGS = ["Policy gateway"]


@post(
    EVALUATION,
    status_code=200,
    responses=answers(EvaluationAnswer),
    opt=ASKING | CLAIMING,
    operation_id="evaluate",
    tags=TAGS,
)
async def evaluate(request: Request[Any, Any, Any]) -> ASGIApp:
    """One decision. A deny is 200 with `decision: false`; a DPO may ask for any module (what-if)."""
    return await _answered(request, _evaluate)


async def _evaluate(request: Request[Any, Any, Any], body: bytes) -> EvaluationAnswer:
    wanted = decode(json_body(request, body), Evaluation)
    evaluating: Together[Case, Answer] = parts_of(request)["evaluating"]
    return told(await evaluating.do(case_of(wanted, caller_of_request(request), claim_of(request))))


@post(
    EVALUATIONS,
    status_code=200,
    responses=answers(EvaluationsAnswer | EvaluationAnswer),
    opt=ASKING | CLAIMING,
    operation_id="evaluateMany",
    tags=TAGS,
)
async def evaluate_many(request: Request[Any, Any, Any]) -> ASGIApp:
    """Up to 1,000 decisions. One that cannot be made is denied and says why in `context.error`. Without
    `evaluations` the request is a single one."""
    return await _answered(request, _evaluate_many)


async def _evaluate_many(request: Request[Any, Any, Any], body: bytes) -> EvaluationsAnswer | EvaluationAnswer:
    wanted = decode(json_body(request, body), Evaluations)
    parts, caller, claim = parts_of(request), caller_of_request(request), claim_of(request)
    if not wanted.evaluations:
        evaluating: Together[Case, Answer] = parts["evaluating"]
        return told(await evaluating.do(case_of(merged(wanted, wanted), caller, claim)))
    if len(wanted.evaluations) > MOST:
        raise BadRequest(f"A request holds at most {MOST:,} evaluations.")
    boxcars: Together[Boxcar, Answered] = parts["boxcars"]
    return told_all(await boxcars.do(boxcar_of(wanted, caller, claim)))


async def _answered(
    request: Request[Any, Any, Any],
    answer: Callable[[Request[Any, Any, Any], bytes], Awaitable[EvaluationsAnswer | EvaluationAnswer]],
) -> ASGIApp:
    try:
        return Encoded(await answer(request, await body_of(request)))
    except PrivacyError:
        await make_sure(request)
        raise


@get(
    "/.well-known/authzen-configuration",
    opt=allow(Role.PUBLIC),
    sync_to_thread=False,
    operation_id="authzenConfiguration",
    tags=TAGS,
)
def configuration(settings: NamedDependency[Settings]) -> Configuration:
    """§9: where the endpoints are."""
    base = settings.base_url.rstrip("/")
    return Configuration(
        policy_decision_point=base,
        access_evaluation_endpoint=base + EVALUATION,
        access_evaluations_endpoint=base + EVALUATIONS,
        search_subject_endpoint=f"{base}{SEARCH}/subject",
        search_resource_endpoint=f"{base}{SEARCH}/resource",
        search_action_endpoint=f"{base}{SEARCH}/action",
        supported_obligations=["custom"],
    )


HANDLERS = [evaluate, evaluate_many, configuration]
