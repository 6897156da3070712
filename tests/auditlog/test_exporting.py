"""A range of the log handed out: every line proves itself, and nobody gets more than they may read."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from privacy_svc.auditlog import EventType, NoteError, ProofError, Wanted, exporting, rotating, tree_row, verify_export
from privacy_svc.auditlog.exporting import ended
from privacy_svc.auditlog.model import Entry, EntryMember
from privacy_svc.errors import Conflict, NotFound
from tests.auditlog.conftest import Logbook


@pytest.fixture
def lines(book: Logbook) -> list[str]:
    """Of two people, a group, nobody, and of somebody who was erased since."""
    ana, ben, carla = (book.person() for _ in range(3))
    for subject_id in (ana, ben, None, carla):
        book.write(subject_id)
    book.write_group(ana, ben)
    book.integrate()
    book.erase(carla)
    book.integrate()
    return list(book.log.export_entries(book.database))


def test_every_line_proves_itself(book: Logbook, lines: list[str]) -> None:
    """All entries are proven by the checkpoint of the first line; the erased person's has no payload."""
    done = verify_export(iter(lines), book.log.signer.vkey)
    assert (done.entries, done.payloads) == (6, 5)
    assert [json.loads(line)["index"] for line in lines[1:-1]] == list(range(6))


def test_a_changed_line_is_found(book: Logbook, lines: list[str]) -> None:
    """Another leaf, place, path, payload, salt or checkpoint does not check out."""
    for number, line in enumerate(lines):
        for name, value in json.loads(line).items():
            if value is None or name in {"key", "log", "about_people", "version"}:
                continue
            changed = {**json.loads(line), name: _changed(value)}
            some = [*lines[:number], json.dumps(changed), *lines[number + 1 :]]
            with pytest.raises((NoteError, ProofError)):
                verify_export(iter(some), book.log.signer.vkey)


def _changed(value: object) -> object:
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return value[1:]
    if isinstance(value, dict):
        return {**value, "more": 1}
    assert isinstance(value, str)
    return value.replace("2026", "2025") if "2026" in value else "A" * 43 + "="


def test_without_people(book: Logbook, lines: list[str]) -> None:
    """An auditor's export proves the same entries and says nothing about anybody."""
    closed = list(book.log.export_entries(book.database, about_people=False))
    done = verify_export(iter(closed), book.log.signer.vkey)
    assert (done.entries, done.payloads) == (6, 3)
    assert [json.loads(a)["leaf"] for a in closed[1:-1]] == [json.loads(a)["leaf"] for a in lines[1:-1]]


def test_narrowed(book: Logbook, lines: list[str]) -> None:
    """By type; a type of which there is none gives the first and the last line alone. By person, groups included."""
    assert len(lines) == 8
    some = list(book.log.export_entries(book.database, Wanted(type="auditlog:payload")))
    assert verify_export(iter(some), book.log.signer.vkey).entries == 1
    assert len(list(book.log.export_entries(book.database, Wanted(type="gateway:record:write")))) == 2


def test_an_empty_log(book: Logbook) -> None:
    """Says so."""
    with pytest.raises(NotFound):
        next(book.log.export_entries(book.database))


def test_a_persons_share_is_complete(book: Logbook) -> None:
    """It proves itself, says nothing of what was written, and its tags lead to exactly its entries among all leaves."""
    ana, ben = book.person(), book.person()
    for subject_id in (ana, ben, None, ana):
        book.write(subject_id)
    book.write(ana, evidence=True)
    book.write_group(ben, ana)
    book.write_group(ben, book.person())
    book.integrate()
    with book.database.read() as session:
        told = list(book.log.share(session, ana))
        leaves = [json.loads(e.leaf) for e in session.query(Entry).order_by(Entry.index)]
        groups = {m.entry_id: m.tag for m in session.query(EntryMember).where(EntryMember.subject_id == ana)}
    done = verify_export(iter(told), book.log.signer.vkey)
    assert (done.entries, done.payloads) == (4, 0)
    tags = {tag for some in json.loads(told[0])["tags"].values() for tag in some}
    alone = {n for n, leaf in enumerate(leaves) if leaf["subject"] in tags}
    among = {n for n, leaf in enumerate(leaves) if leaf["id"] in groups}
    entries = [json.loads(entry) for entry in told[1:-1]]
    assert {e["index"] for e in entries} == alone | among
    (member,) = [e["member"] for e in entries if "member" in e]
    assert base64.urlsafe_b64encode(base64.b64decode(member["tag"])).decode().rstrip("=") in tags
    entries[-1]["member"]["group"] += 1
    with pytest.raises(ProofError):
        verify_export(iter([told[0], json.dumps(entries[-1])]), book.log.signer.vkey)


