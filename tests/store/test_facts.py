"""What the store tells of a person is what is decided on: ages at midnight, countries, ends of relationships."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from privacy_svc import consent
from privacy_svc.auditlog import EventType
from privacy_svc.consent import Guardian, NoticeRef, RecordConsent, Source
from privacy_svc.db import now
from privacy_svc.errors import StoreUnavailable
from privacy_svc.http import CustomerRef
from privacy_svc.policy import PolicyHolder
from privacy_svc.runtime import Runtime
from privacy_svc.store import (
    Question,
    Stores,
    keep_person,
    plan_rectification,
    rectify,
    refresh_facts,
    refreshing,
    reseal_births,
    seal,
)
from privacy_svc.store.pdp import Decider
from privacy_svc.vault import Subject
from tests.calling import Service
from tests.factories import erase
from tests.store.test_authzen import ask, one
from tests.store.test_authzen import consent as agree

NEWS = Question("marketing", "marketing", "marketing.email", ("email",))
MIDNIGHT = datetime(2026, 11, 23, 23, tzinfo=UTC)
"""The beginning of 24 November in Berlin."""
SECOND = timedelta(seconds=1)


class Shop:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def under(self, folder: Path, file: str, old: str, new: str) -> "Shop":
        """The same shop under other policies."""
        copied = folder / "policies"
        shutil.copytree(self.runtime.policies.folder, copied)
        path = copied / file
        changed = path.read_text(encoding="utf-8").replace(old, new)
        assert changed != path.read_text(encoding="utf-8")
        path.write_text(changed, encoding="utf-8")
        return Shop(replace(self.runtime, policies=PolicyHolder(copied)))

    def write(self, key: int, **values: Any) -> None:
        """As the CRM does it."""
        columns = ", ".join(f"{name} = :{name}" for name in values)
        with self.runtime.stores.write("shop") as connection:
            connection.execute(text(f"UPDATE customers SET {columns} WHERE id = :key"), {"key": key, **values})

    def admit(self, key: int = 2) -> str:
        with self.runtime.database.write() as session:
            return self.runtime.directory.admit(session, CustomerRef(id=str(key)))

    def look(self) -> int:
        return refresh_facts(self.runtime.sealer("worker"))

    def subject(self, subject_id: str) -> Subject:
        with self.runtime.database.read() as session:
            return session.get_one(Subject, subject_id)

    def agree(self, subject_id: str, *, guardian: bool = False) -> None:
        wanted = RecordConsent(
            purpose="marketing.email",
            state="given",
            customer=CustomerRef(subject=subject_id),
            notice=NoticeRef("newsletter", 2, "en"),
            source=Source("web"),
            guardian=Guardian("letter") if guardian else None,
        )
        runtime = self.runtime
        with runtime.database.write() as session:
            consent.record(
                session, runtime.vault, runtime.log, runtime.policies.current,
                actor="shop", subject_id=subject_id, wanted=wanted, at=now() - timedelta(days=30),
            )  # fmt: skip

    def decides(self, subject_id: str, at: datetime | None = None, question: Question = NEWS) -> list[str]:
        """The reasons against it, at an instant."""
        policies, vault, at = self.runtime.policies.current, self.runtime.vault, at or now()
        with self.runtime.database.read() as session:
            reading = consent.Reading(vault, (policies,), question.purpose, at)
            state = consent.purpose_states(session, [subject_id], reading)[subject_id]
        return [str(r.code) for r in Decider(policies, at).decide(question, state).reasons]


@pytest.fixture
def crm(shop: Runtime) -> Shop:
    return Shop(shop)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round begins when the last has ended."""
    monkeypatch.setattr(refreshing, "EVERY", timedelta(0))


def born(years: int, *, days: int = 0) -> str:
    """So many years ago, and so many days."""
    today = date(2026, 11, 24)
    return (today.replace(year=today.year - years) - timedelta(days=days)).isoformat()


@pytest.mark.parametrize("sealed", [False, True])
def test_a_birthday_counts_from_midnight_of_the_organisation(crm: Shop, sealed: bool) -> None:
    """A German child of fifteen is refused until the day before is over in Berlin, and permitted from then on; their
    guardian's consent covers them until that instant. So it is with a sealed birth date as with one in clear."""
    crm.write(2, birth_date=born(16), country="DE")
    crm.write(3, birth_date=born(16), country="DE")
    if sealed:
        seal(crm.runtime.sealer("test"))
    alone, guarded = crm.admit(2), crm.admit(3)
    crm.agree(alone)
    crm.agree(guarded, guardian=True)
    assert crm.decides(alone, MIDNIGHT - SECOND) == ["guardian_missing"]
    assert crm.decides(alone, MIDNIGHT) == []
    assert crm.decides(guarded, MIDNIGHT - SECOND) == []
    assert crm.decides(guarded, MIDNIGHT) == ["guardian_over"]


