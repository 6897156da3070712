"""OpenID AuthZEN Authorization API 1.0: may this module use these fields of this customer for this purpose?"""

import asyncio
from collections.abc import Sequence
from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody
from litestar.types import ASGIApp
from sqlalchemy.orm import Session

from privacy_svc.db import Database, Together
from privacy_svc.errors import BadRequest, PrivacyError
from privacy_svc.http import Caller, Encoded, Role, allow, answers, body_of, decode, parts_of
from privacy_svc.identity import caller_of_request
from privacy_svc.settings import Settings
from privacy_svc.store.authzen_schemas import (
    DENY_ON_FIRST_DENY,
    EXECUTE_ALL,
    PERMIT_ON_FIRST_PERMIT,
    Configuration,
    Evaluation,
    EvaluationAnswer,
    Evaluations,
    EvaluationsAnswer,
)
from privacy_svc.store.authzen_wire import ASKING, case_of, failed, json_body, merged, told
from privacy_svc.store.evaluating import Answer, Case
from privacy_svc.store.evaluating import Evaluations as Evaluator

EVALUATION, EVALUATIONS = "/access/v1/evaluation", "/access/v1/evaluations"
SEARCH = "/access/v1/search"
MOST = 1_000
"""Evaluations in one request."""
TAGS = ["Policy gateway"]


@post(
    EVALUATION,
    status_code=200,
    responses=answers(EvaluationAnswer),
    opt=ASKING,
    operation_id="evaluate",
    tags=TAGS,
)
async def evaluate(request: Request[Any, Any, Any]) -> ASGIApp:
    """One decision. A deny is 200 with `decision: false`; a DPO may ask for any module (what-if)."""
    wanted = decode(json_body(request, await body_of(request)), Evaluation)
    evaluating: Together[Case, Answer] = parts_of(request)["evaluating"]
    return Encoded(told(await evaluating.do(case_of(wanted, caller_of_request(request)))))


@post(
    EVALUATIONS,
    status_code=200,
    opt=ASKING,
    operation_id="evaluateMany",
    tags=TAGS,
)
async def evaluate_many(
    request: Request[Any, Any, Any],
    body: RawBody,
    database: NamedDependency[Database],
    evaluations: NamedDependency[Evaluator],
    evaluating: NamedDependency[Together[Case, Answer]],
    caller: NamedDependency[Caller],
) -> EvaluationsAnswer | EvaluationAnswer:
    """Up to 1,000 decisions. One that cannot be made is denied and says why in `context.error`. Without
    `evaluations` the request is a single one."""
    wanted = decode(json_body(request, body), Evaluations)
    if not wanted.evaluations:
        return told(await evaluating.do(case_of(merged(wanted, wanted), caller)))
    if len(wanted.evaluations) > MOST:
        raise BadRequest(f"A request holds at most {MOST:,} evaluations.")
    whole = [merged(wanted, one) for one in wanted.evaluations]
    semantic = wanted.options.evaluations_semantic
    return await asyncio.to_thread(_evaluate_all, database, evaluations, whole, caller, semantic)


def _evaluate_all(
    database: Database, evaluations: Evaluator, wanted: Sequence[Evaluation], caller: Caller, semantic: str
) -> EvaluationsAnswer:
    with database.write() as session:
        return EvaluationsAnswer(_evaluate(session, evaluations, wanted, caller, semantic))


def _evaluate(
    session: Session, evaluations: Evaluator, wanted: Sequence[Evaluation], caller: Caller, semantic: str
) -> list[EvaluationAnswer]:
    if semantic == EXECUTE_ALL:
        return _answer(session, evaluations, wanted, caller)
    if semantic not in {DENY_ON_FIRST_DENY, PERMIT_ON_FIRST_PERMIT}:
        known = f"{EXECUTE_ALL}, {DENY_ON_FIRST_DENY} or {PERMIT_ON_FIRST_PERMIT}"
        raise BadRequest(f"options.evaluations_semantic is {known}.")
    answers: list[EvaluationAnswer] = []
    for one in wanted:
        answers += _answer(session, evaluations, [one], caller)
        if answers[-1].decision is (semantic == PERMIT_ON_FIRST_PERMIT):
            break
    return answers


def _answer(
    session: Session, evaluations: Evaluator, wanted: Sequence[Evaluation], caller: Caller
) -> list[EvaluationAnswer]:
    """In order; the cases that can be asked, in one go."""
    asked = [_case(one, caller) for one in wanted]
    found = iter(evaluations.together(session, [c for c in asked if isinstance(c, Case)]))
    answers = [next(found) if isinstance(c, Case) else c for c in asked]
    return [failed(a) if isinstance(a, PrivacyError) else told(a) for a in answers]


def _case(wanted: Evaluation, caller: Caller) -> Case | PrivacyError:
    try:
        return case_of(wanted, caller)
    except PrivacyError as error:
        return error


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
