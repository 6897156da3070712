"""A new signing key takes over: nothing that was signed loses its worth, and nobody else can bring a key in."""

import os
import shutil
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, select, update

from privacy_svc.auditlog import (
    EventType,
    Log,
    LogInconsistent,
    NoteError,
    Signer,
    Verifier,
    checkpoint_file,
    open_checkpoint,
    rotating,
    verify_handover,
    verify_json,
    verify_proof,
)
from privacy_svc.auditlog.keyfiles import HANDOVERS, PREVIOUS, SECOND, KeyFolder, handover_document, verifier_of
from privacy_svc.auditlog.model import Entry, SignedCheckpoint
from privacy_svc.auditlog.signed_json import canonical
from privacy_svc.db import Database
from privacy_svc.errors import KeyUnavailable
from tests.auditlog.conftest import Logbook
from tests.factories import check_log, make_log, make_vault
from tests.killing import killed_before_commit

NAME = "test.example/log"
DIED = 17


def rotate(book: Logbook) -> tuple[Verifier, Verifier]:
    old = book.verifier
    book.log.rotate_key(book.database, actor="test", reason="yearly")
    assert book.verifier != old
    return old, book.verifier


def kinds(book: Logbook, known: str | None = None) -> set[str]:
    return {f.kind for f in book.verify(known).findings}


def test_what_the_old_key_signed_stays_valid(book: Logbook) -> None:
    """By the old public key, for as long as it was in force; the first checkpoint after it is signed by both, the next
    by the new one alone, and the log verifies with all of them."""
    book.fill(3)
    kept, proof, document = book.checkpoint(), book.proof(1), book.log.signer.sign_json({"a": 1})
    signature = book.log.signer.sign(b"for-a-link\0x")
    old, new = rotate(book)
    both = book.checkpoint()
    assert open_checkpoint(both, old) == open_checkpoint(both, new)
    assert open_checkpoint(kept, old).size == 3
    assert verify_proof(proof, old)[0] == 1
    verify_json(document, old.vkey)
    book.log.signer.verify(signature, b"for-a-link\0x")
    book.fill(1)
    assert open_checkpoint(book.checkpoint(), new).size == 5
    assert verify_proof(book.proof(1), new)[0] == 1
    for note, other in ((kept, new), (book.checkpoint(), old)):
        with pytest.raises(NoteError):
            open_checkpoint(note, other)
    assert [book.verify(note).findings for note in (kept, both, None)] == [(), (), ()]
    (entry,) = book.search(type=EventType.LOG_KEY_ROTATED.value)
    assert entry.payload == {"old": old.vkey, "new": new.vkey, "after": 3, "reason": "yearly"}


def test_who_trusts_the_old_key_follows_to_the_new(book: Logbook) -> None:
    """Over two changes, by handovers that both keys of each signed; a changed one leads nowhere."""
    book.fill(1)
    first, second = rotate(book)
    third = rotate(book)[1]
    trusted = first
    for document in book.log.signer.handover_documents():
        trusted = verify_handover(document, trusted.vkey).new
        with pytest.raises(NoteError):
            verify_handover(document | {"handover": document["handover"] | {"after": 99}}, first.vkey)
    assert (trusted, [h.old for h in book.log.signer.handovers]) == (third, [first, second])
    check_log(book.database, book.log)


def test_a_running_process_signs_with_the_new_key_at_once(book: Logbook, tmp_path: Path) -> None:
    """One that had opened the old key before: its next checkpoint and its next receipt are the new key's."""
    running = make_log(tmp_path, book.vault)
    assert running.signer.verifier == book.verifier
    new = rotate(book)[1]
    assert running.signer.sign_json({})["signature"]["key"] == new.vkey
    book.write()
    assert running.integrate(book.database) == 1
    assert open_checkpoint(book.checkpoint(), new).size == 2
    check_log(book.database, running)


@pytest.mark.parametrize("published", [False, True])
def test_a_copy_of_the_old_keys_signs_nothing(book: Logbook, tmp_path: Path, *, published: bool) -> None:
    """On another machine, whose key folder was not brought up to date: refused, before and after the change is in the
    tree."""
    book.fill(2)
    shutil.copytree(tmp_path / "signing", tmp_path / "copy")
    stale = Log(book.vault, Signer.load(tmp_path / "copy", NAME), book.log.export)
    if published:
        rotate(book)
    else:
        with book.database.write() as session:
            book.log.signer.rotate()
            book.log.signer.hand_over(2)
            book.log.append(session, EventType.LOG_KEY_ROTATED, actor="test", payload={})
    book.write()
    before = book.checkpoint()
    with pytest.raises(LogInconsistent, match="newest key folder"):
        stale.integrate(book.database)
    assert book.checkpoint() == before
    check_log(book.database, book.log)


STEPS: dict[str, tuple[object, str]] = {
    "before anything": (KeyFolder, "rotate"),
    "before the old key is kept": (os, "link"),
    "before the new key is in force": (Path, "replace"),
    "before the handover": (KeyFolder, "append"),
    "before the first checkpoint": (checkpoint_file, "append"),
    "before the old key is deleted": (KeyFolder, "forget_previous"),
}


