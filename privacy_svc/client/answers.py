"""What the service answers, as small frozen values. Nothing of a person appears in their `repr`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from privacy_svc.client.errors import Denied

Customer = str | int | Mapping[str, str]
"""The CRM's own key, as it has it, or exactly one of {"id"}, {"email"}, {"phone"}, {"subject"}."""
State = Literal["given", "refused", "withdrawn"]
_UNSAID: Any = object()
OBLIGATIONS = frozenset({"field-filter", "human_review_on_request"})
"""Those that `fields` and `human_review` tell of."""


class Notice(TypedDict):
    """What the person was shown."""

    id: str
    version: int
    language: str


class Guardian(TypedDict):
    """Who consents for a child, and how you know that they may (Art. 8(2) GDPR). The service seals it."""

    verification: str
    name: NotRequired[str]
    contact: NotRequired[str]


class Source(TypedDict):
    """How it came. `reference` and `evidence` are your proof; the service seals them."""

    channel: str
    method: NotRequired[str]
    reference: NotRequired[str]
    evidence: NotRequired[Mapping[str, Any] | str]


@dataclass(frozen=True, slots=True)
class FieldEffect:
    """`effect` is permit, mask or deny; `mask` names how; `reason` is a code."""

    effect: str
    rule: str = ""
    reason: str | None = None
    mask: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not, with the article that demands it."""

    code: str
    detail: str
    article: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """True exactly where it permits. `error` says of one of many why it could not be made; it is a no."""

    permitted: bool
    id: str = ""
    fields: Mapping[str, FieldEffect] = field(default_factory=dict)
    reasons: Sequence[Reason] = ()
    state_version: int = 0
    policy_version: str = ""
    error: str = ""
    human_review: bool = False
    """What is decided here by automated means, a person looks at again where somebody asks for it (Art. 22(3) GDPR)."""

    def __bool__(self) -> bool:
        return self.permitted

    def require(self) -> None:
        """Raises Denied unless it permits."""
        if not self.permitted:
            codes = list(dict.fromkeys(r.code for r in self.reasons))
            raise Denied(f"Not permitted: {', '.join(codes) or self.error or 'no reason was given'}.", codes)


@dataclass(frozen=True, slots=True)
class Withheld:
    """A field that was not given out, and why."""

    effect: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What a module may have of one record, never the rest: `record["email"]` of a withheld field raises Denied.

    So does `record.get("email")`, because None is what an empty field is; `record.get("email", "")` says what to go on
    with, and `withheld` says why.
    """

    key: str = field(repr=False)
    fields: Mapping[str, Any] = field(repr=False)
    withheld: Mapping[str, Withheld]
    decision_id: str = ""

    def __getitem__(self, name: str) -> Any:
        if name in self.withheld:
            reason = self.withheld[name].reason or self.withheld[name].effect
            raise Denied(f"{name} is withheld: {reason}.", [reason])
        return self.fields[name]

    def __contains__(self, name: object) -> bool:
        return name in self.fields

    def get(self, name: str, default: Any = _UNSAID) -> Any:
        """None for a name that was not asked about. Raises Denied for what is withheld, unless a default is said."""
        if default is _UNSAID:
            return self[name] if name in self.withheld else self.fields.get(name)
        return self.fields.get(name, default)


@dataclass(frozen=True, slots=True)
class Member:
    """A customer of an audience."""

    id: str = field(repr=False)
    permitted: bool
    reason: str | None = None

    def __bool__(self) -> bool:
        return self.permitted


@dataclass(frozen=True, slots=True)
class Totals:
    """The end of an audience. `reasons` counts the denied by their first reason."""

    asked: int
    permitted: int
    denied: int
    reasons: Mapping[str, int]
    decision_id: str
    policy_version: str


@dataclass(frozen=True, slots=True)
class Consent:
    """What was recorded. Pass `state_version` as `min_state_version` to be sure that a decision has seen it.

    `state` is `requested` where the person has yet to confirm it by mail; `current` is what stands meanwhile.
    `objected`: an objection stands, and not even a consent permits.
    """

    id: str
    purpose: str
    state: str
    valid_until: datetime | None
    state_version: int
    receipt: str
    current: str
    objected: bool


