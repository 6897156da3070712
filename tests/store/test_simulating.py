"""What another policy would decide about the real customers: counts that equal single decisions, and nobody's name."""

from typing import Any

from sqlalchemy import func, select, text

from privacy_svc.auditlog import EventType
from privacy_svc.store import refresh_facts
from privacy_svc.vault import Subject
from tests.calling import Service
from tests.store.test_audiences import keys
from tests.store.test_authzen import ask, consent, one


def simulate(service: Service, name: str = "officer", **body: Any) -> Any:
    return service.call(name, "POST", "/v1/policy/simulate", json=body)


def changed(service: Service, file: str, before: str, after: str) -> dict[str, str]:
    text = service.runtime.policies.current.files[file]
    assert before in text
    return {file: text.replace(before, after)}


def test_the_policy_in_force_changes_nothing(service: Service) -> None:
    """Everybody is looked at, and nothing is different."""
    found = simulate(service, policy={}).json()
    assert found["people"] >= len(keys(service))
    assert found["changes"] == []
    assert found["old"] == found["new"]


def test_counts_equal_single_decisions(service: Service) -> None:
    """A newsletter without names: told for exactly those who may get it now, and for nobody else."""
    for key in keys(service)[:3]:
        consent(service, key)
    before = "categories: [user.name, user.contact.email, user.demographic.language, user.privacy_preferences]"
    policy = changed(service, "purposes.yml", before, before.replace("user.name, ", ""))
    found = simulate(service, policy=policy).json()
    (change,) = [c for c in found["changes"] if c["direction"] == "tightened"]
    assert change["purpose"] == "marketing.email"
    assert change["modules"] == ["marketing"]
    assert (change["before"], change["after"]) == ("permit", "category_not_in_purpose")
    assert "shop.customers.first_name" in change["fields"]
    allowed = sum(ask(service, one(k, "first_name")).json()["decision"] for k in keys(service))
    assert change["count"] == allowed == 3


def test_nobody_is_named_or_made_a_subject(service: Service) -> None:
    """The answer holds words of the policy and numbers; no stranger becomes a subject; it is logged."""
    with service.runtime.database.read() as session:
        before = session.scalar(select(func.count()).select_from(Subject))
    policy = changed(service, "modules.yml", "purposes: [sales.phone]", "purposes: [sales.phone, service.support]")
    answer = simulate(service, policy=policy)
    assert any(c["direction"] == "loosened" and c["count"] for c in answer.json()["changes"])
    assert all(c["example"] == "" for c in answer.json()["changes"])
    assert "@" not in answer.text
    with service.runtime.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Subject)) == before
    log = service.runtime.log
    log.integrate(service.runtime.database)
    with service.runtime.database.read() as session:
        (entry,) = log.search(session, type=EventType.POLICY_SIMULATED)
    assert entry.payload is not None
    assert entry.payload["candidate"] == answer.json()["new"]


def test_rules_beside_decisions_are_told(service: Service) -> None:
    """A loosening that touches nobody there yet is a line too."""
    policy = changed(service, "purposes.yml", "valid_for: P24M", "valid_for: P24M\n      accept_imported: true")
    found = simulate(service, policy=policy).json()["changes"]
    assert ("loosened", "accept_imported: true", 0) in {(c["direction"], c["after"], c["count"]) for c in found}


def test_who_left_is_kept_where_no_end_is_told(service: Service) -> None:
    """A candidate that maps the end of the relationship no longer lets no retention pass, of real people."""
    key = keys(service)[0]
    with service.runtime.stores.write("shop") as connection:
        connection.execute(text("UPDATE customers SET closed_on = '2010-01-31' WHERE id = :key"), {"key": key})
    consent(service, key)
    refresh_facts(service.runtime.sealer("worker"))
    policy = changed(service, "datasets/shop.yml", ", tells: relationship_end", "")
    found = simulate(service, policy=policy).json()["changes"]
    assert any(c["direction"] == "loosened" and c["before"] == "retention_passed" and c["count"] == 1 for c in found)


def test_a_sample_is_smaller(service: Service) -> None:
    """`sample` bounds the people of each collection."""
    assert simulate(service, policy={}, sample=1).json()["people"] == 2


def test_a_policy_that_does_not_fit_is_refused(service: Service) -> None:
    """With file and line, and without touching the policy in force."""
    answer = simulate(service, policy={"modules.yml": "modules: {shop: {title: Shop, purposes: [nothing]}}\n"})
    assert answer.status_code == 400
    assert "modules.yml:1" in answer.text
    assert simulate(service, policy={"purposes.yml": None}).status_code == 400
    assert simulate(service, policy={}, sample=0).status_code == 400


def test_only_the_dpo_asks(service: Service) -> None:
    """A module learns nothing of it."""
    assert simulate(service, "marketing", policy={}).status_code == 403