def test_nothing_is_cut_off_doubled_or_put_in(book: Logbook, lines: list[str]) -> None:
    """An export that lacks any line, has one twice, in another order, or something behind its end, does not hold."""
    for n in range(len(lines)):
        without, twice = lines[:n] + lines[n + 1 :], [*lines[: n + 1], lines[n], *lines[n + 1 :]]
        for some in (without, twice, lines[:n]):
            with pytest.raises((NoteError, ProofError)):
                verify_export(iter(some), book.log.signer.vkey)
    for some in ([lines[0], *lines[1:-1][::-1], lines[-1]], [*lines, lines[1]], [*lines, ""]):
        with pytest.raises((NoteError, ProofError)):
            verify_export(iter(some), book.log.signer.vkey)


def test_a_share_of_months_that_never_came(book: Logbook) -> None:
    """Entries that were written by a wrong clock are in the person's share, with their tags of those months."""
    ana, ben = book.person(), book.person()
    for year in (2036, 1990):
        with time_machine.travel(datetime(year, 1, 1, tzinfo=UTC), tick=False):
            book.write(ana)
            book.write(ana, evidence=True)
            book.write_group(ana, ben)
    book.integrate()
    with book.database.read() as session:
        told = list(book.log.share(session, ana))
    assert verify_export(iter(told), book.log.signer.vkey).entries == 6


def test_a_share_with_anothers_entry_or_tags(book: Logbook) -> None:
    """Even signed by us, a share that lists an entry about somebody else, or other tags, does not hold."""
    ana, ben = book.person(), book.person()
    for subject_id in (ana, ben):
        book.write(subject_id)
    book.integrate()
    with book.database.read() as session:
        hers, his = (list(book.log.share(session, p)) for p in (ana, ben))
    verify_export(iter(hers), book.log.signer.vkey)
    for body in ([hers[0], *his[1:-1]], [his[0], *hers[1:-1]]):
        with pytest.raises(ProofError, match="somebody else"):
            verify_export(ended(book.log.signer, body), book.log.signer.vkey)


def test_one_reading_of_a_line(book: Logbook, lines: list[str]) -> None:
    """A name that stands twice in a line is refused, although its last reading would hold."""
    doubled = lines[1].replace('{"index":0', '{"index":7,"index":0')
    assert json.loads(doubled) == json.loads(lines[1])
    with pytest.raises(NoteError, match="twice"):
        verify_export(iter([lines[0], doubled, *lines[2:]]), book.log.signer.vkey)


def test_the_first_line_says_what_was_chosen(book: Logbook) -> None:
    """Where the log begins, and by what the entries were chosen; of a person only that it was one."""
    ana = book.person()
    book.write(ana)
    book.integrate()
    at = datetime(2026, 1, 1, 1, tzinfo=UTC)
    asked: list[tuple[Wanted, dict[str, Any]]] = [
        (Wanted(), {}),
        (Wanted(type="gateway", actor="crm"), {"type": "gateway", "actor": "crm"}),
        (
            Wanted(ana, since=at, until=at + timedelta(days=999)),
            {"customer": True, "from": "2026-01-01T01:00:00.000000Z"},
        ),
    ]
    for wanted, expected in asked:
        told = list(book.log.export_entries(book.database, wanted))
        done = verify_export(iter(told), book.log.signer.vkey)
        assert (done.first, done.entries) == (0, 1)
        assert expected.items() <= done.filters.items()
        assert ana not in told[0]


