"""A person's erasure takes their entries alone, and nobody who only has the database can pass a loss off as one."""

import json
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, insert, select, text, update

from privacy_svc.auditlog import Theirs
from privacy_svc.auditlog.entry import Envelope, Sealable
from privacy_svc.auditlog.events import EventType
from privacy_svc.auditlog.model import Entry, EntryMember, Outbox, Payload
from privacy_svc.auditlog.tombstones import ERASED, LOST, UNPROVEN
from privacy_svc.db import now
from tests.auditlog.conftest import Logbook


def kinds(book: Logbook) -> set[str]:
    return {f.kind for f in book.verify().findings}


def change(book: Logbook, *statements: Any) -> None:
    with book.database.write() as session:
        for statement in statements:
            session.execute(statement)


def payload(book: Logbook, entry_id: str) -> dict[str, Any]:
    with book.database.read() as session:
        row = session.execute(select(Payload.__table__).where(Payload.entry_id == entry_id)).mappings().one()
    return dict(row)


def test_a_decoy_takes_nobody_along(book: Logbook) -> None:
    """Ben's rows, moved to Ana in the database, are not erased with Ana: what was done to them is told."""
    ana, ben = book.person(), book.person()
    hers, his = book.write(ana), book.write(ben)
    among = book.write_group(ana, ben)
    book.integrate()
    change(
        book,
        update(Payload).where(Payload.entry_id == his).values(owner_id=ana),
        update(Entry).where(Entry.id == his).values(subject_id=ana),
        update(EntryMember).where(EntryMember.entry_id == among).values(subject_id=ana),
    )
    assert book.erase(ana) == 1
    book.integrate()
    assert (payload(book, hers)["use"], payload(book, his)["use"]) == (ERASED, "data")
    with book.database.read() as session:
        named = select(EntryMember.subject_id).where(EntryMember.entry_id == among)
        assert sorted(session.scalars(named), key=bool) == [None, ana]
    report = book.verify()
    assert report.erased == 1
    assert {f.kind for f in report.findings} == {"altered", "payload_missing"}


def test_the_entry_says_only_how_many(book: Logbook) -> None:
    """What is left of a person's trail is not tied together again by the entry that says it is gone."""
    ana = book.person()
    ids = [book.write(ana), book.write_group(ana, book.person()), book.write(ana)]
    book.integrate()
    book.erase(ana)
    book.integrate()
    said = next(v for v in book.search() if v.type == EventType.PAYLOADS_ERASED)
    assert said.payload == {"entries": 2, "members": 1}
    assert not any(i in json.dumps(dict(said.payload)) for i in ids)
    assert {payload(book, i)["owner_id"] for i in (ids[0], ids[2])} == {""}
    assert (book.verify().ok, book.verify().erased) == (True, 2)


def test_a_payload_put_back_is_noticed(book: Logbook) -> None:
    """An erased person's payload, brought back from an old copy, is no erased one any more; nor with their name."""
    ana = book.person()
    entry_id = book.write(ana)
    book.integrate()
    old = payload(book, entry_id)
    book.erase(ana)
    book.integrate()
    gone = payload(book, entry_id)
    change(book, update(Payload).where(Payload.entry_id == entry_id).values(**old))
    assert kinds(book) == {"payload_missing"}
    change(book, update(Payload).where(Payload.entry_id == entry_id).values(**gone))
    assert book.verify().ok
    change(book, update(Entry).where(Entry.id == entry_id).values(subject_id=ana))
    assert kinds(book) == {"altered"}


@pytest.mark.parametrize("use", [ERASED, LOST, UNPROVEN])
def test_a_tombstone_is_of_its_entry_alone(book: Logbook, use: str) -> None:
    """Neither another entry's tombstone nor one that somebody made up excuses a payload that was taken away."""
    ana, ben = book.person(), book.person()
    erased, kept = book.write(ana), book.write(ben)
    book.integrate()
    book.erase(ana)
    book.integrate()
    copied = {**payload(book, erased), "entry_id": kept, "use": use}
    for sealed in (copied["sealed"], b"\0" * 32, b""):
        change(
            book,
            delete(Payload).where(Payload.entry_id == kept),
            insert(Payload).values({**copied, "sealed": sealed}),
            update(Entry).where(Entry.id == kept).values(subject_id=None, actor=""),
        )
        assert "payload_missing" in kinds(book)


def test_a_name_taken_away_is_noticed(book: Logbook) -> None:
    """Who is no longer named among many was erased by us, or is missed."""
    ana, ben = book.person(), book.person()
    among = book.write_group(ana, ben)
    book.integrate()
    book.erase(ana)
    book.integrate()
    assert book.verify().ok
    mine = EntryMember.entry_id == among, EntryMember.subject_id == ben
    change(book, update(EntryMember).where(*mine).values(subject_id=None))
    assert kinds(book) == {"altered"}


