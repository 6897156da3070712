"""The suppression list: what is on it, who put it there, what takes it off."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType
from privacy_svc.consent import Cause, ListKeeper, digests, disown, follow_address, lift_objection, object_to, owners
from privacy_svc.consent.suppression import ALL, Owned, counts, enlist, scopes_by_address, scopes_of
from privacy_svc.consent.tables import NOBODY, Suppression
from privacy_svc.db import now
from privacy_svc.db.migrate import MIGRATIONS
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
        found = [Owned(a, NOBODY) for a in digests(session, desk.vault, [contact])]
        return enlist(session, desk.log, found, scope, cause, "worker", now())


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
    """Only the own consent of who has the address now does, for what erased people left against the purpose. What
    somebody said of whom nobody knows who it was stays."""
    purpose = desk.policies.purposes["news"]
    for scope, cause in ((ALL, Cause.ERASURE), (DIRECT_MARKETING, Cause.ERASURE), ("news", Cause.OBJECTION)):
        put(desk, ANA, scope, cause)
    with desk.database.write() as session:
        keeper.follow(session, desk.subject, purpose, "given", "shop")
    assert listed(desk, ANA) == {ANA: {ALL, DIRECT_MARKETING, "news"}}
    with desk.database.write() as session:
        assert keeper.follow_own(session, desk.subject, purpose, "portal") == 2
    assert listed(desk, ANA) == {ANA: {"news"}}


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


class Shared(OneCustomer):
    """Two people with one address."""

    def contacts(self, _session: object, ids: Iterable[str]) -> Any:
        return {i: [ANA] for i in ids}


@pytest.fixture
def both(desk: Desk) -> tuple[ListKeeper, str, str]:
    with desk.database.write() as session:
        other = desk.vault.create_subject(session).id
    return ListKeeper(desk.vault, desk.log, Shared(desk.subject)), desk.subject, other


Back = Callable[[Session, ListKeeper, str], object]
BACK: dict[str, tuple[str, Back]] = {
    "lifted": ("news", lambda session, keeper, who: keeper.lifted(session, who, "news", "dora")),
    "module": ("news", lambda session, keeper, who: keeper.agreed(session, who, ["news"], "shop", "consent given")),
    "marketing": (DIRECT_MARKETING, lambda session, keeper, who: keeper.lifted(session, who, DIRECT_MARKETING, "x")),
}


@pytest.mark.parametrize("way", [*BACK, "own"])
def test_a_shared_address_is_free_when_the_last_objection_went(
    desk: Desk, both: tuple[ListKeeper, str, str], way: str
) -> None:
    """Each takes back their own word alone, whichever way."""
    keeper, one, other = both
    news = desk.policies.purposes["news"]
    scope, back = BACK.get(way, ("news", lambda session, keeper, who: keeper.follow_own(session, who, news, "person")))
    with desk.database.write() as session:
        for who in both[1:]:
            object_to(session, desk.log, who, scope, "shop")
            assert keeper.suppress(session, who, scope, Cause.OBJECTION, "shop") == 1
    for who, left in ((one, {ANA: {scope}}), (other, {})):
        with desk.database.write() as session:
            lift_objection(session, desk.log, who, scope, "dora")
            assert back(session, keeper, who) == 1
        assert listed(desk, ANA) == left


def test_an_address_is_free_when_the_last_reason_went(desk: Desk, keeper: ListKeeper) -> None:
    """Withdrawn and objected to: lifting the objection leaves the withdrawal, and agreeing leaves an objection that
    stands."""
    news = desk.policies.purposes["news"]
    with desk.database.write() as session:
        keeper.follow(session, desk.subject, news, "withdrawn", "shop")
        object_to(session, desk.log, desk.subject, "news", "shop")
        keeper.suppress(session, desk.subject, "news", Cause.OBJECTION, "shop")
    with desk.database.write() as session:
        keeper.follow(session, desk.subject, news, "given", "shop")
    assert listed(desk, ANA) == {ANA: {"news"}}
    with desk.database.write() as session:
        keeper.follow(session, desk.subject, news, "withdrawn", "shop")
        lift_objection(session, desk.log, desk.subject, "news", "dora")
        keeper.lifted(session, desk.subject, "news", "dora")
    assert listed(desk, ANA) == {ANA: {"news"}}
    with desk.database.write() as session:
        keeper.follow(session, desk.subject, news, "given", "shop")
    assert listed(desk, ANA) == {}


def test_nothing_leads_from_who_was_erased_to_an_address(desk: Desk, both: tuple[ListKeeper, str, str]) -> None:
    """What they had said goes on standing, as the erasure's; of who shares the address it stays their own."""
    keeper, one, other = both
    with desk.database.write() as session:
        for who in (one, other):
            keeper.suppress(session, who, "news", Cause.OBJECTION, "shop")
        tags = owners(session, desk.vault, one)
        disown(session, desk.log, tags, "worker")
    with desk.database.read() as session:
        found = {(r.owner, r.reason) for r in session.scalars(select(Suppression))}
        assert found == {(NOBODY, "erasure"), (owners(session, desk.vault, other)[-1], "objection")}
        assert not {owner for owner, _ in found} & set(tags)


def test_a_new_address_takes_its_own_persons_word_along(desk: Desk, both: tuple[ListKeeper, str, str]) -> None:
    """Not that of who shared the old one; and it is theirs to take back, at both."""
    keeper, one, other = both
    with desk.database.write() as session:
        keeper.suppress(session, one, "news", Cause.UNSUBSCRIBE, "shop")
        keeper.suppress(session, other, DIRECT_MARKETING, Cause.OBJECTION, "shop")
        follow_address(session, desk.vault, desk.log, one, ANA, BO, "worker", now())
    assert listed(desk, BO) == {BO: {"news"}}
    with desk.database.write() as session:
        keeper.follow(session, one, desk.policies.purposes["news"], "given", "shop")
    assert listed(desk, ANA, BO) == {ANA: {DIRECT_MARKETING}}


def test_a_tag_outlives_the_key_that_made_it(desk: Desk, keeper: ListKeeper) -> None:
    """An entry of an older generation is still its person's."""
    news = desk.policies.purposes["news"]
    with desk.database.write() as session:
        keeper.follow(session, desk.subject, news, "withdrawn", "shop")
        desk.vault.next_suppression_key(session)
    with desk.database.write() as session:
        keeper.follow(session, desk.subject, news, "given", "shop")
    assert listed(desk, ANA) == {}


def test_what_stood_before_entries_had_owners_stays(desk: Desk, keeper: ListKeeper) -> None:
    """Two people with one address had one entry: nobody knows whose word it is, so nobody's takes it away. The way back
    leaves one entry again."""
    news = desk.policies.purposes["news"]
    with desk.database.write() as session:
        keeper.follow(session, desk.subject, news, "withdrawn", "shop")
        keeper.suppress(session, desk.subject, "news", Cause.OBJECTION, "shop")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    for move, to in ((command.downgrade, "0042"), (command.upgrade, "head")):
        with desk.database.write() as session:
            config.attributes["connection"] = session.connection()
            move(config, to)
    with desk.database.write() as session:
        keeper.follow(session, desk.subject, news, "given", "shop")
        assert keeper.follow_own(session, desk.subject, news, "person") == 0
        assert [(row.scope, row.owner) for row in session.scalars(select(Suppression))] == [("news", NOBODY)]
