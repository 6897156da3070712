"""The register of breaches in the console: enter one, judge it, note who was told, close it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody
from litestar.response import Redirect, Template

from privacy_svc.audits import (
    BREACHES,
    AssessBreach,
    Breaches,
    Exempt,
    Format,
    Kind,
    Order,
    Orders,
    RegisterBreach,
    Risk,
    Stage,
    TellAuthority,
    TellPeople,
    affected_as,
    held_categories,
)
from privacy_svc.db import now
from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.http import Caller
from privacy_svc.policy import PolicyHolder, PolicySet
from privacy_svc.web.desk import DECIDES, LOOKS, READS, back, choice, console, local_time, minute, sent
from privacy_svc.web.desk_orders import ordered
from privacy_svc.web.forms import pairs
from privacy_svc.web.staff import HOME

MOST = 200
"""Fields of a form."""
ONE = HOME + "/breaches/{breach_id:str}"


@get(f"{HOME}/breaches", **READS, dependencies=BREACHES)
def show_breaches(
    request: Request[Any, Any, Any],
    breaches: NamedDependency[Breaches],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    known = {"breaches": breaches.all(), "now": now(), **_offered(policies.current)}
    return console(request, caller, policies, "desk_breaches.html", **known)


@post(f"{HOME}/breaches", **DECIDES, dependencies=BREACHES)
def register(
    body: RawBody,
    breaches: NamedDependency[Breaches],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Redirect:
    said = _sent(body, "nature")
    wanted = RegisterBreach(
        said["nature"],
        _from(said.get("aware_at", ""), policies.current),
        client=said.get("client") or None,
        told_by=said.get("told_by") or None,
        **_chosen(body),
    )
    return back(f"breaches/{breaches.register(wanted, caller.name).id}")


@get(ONE, **DECIDES, dependencies=BREACHES)
def show_breach(
    request: Request[Any, Any, Any],
    breach_id: FromPath[str],
    breaches: NamedDependency[Breaches],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    return _shown(request, caller, policies, breaches, breach_id)


@post(f"{ONE}/ask", **LOOKS, dependencies=BREACHES)
def ask_whom(
    breach_id: FromPath[str], breaches: NamedDependency[Breaches], caller: NamedDependency[Caller]
) -> Redirect:
    """A worker goes through the log."""
    breaches.began(breach_id)
    return ordered(breaches.database, breaches.log, Kind.AFFECTED, breach_id, caller)


@post(f"{ONE}/affected", **LOOKS, dependencies=BREACHES, status_code=200)
def show_affected(
    request: Request[Any, Any, Any],
    breach_id: FromPath[str],
    breaches: NamedDependency[Breaches],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    touched = breaches.look_at(breach_id, _touched(breaches, breach_id), caller.name)
    return _shown(request, caller, policies, breaches, breach_id, touched=touched)


@post(f"{ONE}/affected.csv", **LOOKS, dependencies=BREACHES, status_code=200)
def take_affected(
    breach_id: FromPath[str], breaches: NamedDependency[Breaches], caller: NamedDependency[Caller]
) -> Response[bytes]:
    """All of them, as a document."""
    touched = breaches.look_at(breach_id, _touched(breaches, breach_id), caller.name)
    headers = {"Content-Disposition": f'attachment; filename="affected-{breach_id}.csv"'}
    return Response(affected_as(Format.CSV, touched).encode(), media_type=Format.CSV, headers=headers)


def _order(breaches: Breaches, breach_id: str) -> Order | None:
    return Orders(breaches.database, breaches.log.vault).newest(Kind.AFFECTED, breach_id)


def _touched(breaches: Breaches, breach_id: str) -> Mapping[str, Any]:
    """As a worker found it. Raises Conflict."""
    order = _order(breaches, breach_id)
    if order is None or order.stage is not Stage.DONE:
        raise Conflict("The log was not asked in the last day, or the answer is not there yet: see the breach's page.")
    found: Mapping[str, Any] = order.result
    return found


@post(f"{ONE}/notices", **DECIDES, dependencies=BREACHES, status_code=200)
def show_notices(
    request: Request[Any, Any, Any],
    breach_id: FromPath[str],
    breaches: NamedDependency[Breaches],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    drafts = breaches.notices(breach_id, caller.name)
    return _shown(request, caller, policies, breaches, breach_id, drafts=drafts)


def _shown(
    request: Request[Any, Any, Any],
    caller: Caller,
    policies: PolicyHolder,
    breaches: Breaches,
    breach_id: str,
    **more: Any,
) -> Template:
    found = breaches.show(breach_id, caller.name)
    spans = {name: _local(getattr(found, name), policies.current) for name in ("began_at", "ended_at")}
    corrected = {e.replaces for e in found.history}
    asked = {
        "standing": [e for e in found.history if e.id not in corrected],
        "spans": spans,
        "risks": list(Risk),
        "exemptions": list(Exempt),
        "now": now(),
        "order": _order(breaches, breach_id),
        **_offered(policies.current),
    }
    return console(
        request, caller, policies, "desk_breach.html", b=found, **{"touched": None, "drafts": None} | asked | more
    )


def _local(at: datetime | None, policies: PolicySet) -> str:
    """As a field for times has it, in the organisation's time."""
    return f"{at.astimezone(ZoneInfo(policies.organisation.time_zone)):%Y-%m-%dT%H:%M}" if at else ""


