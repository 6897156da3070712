"""What an erasure must not miss: what it finds fails the request, what it cannot look at it tells."""

import json
from typing import Any

from privacy_svc.rights import RequestView, State
from tests.conftest import ONE_DATABASE
from tests.rights.company import ANA, Company
from tests.rights.running import erased


def places_of(request: RequestView) -> list[str]:
    assert request.failure is not None, request.state
    assert request.failure["slug"] == "data-left"
    return [place["place"] for place in request.failure["places"]]


def told_of(company: Company, request: RequestView) -> dict[str, Any]:
    found = json.loads(company.requests.certificate(request.id))
    assert isinstance(found, dict)
    return found


@ONE_DATABASE
def test_a_text_that_lost_a_part_before_is_searched_again(company: Company) -> None:
    """Another erasure put [erased] at its beginning; what still names her behind it is found."""
    company.write("INSERT INTO notes VALUES (31, 2, :n)", n=f"[erased] shares a mailbox: {ANA['email']}")
    assert places_of(erased(company)) == ["crm.notes.note"]


@ONE_DATABASE
def test_the_word_for_nothing_is_no_finding(company: Company) -> None:
    """Who was erased before, came back and is erased again: [erased], with the row's key where no two may be alike, is
    nothing that she is known by, and nothing that is left."""
    company.write(
        "CREATE UNIQUE INDEX alone ON customers (name)",
        "UPDATE customers SET name = '[erased] 1' WHERE id = 1",
        "INSERT INTO notes VALUES (31, 2, 'was [erased] 1 here?')",
        "ALTER TABLE customers ADD COLUMN remark TEXT DEFAULT 'knows [erased]'",
    )
    assert erased(company).state == State.COMPLETED
    assert company.rows("customers")[0]["name"] == "[erased] 1"
