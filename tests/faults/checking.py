"""Computes anew what must be there, from what the client was told, and looks for it in what the service holds."""

import json
import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, text

from tests.faults.record import fits

if TYPE_CHECKING:
    from tests.faults.trial import Trial

ENDING_SECONDS = 90.0
CUSTOMERS = "/v1/records/shop/customers"
_KEYS_LEFT = """
SELECT subject_id FROM subject_keys
WHERE use = 'data' AND wrapped IS NOT NULL AND subject_id IN (SELECT subject_id FROM fences)
"""


def check(trial: "Trial") -> None:
    """With the service running. Raises AssertionError that names what was lost, of whom, and the seed."""
    faults = list(trial.record.wrong)
    for look in (_requests, _consents, _writes, _entries, _erased):
        faults += look(trial)
    said = [f"seed {trial.seed}: {trial.record.told()}", *faults[:40]]
    assert not faults, "\n".join([*said, *_errors(trial.service.logs())])
    report = json.loads(trial.service.run("--json", "log", "verify"))
    assert report["findings"] == [], f"seed {trial.seed}: {report}"


def _errors(logs: str) -> list[str]:
    """What the service itself said went wrong, for whoever looks for the cause."""
    return [line[:1500] for line in logs.splitlines() if '"error"' in line or "step_" in line or "Traceback" in line][
        -20:
    ]


def _consents(trial: "Trial") -> list[str]:
    """Each acknowledged one is in the history once, in its order, and what stands is the last."""
    faults = []
    for key, said in list(trial.record.consents.items()):
        answer = trial.service.call("officer", "GET", f"/v1/customers/{key}/consents")
        told = [c for c in answer.json()["consents"] if c["purpose"] == "marketing.email"]
        history = sorted(told[0]["history"] if told else [], key=lambda h: h["state_version"])
        found = [h["channel"] for h in history]
        if not fits(found, said):
            faults.append(f"customer {key}: {found} was found, {said} was said")
        elif found and told[0]["state"] != history[-1]["state"]:
            faults.append(f"customer {key}: {told[0]['state']} stands, {history[-1]['state']} was said last")
    return faults


def _writes(trial: "Trial") -> list[str]:
    """What a module wrote last reads back; or what it sent after that, unanswered."""
    faults = []
    for key, said in list(trial.record.writes.items()):
        last = max((n for n, s in enumerate(said) if s.certain), default=-1)
        allowed = [s.value for s in said[max(last, 0) :]]
        answer = trial.service.call("support", "GET", f"{CUSTOMERS}/{key}", params={"purpose": "service.support"})
        found = answer.json().get("fields", {}).get("city")
        if found not in allowed and last >= 0:
            faults.append(f"customer {key}: the city is {found!r}, {allowed} was written ({answer.status_code})")
    return faults


def _entries(trial: "Trial") -> list[str]:
    """Every decision, read and note whose id was told stands in the log."""
    there = {str(i) for (i,) in _rows(trial, "SELECT id FROM audit_entries UNION SELECT id FROM audit_outbox")}
    return [f"entry {entry} is not in the log" for entry in sorted(trial.record.entries - there)]


def _requests(trial: "Trial") -> list[str]:
    """None is lost, and each whose person was verified ends well."""
    faults = []
    waited = time.monotonic() + ENDING_SECONDS
    for number in sorted(trial.record.requests):
        while True:
            answer = trial.service.call("officer", "GET", f"/v1/requests/{number}")
            state = answer.json().get("state") if answer.is_success else f"answered {answer.status_code}"
            if number not in trial.record.running or state == "completed" or time.monotonic() > waited:
                break
            time.sleep(0.1)
        if not answer.is_success or (number in trial.record.running and state != "completed"):
            faults.append(f"request {number}: {state} {answer.json().get('failure')}")
    return faults


def _erased(trial: "Trial") -> list[str]:
    """Nobody of whom an erasure was told: no key, no row, no clear value, not through the gateway."""
    faults = []
    engine = create_engine(trial.store)
    for key in sorted(trial.record.erased):
        answer = trial.service.call("support", "GET", f"{CUSTOMERS}/{key}", params={"purpose": "service.support"})
        if answer.status_code != 410:
            faults.append(f"customer {key} is erased and answers {answer.status_code}")
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, country FROM customers")).all()
    engine.dispose()
    kept = [str(r.id) for r in rows if str(r.id) in trial.record.erased and r.country != "ZZ"]
    faults += [f"customer {key} is erased, and the row stands as it was" for key in kept]
    left = _rows(trial, _KEYS_LEFT)
    return faults + [f"subject {s} is erased and has a key" for (s,) in left]


def _rows(trial: "Trial", statement: str) -> list[Any]:
    url = trial.service.database_url or f"sqlite:///{trial.service.home / 'privacy.sqlite3'}"
    engine = create_engine(url)
    with engine.connect() as connection:
        found = list(connection.execute(text(statement)).all())
    engine.dispose()
    return found
