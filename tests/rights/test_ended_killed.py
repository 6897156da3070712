"""Killed before any commit, what nobody watches ends right: a replay after a restore, the deletion of packages."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from privacy_svc.auditlog import EventType
from privacy_svc.db import Database, now
from privacy_svc.errors import Erased
from privacy_svc.rights import Aftermath, Right
from privacy_svc.rights.model import RequestEvent
from privacy_svc.rights.packages_model import RequestPackage
from privacy_svc.vault import Vault
from tests.factories import check_log
from tests.killing import killed_before_commit
from tests.rights.company import ANA, Company, open_company
from tests.rights.running import PLANTED, carried_out, everything_in
from tests.rights.test_approval import verified
from tests.rights.test_evidence import back_up, consent, erase, restore, until
from tests.rights.test_replay import BACK
from tests.rights.test_suppressing import EMAIL, listed

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # forking, from Python 3.12 on
TOLD_AGAIN = "UPDATE notes SET note = 'ask ana@mail.example' WHERE id = 30"


def elsewhere(company: Company, work: Callable[[Company], object]) -> Callable[[], object]:
    """To be done by a process of its own, with connections of its own."""
    url = company.database.engine.url.render_as_string(hide_password=False)

    def run() -> None:
        vault = Vault(company.vault.provider, company.vault.organisation, company.vault.ledger)
        with open_company(company.home, Database(url), company.store_url, vault) as other:
            work(other)

    return run


def test_a_replay_killed_at_every_commit(company: Company) -> None:
    """Database and store are put back to before an erasure, and the replay is killed before its first commit; put back
    again, and killed before its second; and so on. Each time the next one ends as if it had been alone: the person is
    unreadable in keys, log and stores, on the list, with the date of what is kept; the ledger has no line more."""
    company.seal()
    subject = company.subject()
    consent(company)
    company.log.integrate(company.database)
    sealed = company.rows("customers")[0]
    backup = back_up(company)
    erase(company)
    company.vault.roll_epoch(company.database)
    company.vault.destroy_epoch(company.database, 1)
    date, lines = until(company, subject), len(list(company.vault.ledger.lines()))

    def put_back() -> None:
        restore(company, backup)
        company.write(BACK, **{name: sealed[name] for name in ANA})
        company.write(TOLD_AGAIN)

    put_back()
    kills, work = 0, elsewhere(company, lambda c: Aftermath(c.requests).replay("operator", quiet))
    while killed_before_commit(kills + 1, work):
        kills += 1
        Aftermath(company.requests).replay("operator", quiet)
        assert_erased(company, subject)
        assert (until(company, subject), len(list(company.vault.ledger.lines()))) == (date, lines)
        put_back()
    assert_erased(company, subject)
    assert kills >= 8


def assert_erased(company: Company, subject: str) -> None:
    check_log(company.database, company.log)
    with company.database.read() as session:
        with pytest.raises(Erased):
            company.vault.cipher(session, subject)
        assert company.vault.undone(session) == set()
        company.vault.ledger.check(session)
        [told, *_] = company.log.search(session, type=EventType.RESTORE_REPLAYED.value, limit=1)
        assert told.actor == "operator"
    assert EMAIL in listed(company)
    assert not [v for v in PLANTED if v in everything_in(company.store_url)]
    assert company.rows("customers")[0]["city"] is None


def quiet(_what: str, _done: int, _all: int) -> None:
    pass


def test_packages_deleted_by_workers_that_are_killed(company: Company) -> None:
    """Three are over: killed before its first commit, or its second, a worker leaves of each package either all, or
    nothing and a line in the timeline; the last one ends it, and none is told twice."""
    for _ in range(3):
        carried_out(company.database, company.requests.parts, verified(company, Right.ACCESS).id)
    assert left(company) == (3, 0)
    seen = []
    with time_machine.travel(now() + timedelta(days=40)):
        for number in (1, 2, 2):
            assert killed_before_commit(number, elsewhere(company, lambda c: Aftermath(c.requests).end_packages()))
            seen.append(left(company))
        assert Aftermath(company.requests).end_packages() == 1
        assert Aftermath(company.requests).end_packages() == 0
    assert seen == [(3, 0), (2, 1), (1, 2)]
    assert left(company) == (0, 3)
    check_log(company.database, company.log)


def left(company: Company) -> tuple[int, int]:
    """Packages, and timelines that say theirs is deleted."""
    deleted = select(func.count()).where(RequestEvent.type == "rights:package:deleted")
    with company.database.read() as session:
        packages = session.scalar(select(func.count()).select_from(RequestPackage))
        return packages or 0, session.scalar(deleted) or 0
