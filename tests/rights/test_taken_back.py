"""What people said no to after a backup holds after its restore, though the database knows nothing of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import Table

from privacy_svc.consent import (
    NoticeRef,
    RecordConsent,
    Source,
    lift_objection,
    object_to,
    record,
    restrict,
    subject_state,
)
from privacy_svc.db import Database, now
from privacy_svc.db.tables import metadata
from privacy_svc.http import CustomerRef
from privacy_svc.rights import Aftermath
from privacy_svc.rights.restoring import Replayed
from tests.factories import check_log
from tests.rights.company import Company

PURPOSE = "newsletter"
Backup = Mapping[Table, Sequence[Mapping[str, Any]]]


def back_up(database: Database) -> Backup:
    with database.read() as session:
        return {t: [dict(r) for r in session.execute(t.select()).mappings()] for t in metadata.sorted_tables}


def restore(database: Database, backup: Backup) -> None:
    with database.write() as session:
        for table in reversed(metadata.sorted_tables):
            session.execute(table.delete())
        for table in metadata.sorted_tables:
            if backup[table]:
                session.execute(table.insert(), backup[table])


def say(company: Company, person: str, state: str) -> None:
    wanted = RecordConsent(CustomerRef(id="1"), PURPOSE, state, Source("web"), NoticeRef("news", 1, "en"))  # type: ignore[arg-type]
    where = (company.vault, company.log, company.policies.current)
    with company.database.write() as session:
        record(session, *where, actor="shop", subject_id=person, wanted=wanted, at=now())


def replay(company: Company) -> Replayed:
    done = Aftermath(company.requests).replay("operator", lambda *_: None)
    check_log(company.database, company.log)
    return done


def stands(company: Company, person: str) -> str:
    with company.database.read() as session:
        return subject_state(session, person, now()).consents[PURPOSE].state


@pytest.fixture
def people(company: Company) -> list[str]:
    """Two who agreed, as the backup knows."""
    found = [company.subject("1"), company.subject("2")]
    for person in found:
        say(company, person, "given")
    company.log.integrate(company.database)
    return found


@pytest.mark.parametrize("state", ["withdrawn", "refused"])
def test_a_consent_taken_back_after_the_backup_stays_taken_back(
    company: Company, people: list[str], state: str
) -> None:
    """Of which purpose the log does not say: none of hers stands. Others' do, and so does what she agrees to anew,
    also when it is replayed again."""
    ana, other = people
    backup = back_up(company.database)
    say(company, ana, state)
    company.log.integrate(company.database)
    restore(company.database, backup)
    assert stands(company, ana) == "given"
    assert replay(company).ended == 1
    assert (stands(company, ana), stands(company, other)) == ("invalidated", "given")
    say(company, ana, "given")
    assert replay(company).ended == 0
    assert stands(company, ana) == "given"


def test_a_restriction_after_the_backup_is_placed_again(company: Company, people: list[str]) -> None:
    """Whose data were to be stored only are not used after the restore."""
    ana, other = people
    backup = back_up(company.database)
    with company.database.write() as session:
        restrict(session, company.log, ana, "dora")
    company.log.integrate(company.database)
    restore(company.database, backup)
    assert replay(company).restricted == 1
    assert replay(company).restricted == 0
    with company.database.read() as session:
        states = [subject_state(session, person, now()).restricted for person in (ana, other)]
    assert states == [True, False]


def test_who_objected_after_the_backup_is_named_until_they_were_asked(company: Company, people: list[str]) -> None:
    """To what, the log does not say: each replay names them until an objection of theirs is recorded, and nothing of
    theirs is used meanwhile, also where another objection was lifted after it."""
    ana, other = people
    with company.database.write() as session:
        object_to(session, company.log, ana, "sales.phone", "dora")
    backup = back_up(company.database)
    with company.database.write() as session:
        object_to(session, company.log, ana, PURPOSE, "dora")
        lift_objection(session, company.log, ana, "sales.phone", "dora")
    company.log.integrate(company.database)
    restore(company.database, backup)
    for restricted in (1, 0):
        replayed = replay(company)
        assert (replayed.objected, replayed.restricted) == ((ana,), restricted)
    with company.database.read() as session:
        assert [subject_state(session, p, now()).restricted for p in (ana, other)] == [True, False]
    with company.database.write() as session:
        object_to(session, company.log, ana, PURPOSE, "dora")
    assert replay(company).objected == ()
