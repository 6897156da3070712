"""Two requests of one person for the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.http import CustomerRef
from privacy_svc.rights import Right, State, Wanted
from privacy_svc.rights.model import DataRequest
from privacy_svc.rights.parts import RETENTION
from tests.rights.company import Company
from tests.rights.test_approval import verified
from tests.rights.test_opening import opened, types_of

DAY = timedelta(days=1)
FIVE_DAYS = 5 * DAY
ERASE = Wanted(Right.ERASURE, CustomerRef(id="1"))


def test_a_verified_duplicate_goes_on_as_one_with_the_earlier_date(company: Company) -> None:
    """Whichever was entered first: one goes on, its deadline counts from the earlier receipt."""
    first = verified(company)
    earlier = first.received_at - FIVE_DAYS
    letter = company.requests.open(Wanted(Right.ERASURE, CustomerRef(id="1"), earlier, "letter"), "katrin")
    merged = company.requests.vouch(letter.id, "signed", "katrin")
    assert (merged.state, merged.outcome, merged.merged_into) == (State.CANCELLED, "merged", first.id)
    stays = company.requests.show(first.id)
    assert stays.state == State.AWAITING_APPROVAL
    assert abs(stays.received_at - earlier) < timedelta(seconds=1)
    assert stays.due_at < first.due_at
    for request in (first.id, letter.id):
        assert types_of(company, request).count("merged") == 1
    with pytest.raises(Conflict):
        company.requests.approve(letter.id, "dora")


def test_nobody_is_shut_out_by_a_request_in_their_name(company: Company) -> None:
    """An unverified request takes none in and is none's match for a verified one: the real person's goes on, and
    what nobody verified is never approved (GHSA-qx5f-ghc2-7g5c of a peer)."""
    stranger = opened(company, Right.ERASURE)
    with pytest.raises(Conflict):
        company.requests.approve(stranger.id, "dora")
    real = verified(company)
    assert real.state == State.AWAITING_APPROVAL
    closed = company.requests.show(stranger.id)
    assert (closed.state, closed.merged_into) == (State.CANCELLED, real.id)
    with pytest.raises(Conflict):
        company.requests.vouch(stranger.id, "passport", "dora")


def test_who_asks_for_what_retention_was_about_to_do_is_told(company: Company) -> None:
    """The run was nobody's wish, and would end without a letter; it is the person's from now on."""
    first = verified(company)
    with company.database.write() as session:
        session.get_one(DataRequest, first.id).channel = RETENTION
    opened(company, Right.ERASURE)
    second = verified(company)
    stays = company.requests.show(first.id)
    assert (company.requests.show(second.id).merged_into, stays.channel) == (first.id, second.channel)


def test_opening_a_second_tells_nothing(company: Company) -> None:
    """Before the person is verified, nothing shows that there is another request."""
    one, two = opened(company), opened(company)
    assert one.id != two.id
    assert two.state == State.VERIFYING
    assert two.merged_into is None


def test_what_differs_stays_apart(company: Company) -> None:
    """Another right, another person, another wish, or one that has ended: no duplicate."""
    kept = [
        verified(company, Right.RECTIFICATION, changes={"city": "Porto"}),
        verified(company, Right.RECTIFICATION, changes={"city": "Faro"}),
        verified(company, Right.ERASURE),
        company.requests.vouch(opened(company, Right.ERASURE, key="2").id, "passport", "dora"),
    ]
    assert [r.state for r in kept] == [State.AWAITING_APPROVAL] * 4
    company.requests.cancel(kept[2].id, "a mistake", "dora")
    assert verified(company, Right.ERASURE).state == State.AWAITING_APPROVAL


def test_a_question_of_the_one_that_ends_is_settled(company: Company) -> None:
    """Nobody is reminded of a question about a request that went on as another."""
    from privacy_svc.rights import About

    asked = opened(company)
    company.requests.ask(asked.id, About.IDENTITY, "Which city?", "doubts", "dora")
    verified(company, Right.ACCESS)
    view = company.requests.show(asked.id)
    assert (view.state, view.waiting_for, view.paused_since) == (State.CANCELLED, None, None)


def test_an_earlier_extension_counts_from_the_earlier_date(company: Company) -> None:
    """The survivor keeps its extension, counted anew."""
    from privacy_svc.rights import Extension

    first = verified(company)
    extended = company.requests.extend(first.id, Extension.NUMBER, "dora")
    earlier = datetime.now(UTC) - FIVE_DAYS
    letter = company.requests.open(Wanted(Right.ERASURE, CustomerRef(id="1"), earlier, "letter"), "katrin")
    company.requests.vouch(letter.id, "signed", "katrin")
    stays = company.requests.show(first.id)
    assert stays.extended_at is not None
    assert stays.due_at < extended.due_at
    assert stays.due_at > first.due_at


def test_what_a_stranger_sent_does_not_become_theirs(company: Company) -> None:
    """A module opened the same, with five files and an early date, and nobody verified it: neither the files nor the
    date go on with the real person's request, which takes their next file. The timeline tells of the files."""
    wanted = Wanted(Right.RECTIFICATION, CustomerRef(id="1"), details={"changes": {"city": "Porto"}})
    stranger = company.requests.open(replace(wanted, received_at=datetime.now(UTC) - 50 * DAY), "mail")
    for n in range(5):
        company.requests.attach(stranger.id, f"{n}.txt", b"forged", "mail")
    begun = datetime.now(UTC)
    real = company.requests.open(wanted, "desk")
    mine = company.requests.attach(real.id, "mine.txt", b"proof", "desk")
    company.requests.vouch(real.id, "passport", "dora")
    assert company.requests.show(stranger.id).merged_into == real.id
    assert [f["id"] for f in company.requests.details(real.id, "dora").evidence] == [mine.id]
    company.requests.attach(real.id, "more.txt", b"proof", "desk")
    assert company.requests.show(real.id).received_at > begun - timedelta(minutes=1)
    assert "deleted" in types_of(company, stranger.id)


