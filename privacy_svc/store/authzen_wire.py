"""Between AuthZEN's words and ours: what is asked, and how the answer is told."""

from collections.abc import Iterator, Mapping
from typing import Any

from litestar import Request
from msgspec import UNSET

from privacy_svc.errors import BadRequest, Forbidden, PrivacyError
from privacy_svc.http import Caller, CustomerRef, Role, allow, takes
from privacy_svc.identity import Claim
from privacy_svc.policy import Decision, Effect, FieldDecision
from privacy_svc.store.authzen_schemas import (
    ALL,
    DENY_ON_FIRST_DENY,
    EXECUTE_ALL,
    FILTER,
    PERMIT_ON_FIRST_PERMIT,
    Action,
    Context,
    Entity,
    Evaluation,
    EvaluationAnswer,
    EvaluationDetails,
    EvaluationError,
    Evaluations,
    EvaluationsAnswer,
    FieldEffect,
    Obligation,
    PartialEvaluation,
    ReasonView,
    Sought,
)
from privacy_svc.store.evaluating import Answer, Answered, Boxcar, Case, Terms, obliges
from privacy_svc.store.pdp import Question

PROFILE = "urn:privacy-svc:obligation:field-filter:1"
MOST_FIELDS = 1_000
REVIEW, REVIEW_PROFILE = "human_review_on_request", "urn:privacy-svc:obligation:human-review:1"
MODULE, CUSTOMER, USE = "module", "customer", "use"
UNTIL = {EXECUTE_ALL: None, DENY_ON_FIRST_DENY: False, PERMIT_ON_FIRST_PERMIT: True}
"""The outcome that ends a request of several, by its semantic (§7.1.2.1)."""
ASKING = allow(Role.MODULE, Role.DPO) | takes()
"""The `opt` of routes that are asked in AuthZEN's words."""


def json_body(request: Request[Any, Any, Any], body: bytes) -> bytes:
    """§12.1: the content type must be JSON's. Raises BadRequest."""
    sent = next((value for name, value in request.scope["headers"] if name == b"content-type"), b"")
    kind = sent.decode("latin-1").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise BadRequest("Send the body with `Content-Type: application/json`.")
    return body


def case_of(wanted: Evaluation, caller: Caller, claim: Claim | None = None) -> Case:
    """Raises BadRequest, Forbidden."""
    customer = customer_of(wanted.resource)
    purpose = purpose_of(wanted.action, wanted.context)
    asked = question(wanted.subject.id, purpose, wanted.resource, caller)
    check_words(wanted.subject, wanted.resource, wanted.action)
    return Case(asked, customer, terms(wanted.context), wanted.context.min_state_version, claim)


def boxcar_of(wanted: Evaluations, caller: Caller, claim: Claim | None = None) -> Boxcar:
    """Raises BadRequest for what is no request at all; a case that cannot be asked stands as its error."""
    semantic = wanted.options.evaluations_semantic
    if semantic not in UNTIL:
        raise BadRequest(f"options.evaluations_semantic is {', '.join(list(UNTIL)[:-1])} or {list(UNTIL)[-1]}.")
    whole = [merged(wanted, one) for one in wanted.evaluations]
    return Boxcar([_case(one, caller) for one in whole], UNTIL[semantic], claim)


def _case(wanted: Evaluation, caller: Caller) -> Case | PrivacyError:
    try:
        return case_of(wanted, caller)
    except PrivacyError as error:
        return error


def question(module: str, purpose: str, resource: Entity | Sought, caller: Caller) -> Question:
    """Who asks about which fields for what. Raises BadRequest, Forbidden."""
    return Question(caller.name, module_of(caller, module), purpose, fields_of(resource))


def purpose_of(action: Action, context: Context) -> str:
    """The context says it, or the action, as a search for actions gives it: its results can be evaluated as they are
    (§8.1). "" where nobody does. Raises BadRequest where the two differ."""
    said = action.properties.get("purpose")
    if said is None:
        return context.purpose or ""
    if not isinstance(said, str):
        raise BadRequest("action.properties.purpose is the name of a purpose.")
    if context.purpose not in {None, said}:
        raise BadRequest("action.properties.purpose and context.purpose name two purposes: send one of them.")
    return said


def module_of(caller: Caller, wanted: str | None) -> str:
    """For which module a caller asks. Raises Forbidden."""
    module = caller.name if wanted is None else wanted
    if caller.role is Role.MODULE and caller.name != module:
        raise Forbidden("The subject must be the caller; only a DPO may ask for others.")
    return module


