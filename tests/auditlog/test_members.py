"""Entries about many people: each finds it, proves being in it, and learns nothing of the others."""

import json
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, GroupEvent, Membership, People, ProofError, crowds
from privacy_svc.auditlog.entry import Envelope, month
from privacy_svc.auditlog.members import Member, check, commitment, hashes, prove
from privacy_svc.auditlog.model import CrowdPart, Entry, EntryMember, MonthTag
from privacy_svc.db import insert_rows, now
from privacy_svc.errors import Conflict, NotFound
from privacy_svc.vault import SubjectCipher
from tests.auditlog.conftest import Logbook


@pytest.fixture(params=["rows", "crowd"])
def kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to keep the people of an entry; a crowd here is two or more, in parts of two."""
    if request.param == "crowd":
        monkeypatch.setattr(crowds, "MANY", 1)
        monkeypatch.setattr(crowds, "PART", 2)


def leaf(book: Logbook, index: int) -> bytes:
    with book.database.read() as session:
        return session.get_one(Entry, index).leaf


def membership(book: Logbook, index: int, subject_id: str) -> Membership:
    with book.database.read() as session:
        return book.log.membership(session, index, subject_id)


@pytest.mark.usefixtures("kept")
def test_each_finds_and_proves_it(book: Logbook) -> None:
    """Everybody among the people finds the one entry, proves being in it by its leaf, and nobody else can."""
    people = [book.person() for _ in range(7)]
    stranger = book.person()
    entry_id = book.write_group(*people)
    book.integrate()
    (index,) = {v.index for p in people for v in book.search(subject_id=p) if v.id == entry_id}
    assert index is not None
    said = Envelope.decode(leaf(book, index)).members
    assert said is not None
    assert said["count"] == 7
    for number, person in enumerate(people):
        found = Membership.from_json(json.loads(json.dumps(membership(book, index, person).to_json())))
        check(found, said)
        assert (found.member.group, found.member.version) == (number % 2, 3 + number)
    assert entry_id not in {v.id for v in book.search(subject_id=stranger)}
    with pytest.raises(NotFound):
        membership(book, index, stranger)


@pytest.mark.usefixtures("kept")
def test_a_changed_membership_proves_nothing(book: Logbook) -> None:
    """Another tag, group, version, place or path does not lead to the entry's leaf."""
    people = [book.person() for _ in range(5)]
    book.write_group(*people)
    book.integrate()
    said = Envelope.decode(leaf(book, 0)).members
    assert said is not None
    told = membership(book, 0, people[0]).to_json()
    other = membership(book, 0, people[1]).to_json()
    assert told != other
    for name, value in other.items():
        if told[name] != value:
            with pytest.raises(ProofError):
                check(Membership.from_json({**told, name: value}), said)
    with pytest.raises(ProofError):
        check(Membership.from_json(told), {**said, "count": 100})
    with pytest.raises(ProofError):
        check(Membership.from_json(told), {})


@pytest.mark.parametrize("count", [1, 2, 3, 8, 100])
def test_every_place_has_its_proof(count: int) -> None:
    """Of any number of people, each has a proof that only fits its own place."""
    members = [Member(n.to_bytes(16), n % 3, n).encode() for n in range(count)]
    said = commitment(hashes(members))
    for n in range(count):
        found = prove(Member.decode(members[n]), hashes(members), n)
        check(found, said)
        with pytest.raises(ProofError):
            check(Membership(found.member, n + 1, found.path), said)


@pytest.mark.usefixtures("kept")
def test_an_erasure_takes_the_name_only(book: Logbook) -> None:
    """After an erasure the entry names the person no more, the others still prove theirs, and the log verifies."""
    ana, ben, carla = (book.person() for _ in range(3))
    book.write_group(ana, ben, carla)
    book.integrate()
    before = membership(book, 0, ben)
    book.erase(ana)
    book.integrate()
    with pytest.raises(NotFound):
        membership(book, 0, ana)
    assert membership(book, 0, ben) == before
    assert not [v for v in book.search(subject_id=ana) if v.index == 0]
    report = book.verify()
    assert report.ok, report.findings