def test_an_erasure_without_a_key_proves_nothing(book: Logbook) -> None:
    """After a restore nothing but columns says what was Ben's: what they say is erased and told as unproven, Ana's tag
    among others stays, and what waits without a MAC of ours is neither given a tombstone nor signed."""
    ana, ben = book.person(), book.person()
    hers, among = book.write(ana), book.write_group(ana, book.person())
    book.integrate()
    book.erase(ben)
    book.integrate()
    mine = EntryMember.entry_id == among, EntryMember.subject_id == ana
    with book.database.read() as session:
        tag = session.scalars(select(EntryMember.tag).where(*mine)).one()
        leaf = session.scalars(select(Entry.leaf).where(Entry.id == hers)).one()
    waiting = book.write(ana)
    forged = msgspec.structs.replace(Envelope.decode(leaf), id="f" * 26, type="consent:record:given")
    row = {"id": forged.id, "at": now(), "type": forged.type, "actor": "crm", "leaf": forged.encode()}
    change(
        book,
        insert(Outbox).values(row),
        insert(Payload).values(entry_id=forged.id, owner_id=ben, use="data", sealed=b"junk"),
        update(Payload).where(Payload.owner_id == ana).values(owner_id=ben),
        update(EntryMember).where(*mine).values(subject_id=ben),
    )
    with book.database.write() as session:
        assert book.log.erase_payloads(session, Theirs(ben, None, believed=True), actor="worker") == 2
    book.integrate()
    assert [payload(book, i)["use"] for i in (hers, waiting, forged.id)] == [UNPROVEN, UNPROVEN, "data"]
    report = book.verify()
    assert (report.unproven, report.erased, report.lost) == (3, 0, 0)
    assert [f.kind for f in report.findings] == ["altered"]
    assert "no entry of this service" in report.findings[0].detail
    change(book, delete(Outbox), delete(Payload).where(Payload.entry_id == forged.id))
    assert book.verify().ok
    with book.database.read() as session:
        kept = session.scalars(select(EntryMember.tag).where(EntryMember.entry_id == among)).all()
    assert any(row.startswith(tag) and row != tag for row in kept)
    change(book, update(EntryMember).where(EntryMember.entry_id == among).values(version=9))
    assert "altered" in kinds(book)


def test_a_tombstone_without_a_key_is_no_mac(book: Logbook) -> None:
    """An entry that waited, was erased again by what columns said, and then lost its MAC: nobody knows it any more."""
    ben = book.person()
    entry_id = book.write(ben)
    with book.database.write() as session:
        book.log.erase_payloads(session, Theirs(ben, None, believed=True), actor="worker")
    change(book, update(Outbox).where(Outbox.id == entry_id).values(mac=None))
    assert book.integrate() == 1
    with book.database.read() as session:
        assert book.log.backlog(session).refused == 1


def test_a_forged_entry_that_waits_is_noticed(book: Logbook) -> None:
    """An entry written past the service, also under the id of one that was erased, has no payload of ours."""
    ana = book.person()
    erased = book.write(ana)
    book.integrate()
    book.erase(ana)
    book.integrate()
    with book.database.read() as session:
        entry = session.scalars(select(Entry).where(Entry.id == erased)).one()
        forged = msgspec.structs.replace(Envelope.decode(entry.leaf), type="rights:request:completed")
    row = {"id": "forged", "at": entry.at, "type": forged.type, "actor": "crm", "subject_id": None}
    leaf = msgspec.structs.replace(forged, id="forged").encode()
    stone = {**payload(book, erased), "entry_id": "forged"}
    change(book, insert(Outbox).values({**row, "leaf": leaf}), insert(Payload).values(stone))
    assert kinds(book) == {"altered"}
    assert book.integrate() == 0
    assert kinds(book) == {"altered"}


def test_a_leaf_has_one_form() -> None:
    """A leaf that says more than an envelope, or says it otherwise, is none; nor is a short salt one."""
    envelope = Envelope(id="1", type="a:b:c", time="t", org="o", actor="a", subject=None, commit="c", size=256)
    leaf = envelope.encode()
    assert Envelope.decode(leaf) == envelope
    for other in (leaf[:-1] + b',"note":"Ana"}', leaf.replace(b":", b": ", 1), leaf.replace(b'"v":1', b'"v":1.0')):
        with pytest.raises(msgspec.MsgspecError):
            Envelope.decode(other)
    with pytest.raises(ValueError, match="salt"):
        Sealable.from_json({"salt": "AAAA", "payload": {}})


@pytest.mark.parametrize("how", ["another's", "junk", "nothing", "text"])
@pytest.mark.parametrize("waits", [False, True])
def test_a_payload_swapped_in_is_not_erased(book: Logbook, how: str, *, waits: bool) -> None:
    """It stays, and no tombstone says that an erasure took what had been there; the person's name goes all the same,
    and the entry of the erasure says how many there were."""
    if how == "text" and book.database.engine.dialect.name != "sqlite":
        pytest.skip("the others refuse it themselves")
    ana = book.person()
    swapped, kept = book.write(ana), book.write(ana)
    if not waits:
        book.integrate()
    put = {"another's": payload(book, kept)["sealed"], "junk": b"\0" * 300, "nothing": b"", "text": b"?"}[how]
    change(book, update(Payload).where(Payload.entry_id == swapped).values(sealed=put))
    if how == "text":
        change(book, text("UPDATE audit_payloads SET sealed = 'abc' WHERE sealed = x'3f'"))
    assert book.erase(ana) == 1
    book.integrate()
    assert payload(book, kept)["use"] == ERASED
    with book.database.read() as session:
        assert session.scalar(select(Payload.use).where(Payload.entry_id == swapped)) == "data"
        assert set(session.scalars(select(Entry.subject_id))) == {None}
    said = next(v for v in book.search() if v.type == EventType.PAYLOADS_ERASED)
    assert said.payload == {"entries": 1, "members": 0, "altered": 1}
    assert [(f.kind, f.index) for f in book.verify().findings] == [("payload_missing", 0)]