def _rotate_and_die(where: str, url: str, folder: Path) -> None:
    def die(*_: Any, **__: Any) -> None:
        os._exit(DIED)

    log = make_log(folder, make_vault(folder))
    owner, name = STEPS[where]
    setattr(owner, name, die)
    log.rotate_key(Database(url), actor="test", reason="yearly")


def survives(book: Logbook, folder: Path, first: Verifier) -> None:
    """As it was left, after normal work went on, and after one more change: whole, and led to by the first key."""
    assert book.verify().findings == ()
    book.fill(2)
    check_log(book.database, book.log)
    assert not (folder / "signing" / PREVIOUS).exists() or not book.log.signer.rotating
    before = len(book.log.signer.handovers)
    assert len(book.search(type=EventType.LOG_KEY_ROTATED.value)) == before
    rotate(book)
    assert (book.log.signer.handovers[0].old, len(book.log.signer.handovers)) == (first, before + 1)
    assert not (folder / "signing" / PREVIOUS).exists()
    check_log(book.database, book.log)


def in_a_process(book: Logbook, work: Callable[..., None], *arguments: Any) -> int | None:
    url = book.database.engine.url.render_as_string(hide_password=False)
    book.database.engine.dispose()
    process = get_context("fork").Process(target=work, args=(*arguments[:1], url, *arguments[1:]))
    process.start()
    process.join(60)
    return process.exitcode


@pytest.mark.parametrize("where", STEPS)
def test_a_death_at_any_step_is_repaired_by_the_next(book: Logbook, tmp_path: Path, where: str) -> None:
    """No special recovery: the next call finds what is missing and does it."""
    book.fill(2)
    first = book.verifier
    assert in_a_process(book, _rotate_and_die, where, tmp_path) == DIED
    survives(book, tmp_path, first)


def test_a_death_before_any_commit_is_repaired_by_the_next(book: Logbook, tmp_path: Path) -> None:
    """Killed before each commit of a rotation."""
    book.fill(2)
    first, url = book.verifier, book.database.engine.url.render_as_string(hide_password=False)

    def work() -> None:
        make_log(tmp_path, make_vault(tmp_path)).rotate_key(Database(url), actor="test", reason="yearly")

    number = 1
    book.database.engine.dispose()
    while killed_before_commit(number, work):
        survives(book, tmp_path, first)
        book.database.engine.dispose()
        number += 1
    assert number > 3


def test_nobody_else_brings_a_key_in(book: Logbook, tmp_path: Path) -> None:
    """Neither with the database, nor with what lies beside it, nor with a key that has no successor's signature."""
    book.fill(2)
    evil = Ed25519PrivateKey.generate()
    mine = verifier_of(NAME, evil)
    leaked = Ed25519PrivateKey.from_private_bytes((tmp_path / "signing" / "signing.key").read_bytes())
    rotate(book)
    book.fill(1)
    file = tmp_path / "signing" / HANDOVERS
    passed_off = handover_document(evil, leaked, NAME, 3)
    documents = [
        handover_document(leaked, evil, NAME, 3),
        handover_document(evil, leaked, NAME, 3),
        passed_off | {"handover": passed_off["handover"] | {"new": book.verifier.vkey}},
        passed_off | {"signature": passed_off["signature"] | {"key": book.verifier.vkey}},
    ]
    with file.open("ab") as handovers:
        handovers.write(b"".join(canonical(d) + b"\n" for d in documents) + b'{"cut off')
    assert mine not in {h.old for h in book.log.signer.handovers} | {book.verifier}
    assert book.verify().ok
    with book.database.read() as session:
        note = session.scalars(select(SignedCheckpoint.note).order_by(SignedCheckpoint.size.desc())).first() or ""
    text = note.rpartition("\n\n")[0] + "\n"
    for key in (evil, leaked):  # also the old key, beyond where it was in force
        (tmp_path / "theirs").mkdir(exist_ok=True)
        (tmp_path / "theirs" / "signing.key").unlink(missing_ok=True)
        (tmp_path / "theirs" / "signing.key").write_bytes(key.private_bytes_raw())
        (tmp_path / "theirs" / "signing.key").chmod(0o600)
        forged = Signer.load(tmp_path / "theirs", NAME).sign_note(text)
        assert kinds(book, forged) == {"unsigned"}
        with book.database.write() as session:
            session.execute(update(SignedCheckpoint).where(SignedCheckpoint.size == 4).values(note=forged))
        book.write()
        with pytest.raises(LogInconsistent):
            book.integrate()
        assert "unsigned" in kinds(book)
        with book.database.write() as session:
            session.execute(update(SignedCheckpoint).where(SignedCheckpoint.size == 4).values(note=note))
    check_log(book.database, book.log)


