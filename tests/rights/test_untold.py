"""What a replay says where the ledger it repeats is not the newest: the log outside the database knows better."""

import pytest

from privacy_svc.auditlog import EventType
from privacy_svc.rights import Aftermath, Right
from tests.factories import check_log
from tests.rights.company import Company
from tests.rights.running import done
from tests.rights.test_erasure import erased
from tests.rights.test_evidence import put_back
from tests.rights.test_opening import opened


def erase_bo(company: Company) -> None:
    request = company.requests.vouch(opened(company, Right.ERASURE, key="2").id, "passport", "dora")
    company.requests.approve(request.id, "dora")
    done(company, request.id)


def interrupt(what: str, *_: int) -> None:
    if what == "erased people":
        raise KeyboardInterrupt


def replay(company: Company) -> int:
    """How many erasures it says that only the log knows of."""
    return Aftermath(company.requests).replay("operator", lambda *_: None).untold


@pytest.mark.parametrize("mended_by", ["the newest ledger", "another erasure"])
def test_an_erasure_that_the_ledger_lacks_is_told_until_it_is_repeated(company: Company, mended_by: str) -> None:
    """The ledger is a copy from before Ana's erasure, as is the database: each replay says that the log knows of one
    erasure more, also after one that was broken off, until she is erased again."""
    company.seal()
    ledger = company.vault.ledger.folder / "fences.jsonl"
    with company.requests.worker():
        erase_bo(company)
        company.vault.ledger.export(company.database)
        old = ledger.read_bytes()
        bills = company.rows("orders")
        with put_back(company):
            erased(company)
            company.vault.ledger.export(company.database)
            company.log.integrate(company.database)
        newest = ledger.read_bytes()
        ledger.write_bytes(old)
        with pytest.raises(KeyboardInterrupt):
            Aftermath(company.requests).replay("operator", interrupt)
        assert [replay(company), replay(company)] == [1, 1]
        if mended_by == "another erasure":
            for bill in bills:  # the store is put back too: what was kept is sealed otherwise now
                company.write("UPDATE orders SET billing_name = :billing_name WHERE id = :id", **bill)
            erased(company)
        else:
            ledger.write_bytes(newest)
        assert replay(company) == 0
    check_log(company.database, company.log)


def test_an_interrupted_replay_has_told_what_the_log_lost(company: Company) -> None:
    """How many entries came back without their payload is an entry of its own, from the moment they are there."""
    company.seal()
    company.log.integrate(company.database)
    with put_back(company), company.requests.worker():
        erased(company)
        company.log.integrate(company.database)
    with pytest.raises(KeyboardInterrupt):
        Aftermath(company.requests).replay("operator", interrupt)
    company.log.integrate(company.database)
    with company.database.read() as session:
        [told] = company.log.search(session, type=EventType.LOG_RELEARNED)
    payload = dict(told.payload or {})
    assert payload["without_payload"] == payload["until"] - payload["from"] > 0
    assert payload["erasures"] == 1
    check_log(company.database, company.log)