def test_each_country_has_its_age(crm: Shop) -> None:
    """At fourteen a British child decides, a French one does not, nor does one of an unknown country."""
    for key, country in ((2, "GB"), (3, "France"), (4, "Atlantis")):
        crm.write(key, birth_date=born(14), country=country)
    people = [crm.admit(key) for key in (2, 3, 4)]
    for subject_id in people:
        crm.agree(subject_id)
    assert [crm.decides(i, MIDNIGHT) for i in people] == [[], ["guardian_missing"], ["guardian_missing"]]


@pytest.mark.parametrize("written", ["garbage", "", None, "31.02.2012", "1900-01-01", "2999-01-01"])
def test_what_cannot_be_read_is_unknown(crm: Shop, written: str | None, tmp_path: Path) -> None:
    """An unreadable birth date is none: a purpose that needs one is refused, one that permits unknown ages is not."""
    crm.write(2, birth_date=written)
    subject_id = crm.admit()
    crm.agree(subject_id)
    kept = crm.subject(subject_id)
    assert (kept.of_age, kept.birth) == (0, None)
    assert crm.decides(subject_id) == []
    crm = crm.under(tmp_path, "purposes.yml", "unknown_age: permit", "unknown_age: deny")
    assert crm.decides(subject_id) == ["guardian_missing"]


def test_the_privacy_database_keeps_no_birth_date_in_clear(crm: Shop) -> None:
    """Of who is of age only that they are; of a child the sealed date, which nobody opens without their key."""
    crm.write(2, birth_date=born(14))
    crm.write(3, birth_date=born(40))
    child, grown = crm.subject(crm.admit(2)), crm.subject(crm.admit(3))
    assert (grown.of_age, grown.birth) == (21, None)
    assert not child.of_age
    assert child.birth is not None
    assert born(14).encode() not in child.birth


def test_what_the_crm_changed_by_itself_is_found(crm: Shop) -> None:
    """A look at everybody: who changed has a newer state version and an entry that says what, and no value; the
    others have neither, and a second look changes nothing."""
    crm.write(2, birth_date=born(40), country="DE")
    changed, same = crm.admit(2), crm.admit(3)
    crm.agree(changed)
    before = crm.subject(changed).state_version, crm.subject(same).state_version
    assert crm.look() == 0
    crm.write(2, birth_date=born(14), closed_on="2020-05-01")
    assert crm.look() == 1
    assert crm.look() == 0
    assert (crm.subject(changed).state_version, crm.subject(same).state_version) == (before[0] + 1, before[1])
    assert crm.decides(changed, MIDNIGHT) == ["guardian_missing", "retention_passed"]
    crm.runtime.log.integrate(crm.runtime.database)
    with crm.runtime.database.read() as session:
        (entry,) = crm.runtime.log.search(session, type=EventType.FACTS_CHANGED)
    assert entry.payload == {"facts": ["birth_date", "relationship_end"], "state_version": before[0] + 1}


def test_many_who_changed_are_one_entry(crm: Shop) -> None:
    """Each is in it, in the group of what changed of them."""
    people = [crm.admit(key) for key in (2, 3, 4)]
    for key in (2, 3, 4):
        crm.write(key, closed_on="2020-05-01", **({"country": "NO"} if key == 4 else {}))
    assert crm.look() == 3
    crm.runtime.log.integrate(crm.runtime.database)
    with crm.runtime.database.read() as session:
        for subject_id in people:
            (entry,) = crm.runtime.log.search(session, type=EventType.FACTS_CHANGED, subject_id=subject_id)
    assert entry.payload == {"groups": [{"facts": ["relationship_end"]}, {"facts": ["country", "relationship_end"]}]}


