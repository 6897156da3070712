"""Who got somebody's data, by the log: read once, and then only what is new."""

from typing import Any

import pytest
from sqlalchemy import event, select

from privacy_svc.auditlog import EventType, crowds
from privacy_svc.http import CustomerRef
from privacy_svc.rights import Own, Right, Wanted
from privacy_svc.rights.model import Recounted
from privacy_svc.rights.recounting import Recount
from privacy_svc.runtime import Runtime
from tests.calling import Service
from tests.factories import check_log, erase
from tests.rights.running import carried_out
from tests.store.test_audiences import audience
from tests.store.test_authzen import consent


@pytest.fixture
def ana(shop: Runtime) -> str:
    with shop.database.write() as session:
        return shop.directory.admit(session, CustomerRef(id="1"))


def release(shop: Runtime, subject_id: str, purpose: str, times: int = 1) -> None:
    with shop.database.write() as session:
        for _ in range(times):
            payload = {"purpose": purpose}
            shop.log.append(session, EventType.RECORD_READ, actor="marketing", subject_id=subject_id, payload=payload)
    shop.log.integrate(shop.database)


def received(shop: Runtime, subject_id: str) -> list[dict[str, Any]]:
    """As the page has it; and the whole log, read anew, says the same."""
    told = [dict(r) for r in Own(shop.requests, subject_id, "en").held().received]
    with shop.database.read() as session:
        recount = Recount(session, shop.requests.parts, subject_id, "en")
        recount.log()
        whole = recount.disclosed()
    assert [{**r, "since": r["since"].isoformat()} for r in told] == whole
    return told


def test_what_is_new_is_added(shop: Runtime, ana: str) -> None:
    """Each recipient since the first release, however often it is looked at."""
    assert received(shop, ana) == []
    release(shop, ana, "marketing.email")
    (first,) = received(shop, ana)
    release(shop, ana, "marketing.partners")
    release(shop, ana, "marketing.email")
    release(shop, ana, "of nobody")
    assert first in received(shop, ana)
    assert len(received(shop, ana)) == 2
    check_log(shop.database, shop.log)


def test_a_long_log_is_not_read_again(shop: Runtime, ana: str) -> None:
    """The second look takes as many statements as it took when the log was short."""
    said: list[str] = []
    event.listen(shop.database.engine, "before_cursor_execute", lambda *told: said.append(told[2]))
    own, looks = Own(shop.requests, ana, "en"), []
    for times in (1, 1_200):
        release(shop, ana, "marketing.email", times)
        for _ in range(2):
            said.clear()
            own.held()
            looks.append(sum("audit_payloads" in s and s.startswith("SELECT") for s in said))
    assert looks[1] == looks[3] < looks[2]


@pytest.mark.parametrize("many", [1, 1_000])
def test_a_list_counts_for_who_was_permitted(service: Service, monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    """Short or a crowd's: who consented was given to the recipient, which is told of a restriction for that reason and
    named in the package (Art. 19, 15(1)(c)); who was refused in the same list was not."""
    monkeypatch.setattr(crowds, "MANY", many)
    shop = service.runtime
    consent(service, "1")
    consent(service, "2", "refused")
    assert audience(service)[1]["totals"]["permitted"] == 1
    shop.log.integrate(shop.database)
    provider, why = shop.policies.current.organisation.recipients["mail_provider"].name, {}
    for key in ("1", "2"):
        with shop.database.write() as session:
            subject_id = shop.directory.admit(session, CustomerRef(id=key))
        assert [r["name"] for r in received(shop, subject_id)] == ([provider] if key == "1" else [])
        request = shop.requests.open(Wanted(Right.RESTRICTION, CustomerRef(id=key)), "dora")
        shop.requests.vouch(request.id, "passport", "dora")
        carried_out(shop.database, shop.requests.parts, request.id)
        why[key] = {n.recipient: n.why for n in shop.requests.notifications(request.id)}
    assert (why["1"]["mail_provider"], why["2"]["mail_provider"]) == ("disclosed", "mapped")


def test_it_goes_with_the_person(shop: Runtime, ana: str) -> None:
    """After an erasure nothing of it is left, and nothing new is kept."""
    release(shop, ana, "marketing.email")
    received(shop, ana)
    from privacy_svc.rights.erasing import forget

    with shop.database.write() as session:
        theirs = shop.log.theirs(session, ana)
        erase(shop, session, ana)
        forget(session, shop.requests.parts, theirs)
    with shop.database.read() as session:
        assert session.scalars(select(Recounted)).all() == []
