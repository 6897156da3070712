"""OpenID AuthZEN Authorization API 1.0: may this module use these fields of this customer for this purpose?"""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from privacy_svc.db import Database
from privacy_svc.errors import BadRequest, Forbidden
from privacy_svc.http import Caller, Role, allow, decode
from privacy_svc.policy import Decision, Effect
from privacy_svc.settings import Settings
from privacy_svc.store.pdp import Answer, DecisionPoint, Question
from privacy_svc.store.schemas import (
    AuthzenConfiguration,
    Evaluation,
    EvaluationAnswer,
    EvaluationDetails,
    Obligation,
    ReasonView,
    customer_of,
    field_effect,
)

EVALUATION = "/access/v1/evaluation"
FILTER = "urn:privacy-svc:obligation:field-filter:1"


@post(
    EVALUATION,
    status_code=200,
    opt=allow(Role.MODULE, Role.DPO),
    sync_to_thread=True,
    operation_id="evaluate",
    tags=["Policy gateway"],
)
def evaluate(
    body: RawBody,
    database: NamedDependency[Database],
    pdp: NamedDependency[DecisionPoint],
    caller: NamedDependency[Caller],
) -> EvaluationAnswer:
    """One decision. A deny is 200 with `decision: false`; a DPO may ask for any module (what-if)."""
    wanted = decode(body, Evaluation)
    question = _question(wanted, caller)
    with database.write() as session:
        answer = pdp.evaluate(
            session, question, customer_of(wanted.resource), min_state_version=wanted.context.min_state_version
        )
    return _answer(answer, wanted)


def _question(wanted: Evaluation, caller: Caller) -> Question:
    if wanted.subject.type != "module":
        raise BadRequest('subject.type is "module".')
    if wanted.resource.type != "customer":
        raise BadRequest('resource.type is "customer".')
    if wanted.context.mode not in {"all", "filter"}:
        raise BadRequest('context.mode is "all" or "filter".')
    if caller.role is Role.MODULE and caller.name != wanted.subject.id:
        raise Forbidden("The subject must be the caller; only a DPO may ask for others.")
    fields = wanted.resource.properties.get("fields", [])
    if not isinstance(fields, list) or not all(isinstance(f, str) for f in fields):
        raise BadRequest("resource.properties.fields is a list of field names.")
    return Question(caller.name, wanted.subject.id, wanted.context.purpose or "", tuple(dict.fromkeys(fields)))


def _answer(answer: Answer, wanted: Evaluation) -> EvaluationAnswer:
    decision = answer.decision
    filtering = wanted.context.mode == "filter"
    permitted = decision.any_permit if filtering else decision.permit_all
    obligations = [_filter(decision)] if permitted and _needs_filter(decision) else []
    if obligations and "custom" not in wanted.context.supported_obligations:
        # A caller that does not carry out an obligation must not be permitted (obligations profile §4).
        permitted, obligations = False, []
    details = EvaluationDetails(
        decision_id=answer.decision_id,
        policy_version=decision.policy_version,
        state_version=decision.state_version,
        fields={n: field_effect(d) for n, d in decision.fields.items()},
        reasons=[ReasonView(str(r.code), r.detail, r.article, r.field) for r in decision.reasons],
        obligations=obligations,
    )
    return EvaluationAnswer(permitted, details)


def _needs_filter(decision: Decision) -> bool:
    return any(d.effect is not Effect.PERMIT for d in decision.fields.values())


def _filter(decision: Decision) -> Obligation:
    by = {e: [n for n, d in decision.fields.items() if d.effect is e] for e in Effect}
    masks = {n: str(d.mask) for n, d in decision.fields.items() if d.mask}
    properties = {"profile": FILTER, "release": by[Effect.PERMIT], "mask": masks, "drop": by[Effect.DENY]}
    return Obligation("field-filter", "custom", properties)


@get(
    "/.well-known/authzen-configuration",
    opt=allow(Role.PUBLIC),
    sync_to_thread=False,
    operation_id="authzenConfiguration",
    tags=["Policy gateway"],
)
def configuration(settings: NamedDependency[Settings]) -> AuthzenConfiguration:
    """AuthZEN 1.0 §9: where the endpoints are."""
    return AuthzenConfiguration(settings.base_url, settings.base_url + EVALUATION)


HANDLERS = [evaluate, configuration]