@dataclass(frozen=True, slots=True)
class Said:
    """One thing the person said. `given_at` is when, `recorded_at` when the service knew."""

    id: str
    state: str
    channel: str
    method: str
    guardian: bool
    given_at: datetime
    recorded_at: datetime
    recorded_by: str
    receipt: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands for one purpose: `since` when, `until` when as far as is known, and all that was said, newest first.

    `ask_from`: before that the person is left alone; None where there is nothing to ask.
    """

    purpose: str
    state: str
    since: datetime
    until: datetime | None
    valid_until: datetime | None
    ask_from: datetime | None
    history: Sequence[Said]


@dataclass(frozen=True, slots=True)
class Consents:
    """By purpose. `objections` are against a purpose, a group of them or `direct_marketing`; `restricted` is Art. 18.

    It says what the person chose. Whether a field may be used is for `evaluate` to say.
    """

    consents: Mapping[str, Standing]
    objections: Sequence[str]
    restricted: bool
    state_version: int


@dataclass(frozen=True, slots=True)
class Signal:
    """`purposes`: those that the signal was noted for now, and not before."""

    purposes: Sequence[str]
    state_version: int


@dataclass(frozen=True, slots=True)
class UnsubscribeLink:
    """Put `headers` into the mail, under its DKIM signature. `warning`: why mail programs would show no button."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    warning: str | None = None


def decision(got: Mapping[str, Any]) -> Decision:
    """Raises KeyError, TypeError or ValueError for what is no answer; those who call make that a no."""
    told = got["context"]
    permitted = got["decision"] is True
    if "error" in told:
        return Decision(False, error=str(told["error"]["message"]))
    fields = {
        name: FieldEffect(f["effect"], f["rule"], f.get("reason"), f.get("mask")) for name, f in told["fields"].items()
    }
    reasons = [Reason(r["code"], r["detail"], r["article"], r.get("field")) for r in told["reasons"]]
    obliged = {o["id"] for o in told.get("obligations", ())}
    unknown = obliged - OBLIGATIONS
    if unknown:  # what it may not fail to do and does not know how to (obligations profile §4)
        permitted = False
        told_of = ", ".join(sorted(map(str, unknown)))
        reasons.append(Reason("obligation_not_supported", f"This client does not know the obligation {told_of}.", ""))
    return Decision(
        permitted,
        told["decision_id"],
        fields,
        tuple(reasons),
        told.get("state_version", 0),
        told["policy_version"],
        human_review="human_review_on_request" in obliged,
    )


def record(got: Mapping[str, Any]) -> Record:
    withheld = {name: Withheld(w["effect"], w.get("reason")) for name, w in got["withheld"].items()}
    return Record(got["key"], dict(got["fields"]), withheld, got["decision_id"])


def consent(got: Mapping[str, Any]) -> Consent:
    return Consent(
        got["id"],
        got["purpose"],
        got["state"],
        _instant(got["valid_until"]),
        got["state_version"],
        got["receipt"],
        got["current"],
        got.get("objected") is True,
    )


def consents(got: Mapping[str, Any]) -> Consents:
    standing = {one["purpose"]: _standing(one) for one in got["consents"]}
    return Consents(standing, tuple(got["objections"]), got["restricted"] is not False, got["state_version"])


def _standing(got: Mapping[str, Any]) -> Standing:
    return Standing(
        got["purpose"],
        got["state"],
        datetime.fromisoformat(got["since"]),
        _instant(got["until"]),
        _instant(got["valid_until"]),
        _instant(got["ask_from"]),
        tuple(_said(one) for one in got["history"]),
    )


def _said(got: Mapping[str, Any]) -> Said:
    return Said(
        got["id"],
        got["state"],
        got["channel"],
        got["method"],
        got["guardian"],
        datetime.fromisoformat(got["given_at"]),
        datetime.fromisoformat(got["recorded_at"]),
        got["recorded_by"],
        f"/v1/consents/{got['id']}/receipt",
    )


def unsubscribe_link(got: Mapping[str, Any]) -> UnsubscribeLink:
    return UnsubscribeLink(got["url"], dict(got["headers"]), got.get("warning"))


def state_version(got: Mapping[str, Any]) -> int:
    found = got["state_version"]
    if type(found) is not int:
        raise TypeError("the state version is a whole number")
    return found


def signal(got: Mapping[str, Any]) -> Signal:
    return Signal(tuple(got["purposes"]), state_version(got))


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def totals(got: Mapping[str, Any]) -> Totals:
    counted = got["totals"]
    numbers = (counted["asked"], counted["permitted"], counted["denied"], dict(counted["reasons"]))
    return Totals(*numbers, got["decision_id"], got["policy_version"])
