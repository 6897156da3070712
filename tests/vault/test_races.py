"""Two connections at once: what is erased stays erased, and nothing is lost on the pages both write to."""

import os
import threading
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import delete, func, select

from privacy_svc.db import Database
from privacy_svc.errors import Conflict, Erased
from privacy_svc.vault import Vault
from privacy_svc.vault.model import PageKey, Subject, SubjectKey

ROUNDS = int(os.environ.get("PRIVACY_TEST_ROUNDS", "200"))
"""`make faults` runs 10,000."""
CAPACITY = 24


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that fill while the threads race, so that their borders are raced over too."""
    for user in ("pages", "provisioning"):
        monkeypatch.setattr(f"privacy_svc.vault.{user}.CAPACITY", CAPACITY)


def together(*works: Callable[[int], None], rounds: int) -> None:
    """Each work in a thread of its own, round by round at the same moment; the first failure is raised."""
    start, failed = threading.Barrier(len(works)), list[BaseException]()

    def run(work: Callable[[int], None]) -> None:
        try:
            for number in range(rounds):
                start.wait(timeout=60)
                work(number)
        except BaseException as error:  # noqa: BLE001 - handed to the test's thread
            start.abort()
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in failed:
        if not isinstance(error, threading.BrokenBarrierError):
            raise error


def people(database: Database, vault: Vault, count: int) -> list[str]:
    with database.write() as session:
        return vault.create_subjects(session, count)


def check_pages(database: Database, vault: Vault, living: Sequence[str], erased: Sequence[str]) -> None:
    """Every living person's both keys open, no erased person has a data key, no page is overfull or miscounted."""
    with database.read() as session:
        everybody = [*living, *erased]
        assert set(vault.ciphers(session, everybody)) == set(living)
        assert set(vault.ciphers(session, everybody, "evidence")) == set(everybody)
        keys = select(func.count()).where(
            SubjectKey.subject_id.in_(erased), SubjectKey.use == "data", SubjectKey.wrapped.is_not(None)
        )
        assert session.scalar(keys) == 0
        on = func.count(func.distinct(SubjectKey.subject_id))
        counted = dict(session.execute(select(SubjectKey.page_key_id, on).group_by(SubjectKey.page_key_id)).all())
        stated = dict(session.execute(select(PageKey.id, PageKey.subjects)).all())
    assert counted == stated
    assert max(stated.values()) <= CAPACITY


def test_provision_against_erase(database: Database, vault: Vault) -> None:
    """In every round of one connection erasing a person while another admits newcomers to the same page and tries to
    make the person anew, no erased person gets a key and no newcomer loses one."""
    doomed, newcomers = people(database, vault, ROUNDS), list[str]()

    def erase(number: int) -> None:
        with database.write() as session:
            vault.erase(session, doomed[number])

    def provision(number: int) -> None:
        with database.write() as session:
            made = vault.create_subject(session).id
            with pytest.raises((Erased, Conflict)):
                vault.create_subject(session, subject_id=doomed[number])
        newcomers.append(made)

    together(erase, provision, rounds=ROUNDS)
    check_pages(database, vault, newcomers, doomed)


def test_neighbours_are_erased_at_once(database: Database, vault: Vault) -> None:
    """People of one page erased by two connections at the same moment, two in each transaction: neither fails, all
    are gone, and each erasure replaced its page key."""
    made, stay = people(database, vault, 4 * CAPACITY), people(database, vault, 5)

    def erase(offset: int, number: int) -> None:
        with database.write() as session:
            for whom in (made[4 * number + offset], made[4 * number + offset + 2]):
                assert vault.erase(session, whom).page_replaced

    together(lambda n: erase(0, n), lambda n: erase(1, n), rounds=CAPACITY)
    check_pages(database, vault, stay, made)
    with database.read() as session:
        assert session.scalar(select(func.sum(PageKey.generation - 1))) == len(made)


def test_one_person_erased_by_two(database: Database, vault: Vault) -> None:
    """Two connections erasing the same person agree on the instant and raise the state version once."""
    doomed, instants = people(database, vault, 20), [list[object]() for _ in range(20)]

    def erase(number: int) -> None:
        with database.write() as session:
            instants[number].append(vault.erase(session, doomed[number]).online_at)

    together(erase, erase, rounds=20)
    assert all(len(both) == 2 and both[0] == both[1] for both in instants)
    check_pages(database, vault, [], doomed)


def test_the_organisation_is_made_once(database: Database, vault: Vault) -> None:
    """Two connections that need the organisation's own keys first, at the same moment, get the same ones."""
    for _ in range(20):
        tags: list[bytes] = []

        def use(_: int, tags: list[bytes] = tags) -> None:
            with database.write() as session:
                tags.append(vault.organisation_cipher(session).tag("same"))

        together(use, use, rounds=1)
        assert len(tags) == 2
        assert tags[0] == tags[1]
        with database.write() as session:
            for table in (SubjectKey, PageKey, Subject):
                session.execute(delete(table))


def test_reading_while_the_page_is_replaced(database: Database, vault: Vault) -> None:
    """A reader never meets a neighbour's key half rewrapped."""
    doomed, (neighbour,) = people(database, vault, 60), people(database, vault, 1)
    with database.read() as session:
        text = vault.cipher(session, neighbour).seal_text(1001, "1", "Ana")

    def erase(number: int) -> None:
        with database.write() as session:
            vault.erase(session, doomed[number])

    def read(_: int) -> None:
        with database.read() as session:
            assert vault.cipher(session, neighbour).open_text(1001, "1", text) == "Ana"

    together(erase, read, rounds=60)


def test_a_page_seen_before_is_counted_anew(database: Database, vault: Vault) -> None:
    """A transaction that looked at a page before others filled it does not write their count away."""
    (one,) = people(database, vault, 1)
    if database.engine.dialect.name == "sqlite":
        return  # one writer at a time: nobody else can fill it meanwhile
    with database.write() as session:
        vault.cipher(session, one)
        seen = session.scalars(select(PageKey)).all()
        others = people(database, vault, 10)
        last = vault.create_subject(session).id
    assert seen[0].subjects == 12
    check_pages(database, vault, [one, *others, last], [])


def test_concurrent_admissions_share_pages_safely(database: Database, vault: Vault) -> None:
    """Four connections making subjects at once lose none, and every key opens."""
    made: list[str] = []
    together(*[lambda _: made.extend(people(database, vault, 300))] * 4, rounds=2)
    assert len(made) == 2400
    check_pages(database, vault, made, [])