def test_the_round_goes_on_where_it_stood(crm: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Range by range, each by a worker that knows nothing of the last, everybody is come to exactly once."""
    monkeypatch.setattr(refreshing, "RANGE", 3)
    keys = range(2, 10)
    for key in keys:
        crm.admit(key)
    crm.write(2, closed_on="2020-05-01")
    crm.write(9, closed_on="2020-05-01")
    assert [refresh_facts(crm.runtime.sealer("worker"), ranges=1) for _ in range(3)] == [1, 0, 1]


def test_the_end_counts_for_each_purpose_by_its_retention(crm: Shop) -> None:
    """Three years after the end of 29 February 2024 the contract is over, at midnight in Berlin; the invoice is not."""
    crm.write(2, closed_on="2024-02-29")
    subject_id = crm.admit()
    contract = Question("shop", "shop", "service.contract", ("email",))
    invoice = Question("billing", "billing", "finance.invoicing", ("email",))
    over = datetime(2027, 2, 27, 23, tzinfo=UTC)
    assert crm.decides(subject_id, over - SECOND, contract) == []
    assert crm.decides(subject_id, over, contract) == ["retention_passed"]
    assert crm.decides(subject_id, over, invoice) == []


def test_the_latest_end_of_all_rows_counts(crm: Shop, tmp_path: Path) -> None:
    """Where the data map says that orders tell it too: the last of all the person's, and of nobody else's."""
    old = "erase: keep\n              keep:"
    crm = crm.under(tmp_path, "datasets/shop.yml", old, f"tells: relationship_end\n              {old}")
    with crm.runtime.stores.read("shop") as connection:
        placed = connection.execute(text("SELECT customer_id, max(placed_at) FROM orders GROUP BY customer_id"))
        last = {int(k): date.fromisoformat(str(at)[:10]) for k, at in placed}
    assert len(last) > 2
    for key, day in last.items():
        assert crm.subject(crm.admit(key)).ended_on == day
    crm.write(1, closed_on="2026-11-20")
    crm.look()
    assert crm.subject(crm.admit(1)).ended_on == date(2026, 11, 20)


def test_a_store_that_is_away_changes_nothing_decided(crm: Shop) -> None:
    """Decisions go on as before, on what is known; the look at everybody says that it waits."""
    crm.write(2, birth_date=born(14), country="DE")
    subject_id = crm.admit()
    crm.agree(subject_id)
    version = crm.subject(subject_id).state_version
    away = replace(crm.runtime, stores=Stores({"shop": "postgresql://127.0.0.1:1/none"}, crm.runtime.database))
    with pytest.raises(StoreUnavailable):
        refresh_facts(away.sealer("worker"))
    assert Shop(away).decides(subject_id, MIDNIGHT) == ["guardian_missing"]
    assert crm.subject(subject_id).state_version == version


def test_a_spoilt_birth_date_is_written_anew(crm: Shop) -> None:
    """And keeps nobody else's from being looked at: until then its person counts as the youngest."""
    for key in (2, 3):
        crm.write(key, birth_date=born(17), country="DE")
    spoilt, other = crm.admit(2), crm.admit(3)
    crm.agree(spoilt)
    with crm.runtime.database.write() as session:
        session.get_one(Subject, spoilt).birth = b"garbage"
    assert crm.decides(spoilt, MIDNIGHT) == ["guardian_missing"]
    crm.write(3, country="FR")
    assert crm.look() == 2
    assert crm.decides(spoilt, MIDNIGHT) == []
    assert crm.subject(other).country == "FR"


def test_who_has_left_the_store_keeps_what_was_known(crm: Shop) -> None:
    """A row that the CRM deleted says nothing, so a known child does not become an unknown age."""
    crm.write(2, birth_date=born(14))
    subject_id = crm.admit()
    with crm.runtime.stores.write("shop") as connection:
        for table in ("newsletter_subscriptions", "tickets", "call_notes"):
            connection.execute(text(f"DELETE FROM {table} WHERE customer_id = 2"))
        connection.execute(text("UPDATE orders SET customer_id = 3 WHERE customer_id = 2"))
        connection.execute(text("DELETE FROM customers WHERE id = 2"))
    assert crm.look() == 0
    assert crm.subject(subject_id).birth is not None


def test_a_correction_counts_at_once(crm: Shop) -> None:
    """Rectified (Art. 16), the new birth date decides, under a newer state version."""
    crm.write(2, birth_date=born(40), country="DE")
    subject_id, runtime = crm.admit(), crm.runtime
    crm.agree(subject_id)
    version = crm.subject(subject_id).state_version
    policies = runtime.policies.current
    with runtime.database.write() as session:
        where = (runtime.stores, runtime.vault)
        planned = plan_rectification(session, *where, policies, subject_id, {"birth_date": born(15)})
        rectify(session, *where, subject_id, planned.changes)
        keep_person(session, runtime.sealer("test").facts, runtime.log, subject_id, "worker")
    assert crm.subject(subject_id).state_version == version + 1
    assert crm.decides(subject_id, MIDNIGHT) == ["guardian_missing"]


def test_erasure_forgets_them(crm: Shop) -> None:
    """With the person's key goes what was kept of them, and the look at everybody brings nothing back."""
    crm.write(2, birth_date=born(14), closed_on="2020-05-01")
    subject_id = crm.admit()
    with crm.runtime.database.write() as session:
        erase(crm.runtime, session, subject_id)
    crm.look()
    kept = crm.subject(subject_id)
    assert (kept.of_age, kept.birth, kept.country, kept.ended_on) == (0, None, None, None)
    assert crm.decides(subject_id) == ["erased", "consent_missing"]


def test_what_the_crm_writes_in_clear_after_sealing_counts_when_it_is_sealed(crm: Shop) -> None:
    """A row that came in clear is looked at with its sealing."""
    seal(crm.runtime.sealer("test"))
    subject_id = crm.admit()
    crm.agree(subject_id)
    crm.write(2, birth_date=born(14))
    seal(crm.runtime.sealer("test"))
    assert crm.decides(subject_id, MIDNIGHT) == ["guardian_missing"]


def test_a_newer_key_takes_the_birth_date_over(crm: Shop) -> None:
    """Sealed anew by the newer generation, it tells the same when the older one is gone."""
    crm.write(2, birth_date=born(14), country="DE")
    subject_id, runtime = crm.admit(), crm.runtime
    crm.agree(subject_id)
    with runtime.database.write() as session:
        assert runtime.vault.next_generation(session, [subject_id]) == 1
    with runtime.database.write() as session:
        cipher = runtime.vault.cipher(session, subject_id)
        birth = session.get_one(Subject, subject_id).birth
        assert birth is not None
        assert cipher.is_older(birth)
        for holder in runtime.holders:
            holder(session, cipher)
        assert not cipher.is_older(session.get_one(Subject, subject_id).birth or b"")
        assert reseal_births in runtime.holders
    assert crm.decides(subject_id, MIDNIGHT) == ["guardian_missing"]


def test_a_write_through_the_gateway_counts_with_its_answer(service: Service) -> None:
    """A module moves a child of fourteen from Germany to Britain: the next decision permits, and a newer version."""
    crm = Shop(service.runtime)
    crm.write(2, birth_date=(now().date() - timedelta(days=14 * 366)).isoformat(), country="DE")
    agree(service, "2")
    before = ask(service, one("2", "email")).json()
    assert (before["decision"], before["context"]["reasons"][0]["code"]) == (False, "guardian_missing")
    path, params = "/v1/records/shop/customers/2", {"purpose": "service.contract"}
    assert service.call("shop", "PATCH", path, params=params, json={"country": "GB"}).status_code == 200
    after = ask(service, one("2", "email")).json()
    assert after["decision"] is True
    assert after["context"]["state_version"] == before["context"]["state_version"] + 1


def test_nobody_is_decided_on_before_they_were_looked_at(service: Service) -> None:
    """Also whom only the store knew until now: a single evaluation and an audience deny who left long ago."""
    Shop(service.runtime).write(2, closed_on="2020-05-01")
    body = {"purpose": "service.contract", "customers": ["2", "3"]}
    lines = service.call("shop", "POST", "/v1/audiences", json=body).text.splitlines()
    assert '"id":"2","decision":false,"reason":"retention_passed"' in lines[0]
    assert '"id":"3","decision":true' in lines[1]


def _versions(crm: Shop) -> Iterator[int]:
    with crm.runtime.database.read() as session:
        yield from session.scalars(select(Subject.state_version))


def test_growing_older_is_no_change(crm: Shop) -> None:
    """Who turns 21 between two looks is of age from then on, under the version they had."""
    crm.write(2, birth_date=born(30))
    subject_id, runtime = crm.admit(), crm.runtime
    with runtime.database.write() as session:
        subject = session.get_one(Subject, subject_id)
        cipher = runtime.vault.cipher(session, subject_id)
        subject.of_age, subject.birth = 0, cipher.seal(8, subject_id, born(30))  # as it was nine years ago
    before = list(_versions(crm))
    assert crm.look() == 0
    assert (crm.subject(subject_id).of_age, crm.subject(subject_id).birth) == (21, None)
    assert list(_versions(crm)) == before
