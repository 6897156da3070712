"""Two requests of one person for the same."""

from datetime import UTC, datetime, timedelta

import pytest

from privacy_svc.errors import Conflict
from privacy_svc.http import CustomerRef
from privacy_svc.rights import Right, State, Wanted
from tests.rights.company import Company
from tests.rights.test_approval import verified
from tests.rights.test_opening import opened, types_of

FIVE_DAYS = timedelta(days=5)


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
