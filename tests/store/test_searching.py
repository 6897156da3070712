"""AuthZEN's searches and its evaluations say the same (§8.1): what is found, put into an evaluation, is permitted."""

import random
from typing import Any

from tests.calling import Service
from tests.conftest import ONE_DATABASE
from tests.store.test_authzen import EVALUATIONS, USE, ask, consent, customer, one, search

SEED = 20261129
PURPOSES = ["marketing.email", "marketing.sms", "service.support", "service.contract", "sales.phone"]
FIELDS = ["email", "phone", "first_name", "birth_date", "no_such_field"]
FILTER = {"mode": "filter", "supported_obligations": ["custom"]}
CONTEXTS: list[dict[str, Any]] = [{}, FILTER, {"mode": "filter"}, {"supported_obligations": ["custom"]}]


def happen(service: Service, dice: random.Random) -> None:
    key, what = (
        str(dice.randint(1, 6)),
        dice.choice(["given", "given", "given", "refused", "objections", "restriction"]),
    )
    if what in {"given", "refused"}:
        consent(service, key, what)
    else:
        body = {"purpose": dice.choice(["marketing.email", "marketing"])} if what == "objections" else {}
        assert service.call("officer", "POST", f"/v1/customers/{key}/{what}", json=body).status_code < 300


def somewhere(dice: random.Random, kind: str) -> dict[str, Any]:
    """An evaluation; where it is a search for actions, its purpose may stand nowhere."""
    purpose, in_action = dice.choice(PURPOSES), dice.random() < 0.5
    action = {**USE, "properties": {"purpose": purpose}} if in_action else USE
    said = dice.random() < 0.3 if kind == "action" else not in_action
    return {
        "subject": {"type": "module", "id": dice.choice(["marketing", "support", "shop"])},
        "action": action,
        "resource": customer(str(dice.randint(1, 6)), *dice.sample(FIELDS, dice.randint(0, 2))),
        "context": dice.choice(CONTEXTS) | ({"purpose": purpose} if said else {}),
    }


@ONE_DATABASE
def test_what_is_found_is_permitted(service: Service) -> None:
    """Over random histories, purposes, fields and modes: each action, customer and module that a search gives, put into
    an evaluation as it was given and with the rest of the search, is permitted; what it does not give is denied."""
    dice = random.Random(SEED)  # noqa: S311 - a test's dice
    found = dict.fromkeys(["action", "resource", "subject"], 0)
    for step in range(120):
        if step % 4 == 0:
            happen(service, dice)
        kind = dice.choice(list(found))
        whole = somewhere(dice, kind)
        given = search(service, kind, _sought(whole, kind), "officer").json()["results"]
        rest = {"properties": whole["resource"]["properties"]} if kind == "resource" else {}  # results name no fields
        every = [each | rest for each in _all(service, kind, whole)]
        asked = {"evaluations": [whole | {kind: each} for each in every]}
        answers = ask(service, asked, EVALUATIONS, "officer").json()["evaluations"]
        permitted = [each for each, answer in zip(every, answers, strict=True) if answer["decision"]]
        assert [each | rest for each in given] == permitted, (kind, whole)
        found[kind] += len(given)
    assert min(found.values()) > 10, found


def _sought(whole: dict[str, Any], kind: str) -> dict[str, Any]:
    if kind == "action":
        return {k: v for k, v in whole.items() if k != "action"}
    return whole | {kind: {k: v for k, v in whole[kind].items() if k != "id"}}


def _all(service: Service, kind: str, whole: dict[str, Any]) -> list[dict[str, Any]]:
    """Everything the search could have given, in its order."""
    policies = service.runtime.policies.current
    if kind == "resource":
        with service.runtime.stores.read("shop") as connection:
            keys = connection.exec_driver_sql("SELECT id FROM customers ORDER BY id").scalars().all()
        return [{"type": "customer", "id": str(key)} for key in keys]
    if kind == "subject":
        return [{"type": "module", "id": module} for module in sorted(policies.modules)]
    said = whole["context"].get("purpose")
    return [{**USE, "properties": {"purpose": p}} for p in sorted(policies.purposes) if said in {None, p}]


@ONE_DATABASE
def test_two_purposes_are_none(service: Service) -> None:
    """An action and a context that name different purposes are a 400, whichever is permitted; the same one is one."""
    consent(service, "1")
    for said, meant, status in (
        ("marketing.email", "marketing.sms", 400),
        ("marketing.sms", "marketing.email", 400),
        (7, "marketing.email", 400),
        ("marketing.email", "marketing.email", 200),
    ):
        body = one("1", purpose=meant) | {"action": {**USE, "properties": {"purpose": said}}}
        assert ask(service, body).status_code == status
    body = one("1") | {"action": {**USE, "properties": {"purpose": "marketing.email"}}, "context": {}}
    assert ask(service, body).json()["decision"] is True


@ONE_DATABASE
def test_a_search_does_not_wait_for_a_state(service: Service) -> None:
    """A state version is one person's: asked of everybody it is refused, and not passed over in silence."""
    body = {**one(), "resource": {"type": "customer"}}
    body["context"]["min_state_version"] = 1
    assert search(service, "resource", body).status_code == 400
