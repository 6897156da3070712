"""The gateway on the wire: records, and AuthZEN 1.0 evaluations."""

from typing import Any

import msgspec

from privacy_svc.http import CustomerRef
from privacy_svc.policy import FieldDecision
from privacy_svc.store.gateway import Record


class FieldEffect(msgspec.Struct, frozen=True, omit_defaults=True):
    effect: str
    rule: str
    reason: str | None = None
    mask: str | None = None


class Withheld(msgspec.Struct, frozen=True, omit_defaults=True):
    effect: str
    reason: str | None = None


class RecordView(msgspec.Struct, frozen=True):
    key: str
    fields: dict[str, Any]
    withheld: dict[str, Withheld]
    decision_id: str

    def __repr__(self) -> str:
        return "RecordView(…)"


class RecordPage(msgspec.Struct, frozen=True):
    records: list[RecordView]
    cursor: str | None = None


class Written(msgspec.Struct, frozen=True):
    key: str
    decision_id: str


class Entity(msgspec.Struct, frozen=True):
    """AuthZEN subject or resource; unknown fields are ignored there, as its text demands."""

    type: str
    id: str
    properties: dict[str, Any] = {}


class Action(msgspec.Struct, frozen=True):
    name: str
    properties: dict[str, Any] = {}


class EvaluationContext(msgspec.Struct, frozen=True):
    purpose: str | None = None
    mode: str = "all"
    min_state_version: int | None = None
    supported_obligations: list[str] = []


class Evaluation(msgspec.Struct, frozen=True):
    """AuthZEN 1.0 §6.1. The resource is a customer by the CRM's key; `properties.fields` names the fields."""

    subject: Entity
    action: Action
    resource: Entity
    context: EvaluationContext = EvaluationContext()


class ReasonView(msgspec.Struct, frozen=True, omit_defaults=True):
    code: str
    detail: str
    article: str
    field: str | None = None


class Obligation(msgspec.Struct, frozen=True):
    id: str
    type: str
    properties: dict[str, Any]


class EvaluationDetails(msgspec.Struct, frozen=True):
    decision_id: str
    policy_version: str
    state_version: int
    fields: dict[str, FieldEffect]
    reasons: list[ReasonView]
    obligations: list[Obligation]


class EvaluationAnswer(msgspec.Struct, frozen=True):
    decision: bool
    context: EvaluationDetails


class AuthzenConfiguration(msgspec.Struct, frozen=True):
    policy_decision_point: str
    access_evaluation_endpoint: str


def record_view(record: Record) -> RecordView:
    withheld = {n: Withheld(str(d.effect), str(d.reason) if d.reason else None) for n, d in record.withheld.items()}
    return RecordView(record.key, dict(record.fields), withheld, record.decision_id)


def field_effect(decision: FieldDecision) -> FieldEffect:
    reason, mask = decision.reason, decision.mask
    return FieldEffect(
        str(decision.effect), decision.rule, str(reason) if reason else None, str(mask) if mask else None
    )


def customer_of(resource: Entity) -> CustomerRef:
    """The resource's id is the CRM's key, unless `properties.by` says it is an email, a phone or our subject id."""
    by = resource.properties.get("by", "id")
    known = by if by in {"id", "email", "phone", "subject"} else "id"
    return CustomerRef(**{known: resource.id})
