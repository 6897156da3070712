"""OpenID AuthZEN Authorization API 1.0 on the wire. Unknown fields are ignored here, as its text demands (§12.1.1)."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

ALL, FILTER = "all", "filter"
"""Modes: every field or none; whichever fields may be released."""
EXECUTE_ALL, DENY_ON_FIRST_DENY, PERMIT_ON_FIRST_PERMIT = "execute_all", "deny_on_first_deny", "permit_on_first_permit"


class Entity(msgspec.Struct, frozen=True):
    """A subject or a resource."""

    type: str
    id: str
    properties: dict[str, Any] = {}


class Sought(msgspec.Struct, frozen=True):
    """A subject or a resource that is searched for; an id is ignored (§8.4, §8.5)."""

    type: str
    properties: dict[str, Any] = {}


class Action(msgspec.Struct, frozen=True):
    name: str
    properties: dict[str, Any] = {}


class Context(msgspec.Struct, frozen=True):
    purpose: str | None = None
    mode: str = ALL
    min_state_version: int | None = None
    supported_obligations: list[str] = []


NO_CONTEXT = Context()


class Evaluation(msgspec.Struct, frozen=True):
    """§6.1. The resource is a customer by the CRM's key; `properties.fields` names the fields."""

    subject: Entity
    action: Action
    resource: Entity
    context: Context = NO_CONTEXT


class PartialEvaluation(msgspec.Struct, frozen=True):
    """What is absent is taken from the request's own level (§7.1.1)."""

    subject: Entity | None = None
    action: Action | None = None
    resource: Entity | None = None
    context: Context | None = None


class Options(msgspec.Struct, frozen=True):
    evaluations_semantic: str = EXECUTE_ALL


class Evaluations(PartialEvaluation, frozen=True):
    """§7.1."""

    evaluations: list[PartialEvaluation] = []
    options: Options = Options()


class Page(msgspec.Struct, frozen=True):
    """§8.2.1."""

    token: str = ""
    limit: int | None = None


class ResourceSearch(msgspec.Struct, frozen=True):
    subject: Entity
    action: Action
    resource: Sought
    context: Context = NO_CONTEXT
    page: Page = Page()


class SubjectSearch(msgspec.Struct, frozen=True):
    subject: Sought
    action: Action
    resource: Entity
    context: Context = NO_CONTEXT
    page: Page = Page()


class ActionSearch(msgspec.Struct, frozen=True):
    subject: Entity
    resource: Entity
    context: Context = NO_CONTEXT
    page: Page = Page()


class FieldEffect(msgspec.Struct, frozen=True, omit_defaults=True):
    effect: str
    rule: str
    reason: str | None = None
    mask: str | None = None


class ReasonView(msgspec.Struct, frozen=True, omit_defaults=True):
    code: str
    detail: str
    article: str
    field: str | None = None


class Obligation(msgspec.Struct, frozen=True):
    id: str
    type: str
    properties: dict[str, Any]


class EvaluationError(msgspec.Struct, frozen=True):
    status: int
    message: str


class EvaluationDetails(msgspec.Struct, frozen=True):
    """Of several evaluations, one that could not be made has `error` and nothing else (§7.2.1)."""

    decision_id: str | UnsetType = UNSET
    policy_version: str | UnsetType = UNSET
    state_version: int | UnsetType = UNSET
    fields: dict[str, FieldEffect] | UnsetType = UNSET
    reasons: list[ReasonView] | UnsetType = UNSET
    obligations: list[Obligation] | UnsetType = UNSET
    error: EvaluationError | UnsetType = UNSET


class EvaluationAnswer(msgspec.Struct, frozen=True):
    decision: bool
    context: EvaluationDetails


class EvaluationsAnswer(msgspec.Struct, frozen=True):
    evaluations: list[EvaluationAnswer]


class PageAnswer(msgspec.Struct, frozen=True):
    """§8.2.2. An empty `next_token` says that nothing follows."""

    next_token: str
    count: int


class SearchContext(msgspec.Struct, frozen=True, omit_defaults=True):
    """One decision is logged for each page; none where nobody was asked about."""

    policy_version: str
    decision_id: str | None = None


class Found(msgspec.Struct, frozen=True, omit_defaults=True):
    """A subject or a resource."""

    type: str
    id: str


class SearchAnswer(msgspec.Struct, frozen=True):
    page: PageAnswer
    context: SearchContext
    results: list[Found]


class ActionsAnswer(msgspec.Struct, frozen=True):
    page: PageAnswer
    context: SearchContext
    results: list[Action]


class Configuration(msgspec.Struct, frozen=True):
    """§9.1."""

    policy_decision_point: str
    access_evaluation_endpoint: str
    access_evaluations_endpoint: str
    search_subject_endpoint: str
    search_resource_endpoint: str
    search_action_endpoint: str
    supported_obligations: list[str]