@post(f"{ONE}/assess", **DECIDES, dependencies=BREACHES)
def assess(
    breach_id: FromPath[str],
    body: RawBody,
    breaches: NamedDependency[Breaches],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Redirect:
    said = _sent(body, "risk", "reason", "consequences", "measures")
    known = {name: read(said[name], policies.current) for name, read in _KNOWN.items() if name in said}
    words: dict[str, Any] = {name: said[name] for name in ("reason", "consequences", "measures")}
    wanted = AssessBreach(risk=choice(Risk, said["risk"]), **words, **known, **_chosen(body))
    breaches.assess(breach_id, wanted, caller.name)
    return back(f"breaches/{breach_id}")


@post(f"{ONE}/authority", **DECIDES, dependencies=BREACHES)
def tell_authority(
    breach_id: FromPath[str],
    body: RawBody,
    breaches: NamedDependency[Breaches],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Redirect:
    said = sent(body)
    told_at = local_time(said.get("told_at"), policies.current)
    wanted = TellAuthority(told_at, said.get("reference"), said.get("delay"), said.get("replaces"))
    breaches.tell_authority(breach_id, wanted, caller.name)
    return back(f"breaches/{breach_id}")


@post(f"{ONE}/people", **DECIDES, dependencies=BREACHES)
def tell_people(
    breach_id: FromPath[str],
    body: RawBody,
    breaches: NamedDependency[Breaches],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Redirect:
    said = sent(body)
    exempt = choice(Exempt, said["exempt"]) if "exempt" in said else None
    told_at = local_time(said.get("told_at"), policies.current)
    wanted = TellPeople(told_at, said.get("how"), exempt, said.get("reason"), said.get("replaces"))
    breaches.tell_people(breach_id, wanted, caller.name)
    return back(f"breaches/{breach_id}")


@post(f"{ONE}/close", **DECIDES, dependencies=BREACHES)
def close(breach_id: FromPath[str], breaches: NamedDependency[Breaches], caller: NamedDependency[Caller]) -> Redirect:
    breaches.close(breach_id, caller.name)
    return back(f"breaches/{breach_id}")


def _from(text: str, policies: PolicySet) -> datetime | None:
    return local_time(text or None, policies)


def _to_its_end(text: str, policies: PolicySet) -> datetime | None:
    return minute(text or None, policies)


def _sent(body: bytes, *required: str) -> dict[str, str]:
    """A form's fields, also those left empty: what stood in one and was taken out is not known after all. Raises
    BadRequest."""
    found = {name: text.strip() for name, text in pairs(body, MOST)}
    for name in required:
        if not found.get(name):
            raise BadRequest(f"The form lacks what it asks for: {name}.")
    return found


def _chosen(body: bytes) -> dict[str, Any]:
    """Of the boxes, those that were ticked, where the form has them."""
    found = pairs(body, MOST)
    return {
        offered: [text for name, text in found if name == offered and text]
        for offered in ("categories", "subjects")
        if any(name == offered for name, _ in found)
    }


def _offered(policies: PolicySet) -> dict[str, list[str]]:
    return {"categories": sorted(held_categories(policies)), "subjects": sorted(policies.kinds)}


def _number(text: str, _: PolicySet) -> int | None:
    if not text:
        return None
    if not text.isdecimal():
        raise BadRequest("How many is said as a whole number.")
    return int(text)


_KNOWN: Mapping[str, Callable[[str, PolicySet], Any]] = {
    "began_at": _from,
    "ended_at": _to_its_end,
    "client": lambda text, _: text or None,
    "people": _number,
    "records": _number,
}


HANDLERS = [
    show_breaches,
    register,
    show_breach,
    ask_whom,
    show_affected,
    take_affected,
    show_notices,
    assess,
    tell_authority,
    tell_people,
    close,
]