def test_a_change_that_is_hidden_is_found(book: Logbook, tmp_path: Path) -> None:
    """The entry, the handovers, or the old key's signature taken away."""
    book.fill(2)
    old, new = rotate(book)
    book.fill(1)
    with book.database.write() as session:
        row = session.execute(select(Entry.__table__).where(Entry.type == EventType.LOG_KEY_ROTATED)).mappings().one()
        session.execute(delete(Entry).where(Entry.index == row["index"]))
    assert "no entry says" in "".join(f.detail for f in book.verify().findings)
    with book.database.write() as session:
        session.execute(Entry.__table__.insert(), [dict(row)])
    handovers = tmp_path / "signing" / HANDOVERS
    kept = handovers.read_bytes()
    handovers.unlink()
    assert "unsigned" in kinds(book)
    handovers.write_bytes(kept)
    with book.database.write() as session:
        note = session.get_one(SignedCheckpoint, 3)
        lines, by_old = note.note, f"— {old.name} "
        note.note = "".join(x for x in lines.splitlines(keepends=True) if not x.startswith(by_old) or _by(new, x))
    assert "unsigned" in kinds(book)
    with book.database.write() as session:
        session.get_one(SignedCheckpoint, 3).note = lines
    check_log(book.database, book.log)


def test_a_later_change_does_not_excuse_a_hidden_one(book: Logbook) -> None:
    """Of two rotations the first one's entry is taken away: the second one's tells of its own key alone."""
    book.fill(2)
    first = rotate(book)[1]
    rotate(book)
    assert book.verify().ok
    with book.database.write() as session:
        session.execute(delete(Entry).where(Entry.index == 2))
    assert f"no entry says that the key {first.vkey} took over" in {f.detail for f in book.verify().findings}


def _by(key: Verifier, line: str) -> bool:
    import base64

    return base64.b64decode(line.split(" ")[2])[:4] == key.id


@pytest.mark.parametrize("name", [PREVIOUS, SECOND])
def test_a_key_that_cannot_be_read_is_not_taken_for_none(book: Logbook, tmp_path: Path, name: str) -> None:
    """Only where no file is there, no rotation runs and no second key signs."""
    (tmp_path / "signing" / name).mkdir()
    with pytest.raises(KeyUnavailable, match=name):
        Signer.load(tmp_path / "signing", NAME)
    with pytest.raises(KeyUnavailable, match=name):
        _ = book.log.signer.rotating


def test_the_next_rotations_key_is_not_deleted(book: Logbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a process is about to delete the former key, another has done so and begun the next rotation."""
    book.fill(2)
    with monkeypatch.context() as died:
        died.setattr(KeyFolder, "forget_previous", lambda _: None)
        first = rotate(book)[0]
    other, write, meanwhile = make_log(tmp_path, book.vault), Database.write, [True]

    def later(database: Database) -> Any:
        if meanwhile:
            meanwhile.pop()
            other.signer.forget_previous()
            with write(database) as session:
                other.signer.rotate()
                rotating.hand_over(other, session, "test", "again")
        return write(database)

    monkeypatch.setattr(Database, "write", later)
    rotating.finish(book.log, book.database)
    assert not meanwhile
    assert (tmp_path / "signing" / PREVIOUS).exists()
    survives(book, tmp_path, first)


def test_a_backup_from_before_is_replayed(book: Logbook) -> None:
    """The keys are not in it: the log takes back the change with what was signed since."""
    book.fill(2)
    backup = book.back_up()
    rotate(book)
    book.fill(2)
    book.restore(backup)
    book.relearn()
    check_log(book.database, book.log)
    assert book.verify().checkpoints > 4


def test_a_log_put_back_with_its_record_is_told(book: Logbook, tmp_path: Path) -> None:
    """Database and record are of before the key changed, the keys are the newest: nothing is signed that nobody could
    open, and the log goes on when the newest record is back; or when a person says so, unsigned up to the change."""
    book.fill(3)
    backup = book.back_up()
    before, after = tmp_path / "before", tmp_path / "after"
    copy_record(book, before)
    book.fill(2)
    book.log.rotate_key(book.database, actor="x", reason="y")
    book.fill(1)
    copy_record(book, after)
    book.restore(backup)
    bring_record(book, before)
    book.write()
    for _ in range(2):
        with pytest.raises(LogInconsistent, match="took over after 5 entries, and the log has 4"):
            book.integrate()
    with book.database.read() as session:
        assert session.scalars(select(SignedCheckpoint.size)).all() == [1, 2, 3]
    whole = book.back_up()
    bring_record(book, after)
    book.relearn()
    check_log(book.database, book.log)
    book.restore(whole)
    bring_record(book, before)
    book.log.resume(book.database, "no newer one is there", actor="cli")
    assert [book.integrate(), book.integrate()] == [2, 0]
    assert book.verify().ok
    book.fill(1)
    check_log(book.database, book.log)
    with book.database.read() as session:
        assert session.scalars(select(SignedCheckpoint.size)).all() == [1, 2, 3, 6]


def copy_record(book: Logbook, to: Path) -> None:
    to.mkdir()
    shutil.copy(book.log.export, to / "checkpoints")
    shutil.copytree(book.log.mirror.folder, to / "entries")


def bring_record(book: Logbook, of: Path) -> None:
    shutil.copy(of / "checkpoints", book.log.export)
    shutil.rmtree(book.log.mirror.folder)
    shutil.copytree(of / "entries", book.log.mirror.folder)
