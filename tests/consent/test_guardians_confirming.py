"""Double opt-in where a guardian agreed for a child (Art. 8 GDPR): the guardian confirms."""

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from privacy_svc.consent import current, digests, enlist_erased, evidence
from privacy_svc.consent.model import Confirmation
from privacy_svc.consent.suppression import scopes_by_address
from privacy_svc.db import now
from privacy_svc.errors import InvalidBody
from privacy_svc.http import Contact
from tests.consent.conftest import MOTHER, Desk
from tests.consent.test_double_opt_in import ANA, Ways, token_of, ways

__all__ = ["ways"]


def test_a_guardian_confirms_what_they_agreed_to(ways: Ways, desk: Desk) -> None:
    """The letter goes to them and not to the child, and is sent there again; what it shows of their mailbox frees
    nothing that stands against the child's address or theirs."""
    left = [ANA, Contact("email", "maria@mail.example")]
    with desk.database.write() as session:
        enlist_erased(session, desk.log, digests(session, desk.vault, left), "dpo", now())
    post = ways.post(guardian=replace(MOTHER, contact=" maria@mail.example "))
    assert (post.address, "for a child in your care" in post.letter.text) == ("maria@mail.example", True)
    with desk.database.write() as session:
        again = ways.choices.confirmer.post_again(session, session.scalars(select(Confirmation)).one())
    assert again is not None
    assert (again.address, again.letter.text) == (post.address, post.letter.text)
    said = ways.confirm(token_of(post.letter.text))
    assert (said.state, said.guardian) == ("given", True)
    with desk.database.read() as session:
        proof = evidence(session, desk.vault, said.id)["evidence"]["double_opt_in"]
        assert scopes_by_address(session, desk.vault, left).keys() == set(left)
    assert proof["address"] == "maria@mail.example"


@pytest.mark.parametrize("contact", [None, "+49 30 1234567", "Ana@mail.example"])
def test_a_child_confirms_nothing_for_a_guardian(ways: Ways, contact: str | None) -> None:
    """Without an address of theirs nobody could confirm it, and nothing is recorded."""
    with pytest.raises(InvalidBody) as refused:
        ways.ask(guardian=replace(MOTHER, contact=contact))
    assert [fault.pointer for fault in refused.value.faults] == ["/guardian/contact"]
    with ways.desk.database.read() as session:
        assert current(session, ways.desk.subject, now()) == []