@pytest.mark.usefixtures("kept")
def test_people_that_were_changed_are_noticed(book: Logbook) -> None:
    """Whoever changes, adds or takes away a member, or a part of a crowd, is found."""
    people = [book.person() for _ in range(5)]
    book.write_group(*people)
    book.integrate()
    for table in (EntryMember, CrowdPart):
        with book.database.read() as session:
            rows = [dict(r) for r in session.execute(select(table.__table__)).mappings()]
        for n, row in enumerate(rows):
            broken = (
                {**row, "tag": bytes(16)} if table is EntryMember else {**row, "members": row["members"][:-1] + b"x"}
            )
            for changed in (rows[:n] + rows[n + 1 :], [*rows[:n], broken, *rows[n + 1 :]]):
                put(book, table, changed)
                assert not book.verify().ok, (n, len(changed))
        put(book, table, rows)
    assert book.verify().ok


def test_what_a_crowd_is_searched_by_is_verified(book: Logbook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Month, ends and numbers of a crowd's parts are held to its members: else a person's entry is not found, and the
    log looks whole. So is a part of nobody, at a crowd or beside a few people."""
    book.write_group(*(people := [book.person() for _ in range(3)]))
    monkeypatch.setattr(crowds, "MANY", 1)
    monkeypatch.setattr(crowds, "PART", 2)
    book.write_group(*people)
    book.integrate()
    with book.database.read() as session:
        rows = [dict(r) for r in session.execute(select(CrowdPart.__table__)).mappings()]
        few = session.scalars(select(EntryMember.entry_id)).first()
    one, two = sorted(rows, key=lambda row: row["part"])
    nobody = {**two, "part": 2, "members": b""}
    forged = [
        [{**one, "month": "2001-01"}, two],
        [{**one, "first": b"\xff" * 16}, two],
        [one, {**two, "last": bytes(16)}],
        [one, {**two, "part": 7}],
        [one, two, nobody],
        [one, two, {**nobody, "entry_id": few}],
    ]
    for number, parts in enumerate(forged):
        put(book, CrowdPart, parts)
        assert "altered" in {f.kind for f in book.verify().findings}, number
    put(book, CrowdPart, rows)
    assert book.verify().ok


def parts(book: Logbook) -> list[dict[str, Any]]:
    with book.database.read() as session:
        return [dict(r) for r in session.execute(select(CrowdPart.__table__).order_by(CrowdPart.part)).mappings()]


def test_a_proof_reads_one_part(book: Logbook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a crowd's list the part that names the person and the roots of the others: where all else is gone, the proof
    is what it was."""
    monkeypatch.setattr(crowds, "MANY", 1)
    monkeypatch.setattr(crowds, "PART", 4)
    book.write_group(*(people := [book.person() for _ in range(11)]))
    book.integrate()
    said = Envelope.decode(leaf(book, 0)).members
    before, rows = {p: membership(book, 0, p) for p in people}, parts(book)
    for person, proof in before.items():
        number = proof.position // 4
        put(book, CrowdPart, [r if r["part"] == number else {**r, "members": b""} for r in rows])
        assert membership(book, 0, person) == proof
        check(proof, said or {})
    stranger = book.person()
    with pytest.raises(NotFound):
        membership(book, 0, stranger)


@pytest.mark.parametrize("roots", ["none", "some", "wrong", "text"])
def test_a_crowd_of_before_is_proven_as_a_whole(book: Logbook, monkeypatch: pytest.MonkeyPatch, roots: str) -> None:
    """Lists of a version that kept no roots, and those whose roots somebody changed, which verification tells."""
    if roots == "text" and book.database.engine.dialect.name != "sqlite":
        pytest.skip("the others refuse it themselves")
    monkeypatch.setattr(crowds, "MANY", 1)
    monkeypatch.setattr(crowds, "PART", 2)
    book.write_group(*(people := [book.person() for _ in range(5)]))
    book.integrate()
    before = {p: membership(book, 0, p) for p in people}
    if roots == "text":
        with book.database.write() as session:
            session.execute(text("UPDATE audit_crowds SET root = 'abc' WHERE part = 1"))
    else:
        root, keep = b"x" * 32 if roots == "wrong" else None, roots != "none"
        put(book, CrowdPart, [r if keep and r["part"] != 1 else {**r, "root": root} for r in parts(book)])
    assert {p: membership(book, 0, p) for p in people} == before
    assert {f.kind for f in book.verify().findings} == ({"altered"} if roots in {"wrong", "text"} else set())


def put(book: Logbook, table: type[EntryMember | CrowdPart], rows: list[dict[str, Any]]) -> None:
    with book.database.write() as session:
        session.execute(delete(table))
        if rows:
            insert_rows(session, table, rows)


def test_a_crowd_of_another_month_is_refused(book: Logbook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody would find themselves by a tag of another month than the entry's."""
    monkeypatch.setattr(crowds, "MANY", 1)
    people = People(now() - timedelta(days=32), organisation(book))
    people.add([book.person() for _ in range(2)], b"", 0, 1)
    with book.database.write() as session, pytest.raises(Conflict):
        book.log.append_people(session, EventType.AUDIENCE_DECIDED, people, {}, actor="crm")


def test_the_months_tags_are_made_once(book: Logbook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second entry about a crowd has the same tags without opening anybody's key; an erasure forgets the tag."""
    monkeypatch.setattr(crowds, "MANY", 1)
    people = [book.person() for _ in range(3)]
    book.write_group(*people)
    with book.database.read() as session:
        first = {t.subject_id: t.tag for t in session.scalars(select(MonthTag))}
        assert first.keys() == set(people)
    book.write_group(*people)
    book.integrate()
    assert {membership(book, i, people[0]).member.tag for i in (0, 1)} == {first[people[0]][:16]}
    book.erase(people[0])
    with book.database.read() as session:
        assert session.get(MonthTag, (people[0], month(now()))) is None
    with pytest.raises(NotFound):
        book.write_group(*people)


@pytest.mark.parametrize("poisoned", [False, True], ids=["first of the month", "after a wrong tag"])
def test_two_crowds_at_the_same_moment(book: Logbook, monkeypatch: pytest.MonkeyPatch, *, poisoned: bool) -> None:
    """Two transactions that both need the tags of the same people: the second one waits, and takes what the first has
    made. Neither fails, in whatever order they name the people."""
    monkeypatch.setattr(crowds, "MANY", 1)
    people = [book.person() for _ in range(130)]  # so many that they are copied in
    book.write()
    if poisoned:
        book.write_group(*people)
        with book.database.write() as session:
            for tag in session.scalars(select(MonthTag)):
                tag.tag = bytes(32)
    with ThreadPoolExecutor(1) as other, book.database.write() as session:
        event = GroupEvent(EventType.RECORD_READ, dict.fromkeys(people, (0, 1)), {})
        book.log.append_group(session, event, actor="crm")
        second = other.submit(book.write_group, *reversed(people))
        until_it_waits(book, second)
        assert not second.done()
    second.result()
    book.integrate()
    newest = max(v.index or 0 for v in book.search())
    tags = {p: {membership(book, i, p).member.tag for i in (newest - 1, newest)} for p in people}
    assert {len(of_both) for of_both in tags.values()} == {1}
    report = book.verify()
    assert report.ok, report.findings


def until_it_waits(book: Logbook, second: "Future[str]") -> None:
    """For the first transaction's end."""
    locks = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    turn, pause = book.database._turn, threading.Event()
    with book.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not (turn.waiting if turn else connection.scalar(locks)) and not second.done():
            pause.wait(0.01)


def test_the_next_months_tags_are_made_ahead(book: Logbook, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a month's last days, piece by piece, beside those of the month; the next month takes them as they are. An
    erasure forgets both."""
    monkeypatch.setattr(crowds, "MANY", 1)
    ahead = crowds._NEXT.limit(2)
    monkeypatch.setattr(crowds, "_NEXT", ahead)
    people = [book.person() for _ in range(4)]
    with time_machine.travel(datetime(2026, 11, 27, 23, 59, tzinfo=UTC), tick=False), book.database.write() as session:
        assert book.log.make_tags_ahead(session) == 0, "the month goes on"
    with time_machine.travel(datetime(2026, 11, 30, 12, tzinfo=UTC), tick=False):
        book.write_group(*people[:3])
        for left in (2, 1, 0):
            with book.database.write() as session:
                assert book.log.make_tags_ahead(session) == left
        made = tags(book, "2026-12")
        assert (made.keys(), tags(book, "2026-11").keys()) == (set(people[:3]), set(people[:3]))
        book.erase(people[2])
        assert tags(book, "2026-12").keys() == tags(book, "2026-11").keys() == set(people[:2])
    with time_machine.travel(datetime(2026, 12, 1, tzinfo=UTC), tick=False):
        opened = opening(book, monkeypatch)
        book.write_group(people[0], people[1])
        assert not opened & set(people), "nobody's key was needed"
        book.write_group(people[0], people[1], people[3])
        assert opened & set(people) == {people[3]}
        book.integrate()
        assert all(membership(book, 2, i).member.tag == made[i][:16] for i in people[:2])
    assert book.verify().ok


def tags(book: Logbook, in_month: str) -> dict[str, bytes]:
    with book.database.read() as session:
        return {t.subject_id: t.tag for t in session.scalars(select(MonthTag)) if t.month == in_month}


def opening(book: Logbook, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Whose keys are opened from now on."""
    opened, ciphers = set[str](), book.vault.ciphers

    def noting(session: Session, ids: Iterable[str], use: str = "data") -> dict[str, SubjectCipher]:
        wanted = list(ids)
        opened.update(wanted)
        return ciphers(session, wanted, use)

    monkeypatch.setattr(book.vault, "ciphers", noting)
    return opened


def test_a_poisoned_tag_is_never_signed(book: Logbook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes another tag, or another person's, into the table of the month's tags is told by the verification,
    and the next entry has the right ones: nobody is left out of it."""
    monkeypatch.setattr(crowds, "MANY", 1)
    people = [book.person() for _ in range(4)]
    book.write_group(*people)
    with book.database.write() as session:
        one, other, third, _ = (session.get_one(MonthTag, (i, month(now()))) for i in people)
        one.tag = bytes(32)
        other.tag, third.tag = bytes(16), bytes(other.tag)
    (finding,) = book.verify().findings
    assert (finding.kind, "3 tags kept" in finding.detail) == ("altered", True)
    gathered = People(now(), organisation(book))
    with book.database.write() as session:
        kept = {t.subject_id: t.tag for t in session.scalars(select(MonthTag))}
        gathered.add(people[:1], b"", 0, 1)
        gathered.add([people[3]], b"", 0, 1)
        gathered.add([people[0], people[2]], kept[people[0]] + kept[people[2]], 0, 1)
        gathered.add([people[1], people[3]], kept[people[1]] + kept[people[3]], 0, 1)
        book.log.append_people(session, EventType.AUDIENCE_DECIDED, gathered, {}, actor="crm")
    book.integrate()
    assert all(membership(book, 1, person) for person in people)
    report = book.verify()
    assert report.ok, report.findings


def organisation(book: Logbook) -> SubjectCipher:
    with book.database.write() as session:
        return book.vault.organisation_cipher(session)