def test_an_unverified_duplicate_keeps_the_date_that_we_saw(company: Company) -> None:
    """The person asked by the portal, showed nobody who they are, and asked again a week later: it is received on the
    first day. So it is where staff noted a letter of before; and a verified duplicate's files go along."""
    start = datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:
        first = opened(company, Right.ERASURE)
        clock.move_to(start + 7 * DAY)
        second = verified(company)
        assert company.requests.show(first.id).merged_into == second.id
        assert company.requests.show(second.id).received_at == first.received_at
        letter = replace(ERASE, received_at=start - FIVE_DAYS, channel="letter", staff=True)
        company.requests.open(letter, "katrin")
        third = company.requests.open(ERASE, "desk")
        company.requests.attach(third.id, "id.txt", b"proof", "desk")
        company.requests.vouch(third.id, "passport", "dora")
        stays = company.requests.show(second.id)
        assert abs(stays.received_at - (start - FIVE_DAYS)) < timedelta(seconds=1)
        assert len(company.requests.details(second.id, "dora").evidence) == 1


def test_long_ago_needs_a_reason(company: Company) -> None:
    """No request comes in that is over already, by a program's word; staff say why, and it stays with the request."""
    long_ago = replace(ERASE, received_at=datetime.now(UTC) - 61 * DAY)
    for wanted in (long_ago, replace(long_ago, received_at=datetime(1971, 1, 1, tzinfo=UTC), staff=True)):
        with pytest.raises(BadRequest, match="60 days"):
            company.requests.open(wanted, "desk")
    late = company.requests.open(replace(long_ago, staff=True, received_reason="found in a drawer"), "dora")
    assert late.overdue
    assert company.requests.details(late.id, "dora").said["received_reason"] == "found in a drawer"
    assert not company.requests.open(replace(ERASE, received_at=datetime.now(UTC) - 59 * DAY), "desk").outcome
