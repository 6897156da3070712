"""The suppression list: what is on it, who put it there, what takes it off."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from sqlalchemy import text

from privacy_svc.auditlog import EventType
from privacy_svc.consent import Cause, ListKeeper, digests, enlist, object_to
from privacy_svc.consent.suppression import ALL, counts, scopes_by_address, scopes_of
from privacy_svc.db import now
from privacy_svc.errors import StoreUnavailable
from privacy_svc.http import Contact
from privacy_svc.policy import DIRECT_MARKETING
from tests.consent.conftest import Desk
from tests.consent.test_routes import OneCustomer
from tests.factories import check_log

ANA, BO = Contact("email", "ana@mail.example"), Contact("email", "bo@mail.example")


@pytest.fixture
def keeper(desk: Desk) -> ListKeeper:
    return ListKeeper(desk.vault, desk.log, OneCustomer(desk.subject))


def put(desk: Desk, contact: Contact, scope: str = ALL, cause: Cause = Cause.ERASURE) -> int:
    with desk.database.write() as session:
        return enlist(session, desk.log, digests(session, desk.vault, [contact]), scope, cause, "worker", now())


def listed(desk: Desk, *contacts: Contact) -> dict[Contact, frozenset[str]]:
    with desk.database.read() as session:
        return dict(scopes_by_address(session, desk.vault, contacts))


def test_an_address_is_found_in_any_spelling(desk: Desk) -> None:
    """And no other; noting it twice changes nothing, with one log entry."""
    assert listed(desk, ANA) == {}
    assert put(desk, ANA) == 1
    assert put(desk, Contact("email", "ANA@mail.example")) == 0
    assert listed(desk, Contact("email", " Ana@MAIL.example"), BO) == {Contact("email", " Ana@MAIL.example"): {ALL}}
    assert [e.type for e in desk.entries()] == [EventType.ADDRESS_SUPPRESSED]
    check_log(desk.database, desk.log)


def test_no_personal_data_in_it(desk: Desk) -> None:
    """Neither the table nor the log entry nor a `repr` holds the address."""
    put(desk, ANA)
    with desk.database.read() as session:
        rows = str(session.execute(text("SELECT * FROM suppressions")).all())
    assert "ana" not in (rows + str(desk.entries()) + repr(ANA)).lower()


def test_what_counts_for_a_purpose(desk: Desk) -> None:
    """Erased: everything; direct marketing: only where the purpose is; a purpose: itself."""
    news, service = desk.policies.purposes["news"], desk.policies.purposes["service"]
    assert scopes_of(news) == {ALL, DIRECT_MARKETING, "news"}
    assert scopes_of(service) == {ALL, "service"}
    assert scopes_of(replace(service, key="service.care")) == {ALL, "service", "service.care"}


def test_withdrawing_and_giving_again(desk: Desk, keeper: ListKeeper) -> None:
    """Who withdraws from direct marketing is suppressed for it, and no longer when they agree again."""
    purpose = desk.policies.purposes["news"]
    with desk.database.write() as session:
        keeper.follow(session, desk.subject, purpose, "withdrawn", "shop")
    assert listed(desk, ANA) == {ANA: {"news"}}
    with desk.database.write() as session:
        keeper.follow(session, desk.subject, purpose, "given", "shop")
    assert listed(desk, ANA) == {}
    assert [e.type for e in desk.entries()] == [EventType.ADDRESS_SUPPRESSED, EventType.ADDRESS_RELEASED]


def test_a_modules_word_does_not_lift_an_erasure(desk: Desk, keeper: ListKeeper) -> None:
    """Only the person's own consent does, for all that stands against the purpose."""
    purpose = desk.policies.purposes["news"]
    for scope, cause in ((ALL, Cause.ERASURE), (DIRECT_MARKETING, Cause.OBJECTION), ("other", Cause.OBJECTION)):
        put(desk, ANA, scope, cause)
    with desk.database.write() as session:
        keeper.follow(session, desk.subject, purpose, "given", "shop")
    assert listed(desk, ANA) == {ANA: {ALL, DIRECT_MARKETING, "other"}}
    with desk.database.write() as session:
        assert keeper.follow_own(session, desk.subject, purpose, "portal") == 2
    assert listed(desk, ANA) == {ANA: {"other"}}


def test_an_objection_does_not_fail_with_the_store(desk: Desk) -> None:
    """It stands on the person; that the address is missing on the list is said in the log."""

    class Away(OneCustomer):
        def contacts(self, _session: object, _ids: Iterable[str]) -> None:
            raise StoreUnavailable("The customer store does not answer.")

    keeper = ListKeeper(desk.vault, desk.log, Away(desk.subject))
    with desk.database.write() as session:
        assert keeper.suppress(session, desk.subject, DIRECT_MARKETING, Cause.OBJECTION, "shop") == 0
    assert [(e.payload or {}).get("failed") for e in desk.entries()] == ["store-unavailable"]


def test_counts(desk: Desk) -> None:
    """By kind, scope and reason, for the DPO."""
    put(desk, ANA)
    put(desk, BO)
    put(desk, BO, DIRECT_MARKETING, Cause.OBJECTION)
    with desk.database.read() as session:
        found = [(c["kind"], c["scope"], c["reason"], c["entries"]) for c in counts(session)]
    assert found == [("email", ALL, "erasure", 2), ("email", DIRECT_MARKETING, "objection", 1)]


def test_what_is_still_objected_to_stays_listed(desk: Desk, keeper: ListKeeper) -> None:
    """Agreeing to one purpose does not take back an objection to all direct marketing, on the person or on the list."""
    purpose = desk.policies.purposes["news"]
    with desk.database.write() as session:
        object_to(session, desk.log, desk.subject, DIRECT_MARKETING, "shop")
        keeper.suppress(session, desk.subject, DIRECT_MARKETING, Cause.OBJECTION, "shop")
        keeper.follow_own(session, desk.subject, purpose, "portal")
    assert listed(desk, ANA) == {ANA: {DIRECT_MARKETING}}