def test_entries_are_what_the_first_line_says(book: Logbook, lines: list[str]) -> None:
    """Even signed by us, an export does not hold that says nothing was chosen and lacks an entry at an end or in the
    middle, or that lists an entry of another type or time than it says."""
    signer, (head, *body) = book.log.signer, lines[:-1]
    for n in range(len(body)):
        with pytest.raises(ProofError, match="some are missing"):
            verify_export(ended(signer, [head, *body[:n], *body[n + 1 :]]), signer.vkey)
    at = json.loads(json.loads(body[2])["leaf"])["time"]
    wrong: dict[str, tuple[dict[str, Any], list[str]]] = {
        "type": ({"type": "consent"}, body),
        "older": ({"from": at}, body),
        "newer": ({"to": at}, body),
    }
    for why, (said, entries) in wrong.items():
        with pytest.raises(ProofError, match=why):
            verify_export(ended(signer, [json.dumps({**json.loads(head), "filters": said}), *entries]), signer.vkey)
    said = {"type": "gateway", "from": at}
    some = [json.dumps({**json.loads(head), "filters": said}), *body[2:5]]
    assert verify_export(ended(signer, some), signer.vkey).filters == said
    for line, at, value in ((0, "first", "Infinity"), (2, "index", "1e400")):
        told = [head, *body]
        told[line] = json.dumps({**json.loads(told[line]), at: None}).replace(f'"{at}": null', f'"{at}": {value}')
        with pytest.raises(NoteError, match=f"line {line + 1} is no line of an export"):
            verify_export(ended(signer, told), signer.vkey)
    for name in ("first", "filters"):
        less = {n: v for n, v in json.loads(head).items() if n != name}
        with pytest.raises(NoteError):
            verify_export(ended(signer, [json.dumps(less), *body]), signer.vkey)


def test_pruned_meanwhile(book: Logbook, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is pruned behind an export's place changes nothing; where it passes it, the export says so, unsigned."""
    monkeypatch.setattr(exporting, "PAGE", 100)
    old = datetime(2020, 1, 1, tzinfo=UTC)
    with time_machine.travel(old, tick=False), book.database.write() as session:
        for number in range(700):
            book.log.append(session, EventType.POLICY_LOADED, actor="x", payload={"n": number})
    book.integrate()
    at_first, later = (book.log.export_entries(book.database) for _ in range(2))
    [next(at_first) for _ in range(101)]
    begun = [next(later) for _ in range(601)]
    assert book.log.prune(book.database, old + timedelta(days=1), actor="test") == 512
    with pytest.raises(Conflict, match="Entries 100 to 511 were pruned"):
        list(at_first)
    assert verify_export(iter([*begun, *later]), book.log.signer.vkey).entries == 700
    done = verify_export(book.log.export_entries(book.database), book.log.signer.vkey)
    assert (done.first, done.entries) == (512, 189)


def test_a_key_that_takes_over_meanwhile(book: Logbook) -> None:
    """An export, or a person's share, holds by the key that began it; one that begins while another key takes over, by
    the one its checkpoint is of."""
    ana = book.person()
    book.write(ana)
    book.integrate()
    old, running = book.log.signer.vkey, book.log.export_entries(book.database)
    head = next(running)
    with book.database.read() as session:
        share = book.log.share(session, ana)
        begun = next(share)
        book.log.rotate_key(book.database, actor="test", reason="")
        shared = [begun, *share]
    assert book.log.signer.vkey != old
    assert verify_export(iter([head, *running]), old).entries == verify_export(iter(shared), old).entries == 1
    between = book.log.signer.vkey
    with book.database.write() as session:
        tree_row.locked(session)
        book.log.signer.rotate()
        rotating.hand_over(book.log, session, "test", "")
    assert book.log.signer.vkey != between
    assert verify_export(book.log.export_entries(book.database), between).entries == 2