def check_words(subject: Entity | Sought, resource: Entity | Sought, action: Action) -> None:
    for place, said, known in (
        ("subject.type", subject.type, MODULE),
        ("resource.type", resource.type, CUSTOMER),
        ("action.name", action.name, USE),
    ):
        if said != known:
            raise BadRequest(f'{place} is "{known}".')


def terms(context: Context) -> Terms:
    if context.mode not in {ALL, FILTER}:
        raise BadRequest(f'context.mode is "{ALL}" or "{FILTER}".')
    return Terms(context.mode == FILTER, "custom" in context.supported_obligations)


def fields_of(resource: Entity | Sought) -> tuple[str, ...]:
    fields = resource.properties.get("fields", [])
    if not isinstance(fields, list) or not all(isinstance(f, str) for f in fields):
        raise BadRequest("resource.properties.fields is a list of field names.")
    if len(fields) > MOST_FIELDS:
        raise BadRequest(f"resource.properties.fields names at most {MOST_FIELDS:,} fields.")
    return tuple(dict.fromkeys(fields))


def customer_of(resource: Entity) -> CustomerRef:
    """The resource's id is the CRM's key, unless `properties.by` says it is an email, a phone or our subject id."""
    by = resource.properties.get("by", "id")
    if by not in {"id", "email", "phone", "subject"}:
        raise BadRequest("resource.properties.by is id, email, phone or subject.")
    return CustomerRef(**{by: resource.id})


def merged(wanted: Evaluations, one: PartialEvaluation) -> Evaluation:
    """One of several, with what it does not say itself from the request's level (§7.1.1). Raises BadRequest."""
    subject, action, resource = (
        one.subject or wanted.subject,
        one.action or wanted.action,
        one.resource or wanted.resource,
    )
    given: Mapping[str, object] = {"subject": subject, "action": action, "resource": resource}
    missing = [name for name, part in given.items() if part is None]
    if subject is None or action is None or resource is None:
        raise BadRequest(f"An evaluation lacks {' and '.join(missing)}, and the request gives none for all.")
    return Evaluation(subject, action, resource, one.context or wanted.context or Context())


def told(answer: Answer) -> EvaluationAnswer:
    decision = answer.decision
    details = EvaluationDetails(
        decision_id=answer.decision_id,
        policy_version=decision.policy_version,
        state_version=decision.state_version or UNSET,
        fields={n: _effect(d) for n, d in decision.fields.items()},
        reasons=[ReasonView(str(r.code), r.detail, r.article, r.field) for r in answer.refused or decision.reasons],
        obligations=list(_obligations(decision)) if answer.permitted else [],
    )
    return EvaluationAnswer(answer.permitted, details)


def told_all(answers: Answered) -> EvaluationsAnswer:
    """What the same answer is to many is told once: people of whom the same is true share their decision."""
    same: dict[tuple[int, int, str], EvaluationAnswer] = {}
    found = []
    for answer in answers:
        if isinstance(answer, PrivacyError):
            found.append(failed(answer))
            continue
        place = id(answer.decision), id(answer.refused), answer.decision_id
        if place not in same:
            same[place] = told(answer)
        found.append(same[place])
    return EvaluationsAnswer(found)


def failed(error: PrivacyError) -> EvaluationAnswer:
    """One that could not be made is denied."""
    return EvaluationAnswer(False, EvaluationDetails(error=EvaluationError(error.status, error.detail)))


def _obligations(decision: Decision) -> Iterator[Obligation]:
    if obliges(decision):
        yield _filter(decision)
    if decision.human_review:
        properties = {"profile": REVIEW_PROFILE, "purpose": decision.purpose, "article": "GDPR 22(3)"}
        yield Obligation(REVIEW, "custom", properties)


def _effect(decision: FieldDecision) -> FieldEffect:
    reason, mask = decision.reason, decision.mask
    return FieldEffect(
        str(decision.effect), decision.rule, str(reason) if reason else None, str(mask) if mask else None
    )


def _filter(decision: Decision) -> Obligation:
    by = {e: [n for n, d in decision.fields.items() if d.effect is e] for e in Effect}
    masks = {n: str(d.mask) for n, d in decision.fields.items() if d.mask}
    properties = {"profile": PROFILE, "release": by[Effect.PERMIT], "mask": masks, "drop": by[Effect.DENY]}
    return Obligation("field-filter", "custom", properties)
