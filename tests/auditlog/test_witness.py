"""A witness over HTTP: what it cosigns, what it refuses, and what a log put back into the past hears from it."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from sqlalchemy import text, update

from privacy_svc.auditlog import (
    EventType,
    LogInconsistent,
    NoteError,
    Signer,
    Verifier,
    Witness,
    WitnessAway,
    checkpoint_file,
    open_checkpoint,
    tree_row,
    verify_proof,
)
from privacy_svc.auditlog.checkpoint import Checkpoint
from privacy_svc.auditlog.merkle import consistency_proof
from privacy_svc.auditlog.model import Cosignature, Tree
from privacy_svc.auditlog.signed_note import COSIGNATURE, ED25519, unbase64
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.errors import Conflict, Misconfigured
from tests.auditlog.conftest import Logbook
from tests.auditlog.test_pruning import CUT, old_entries
from tests.factories import check_log
from tests.witness_server import WitnessServer, serving

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def server(book: Logbook) -> Iterator[WitnessServer]:
    witness = WitnessServer(book.verifier)
    with serving(witness) as url:
        book.log.witness = Witness.of(url, witness.verifier.vkey, book.log.signer.name)
        yield witness


def test_checkpoints_are_cosigned(book: Logbook, server: WitnessServer) -> None:
    """Each newest checkpoint once, with the proof that the log grew; the published one bears the witness's line."""
    assert book.log.ask_witness(book.database) is None
    book.fill(3)
    assert book.log.ask_witness(book.database) == 3
    assert book.log.ask_witness(book.database) is None
    book.fill(5)
    assert book.log.ask_witness(book.database) == 8
    assert (server.size, server.asked) == (8, 2)
    note = book.checkpoint()
    assert server.verifier.open(note) == book.verifier.open(note)
    assert book.verify().ok


def test_a_witness_that_saw_more_is_believed(book: Logbook, server: WitnessServer) -> None:
    """What we know of it is lost: it says where it stands, and is asked again with that."""
    book.fill(3)
    book.log.ask_witness(book.database)
    with book.database.write() as session:
        session.execute(text("DELETE FROM audit_cosignatures"))
    book.fill(2)
    assert book.log.ask_witness(book.database) == 5
    assert server.asked == 3


@pytest.mark.parametrize("size", [2**40, 2, 3, 4])
def test_a_made_up_line_turns_the_witness_off_nowhere(book: Logbook, server: WitnessServer, size: int) -> None:
    """Somebody puts rows beside checkpoints in the witness's name: it goes on from what it did sign, and is asked."""
    book.fill(2)
    book.log.ask_witness(book.database)
    book.fill(2)
    with book.database.write() as session:
        for at in {size, 3}:
            session.merge(Cosignature(size=at, witness=server.verifier.name, lines="— w x\n"))
    assert book.log.ask_witness(book.database) == 4
    assert (server.size, server.asked) == (4, 2 + (size == 2))
    assert book.log.ask_witness(book.database) is None


def test_a_log_put_back_is_found(book: Logbook, server: WitnessServer) -> None:
    """The witness has seen more than there is here, or something else: an alarm, not another try."""
    book.fill(3)
    book.log.ask_witness(book.database)
    server.size = 50
    book.fill(1)
    with pytest.raises(LogInconsistent, match="has seen 50 entries of this log, 4 are here"):
        book.log.ask_witness(book.database)
    server.size, server.root = 3, bytes(32)
    with pytest.raises(LogInconsistent, match="another log under this name: it answers 422"):
        book.log.ask_witness(book.database)


def test_another_worker_is_no_other_log(book: Logbook, server: WitnessServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A larger checkpoint was cosigned between our look at the database and our request: we go on with that one."""
    book.fill(2)
    ask, meanwhile = Witness.add_checkpoint, [1, 1]

    def later(witness: Witness, old: int, proof: list[bytes], note: str) -> Any:
        if meanwhile:
            book.fill(meanwhile.pop())
            ask(witness, server.size, consistency(book, server.size), book.checkpoint().partition("\n\n— w")[0])
        return ask(witness, old, proof, note)

    monkeypatch.setattr(Witness, "add_checkpoint", later)
    assert book.log.ask_witness(book.database) == 4
    assert book.verify().ok
    assert halted(book) is None


def consistency(book: Logbook, old: int) -> list[bytes]:
    with book.database.read() as session:
        return consistency_proof(old, session.get_one(Tree, 1).size, Tiles(session).node) if old else []


def halted(book: Logbook) -> str | None:
    with book.database.read() as session:
        return book.log.halted(session)


def test_a_log_that_a_witness_contradicts_is_halted(book: Logbook, server: WitnessServer) -> None:
    """Nothing enters the tree or is signed, whoever tries, until a person has looked; both are entries."""
    book.fill(2)
    server.size = 50
    for _ in range(2):
        with pytest.raises(LogInconsistent, match="has seen 50"):
            book.log.ask_witness(book.database)
    book.write()
    before = book.log.export.read_bytes()
    with pytest.raises(LogInconsistent, match="has seen 50"):
        book.integrate()
    assert book.log.export.read_bytes() == before
    assert "has seen 50" in str(halted(book))
    book.log.resume(book.database, "the witness lost its state", actor="cli")
    assert book.integrate() == 3
    assert [v.type for v in book.search(type="auditlog:tree")] == [EventType.LOG_RESUMED, EventType.LOG_HALTED]
    assert book.verify().ok
    with pytest.raises(Conflict):
        book.log.resume(book.database, "again", actor="cli")


def test_what_is_found_while_it_is_halted_is_told_too(book: Logbook) -> None:
    """The first reason is not the only one that a person must look into, and none is told twice. The entries say the
    same, before and after a person has looked; what was halted for before that is over."""
    book.fill(2)
    for reasons in (["Of old."], ["One.", "Two.", "One."]):
        for why in reasons:
            halt(book, why)
        assert halted(book) == " ".join(dict.fromkeys(reasons))
        assert book.verify().findings == ()
        book.log.resume(book.database, "looked", actor="cli")
        check_log(book.database, book.log)


def halt(book: Logbook, why: str) -> None:
    """As `Log.ask_witness` does."""
    with book.database.write() as session:
        if tree_row.halt(session, why):
            book.log.append(session, EventType.LOG_HALTED, actor="witness", payload={"why": why})


def test_a_halt_is_over_whatever_the_clock_says(book: Logbook) -> None:
    """Halted by a clock that was ahead, let go on after it was put right: later is what stands later in the log."""
    book.fill(2)
    with time_machine.travel(NOON, tick=False):
        halt(book, "One.")
    with time_machine.travel(NOON - timedelta(minutes=5), tick=False):
        book.log.resume(book.database, "looked", actor="cli")
    check_log(book.database, book.log)
    with time_machine.travel(NOON - timedelta(minutes=10), tick=False):
        halt(book, "One.")
    assert book.verify().findings == ()
    with book.database.write() as session:
        session.execute(text("UPDATE audit_tree SET halted = NULL"))
    assert [f.kind for f in book.verify().findings] == ["altered"]


def test_what_a_witness_has_not_cosigned_is_not_pruned(book: Logbook, server: WitnessServer) -> None:
    """Its next proof begins where it stands; a witness that has cosigned nothing yet holds nothing up."""
    old_entries(book, 300)
    assert book.log.prunable(book.database, CUT) == 256
    assert book.log.ask_witness(book.database) == 300
    old_entries(book, 500)
    assert book.log.prunable(book.database, CUT) == 256
    assert book.log.prune(book.database, CUT, actor="test") == 256
    assert book.log.ask_witness(book.database) == 801
    assert book.log.prune(book.database, CUT, actor="test") == 512
    assert book.log.ask_witness(book.database) == 802
    assert book.verify().ok


def test_a_witness_that_stands_in_what_was_pruned_is_no_other_log(book: Logbook, server: WitnessServer) -> None:
    """No proof leads from there, which the operator is told; the log goes on."""
    old_entries(book, 300)
    book.log.ask_witness(book.database)
    with book.database.write() as session:
        session.execute(text("DELETE FROM audit_cosignatures"))
    old_entries(book, 500)
    assert book.log.prune(book.database, CUT, actor="test") == 768
    with pytest.raises(WitnessAway, match="has seen 300 entries, and the log was pruned to 768"):
        book.log.ask_witness(book.database)
    assert halted(book) is None


def test_a_log_that_cannot_make_a_proof_is_not_halted_by_its_witness(book: Logbook, server: WitnessServer) -> None:
    """A tile that is gone is for the verification to tell: the witness has said nothing."""
    old_entries(book, 300)
    book.log.ask_witness(book.database)
    book.fill(1)
    with book.database.write() as session:
        session.execute(text("DELETE FROM audit_tiles WHERE level = 0 AND number = 1"))
    with pytest.raises(LogInconsistent, match="no tile 0/1"):
        book.log.ask_witness(book.database)
    assert halted(book) is None


def test_a_409_without_a_size_is_believed_the_second_time(book: Logbook, server: WitnessServer) -> None:
    """Once it may be a slip; twice the witness has seen another root of the same size."""
    book.fill(1)
    server.broken = 409
    with pytest.raises(LogInconsistent, match="409"):
        book.log.ask_witness(book.database)
    assert server.asked > 1


def test_what_a_witness_said_is_kept_outside(book: Logbook, server: WitnessServer) -> None:
    """Who deletes it from the database is found; a backup put back has it again; checkpoints are read as before."""
    book.fill(2)
    backup = book.back_up()
    book.fill(1)
    assert book.log.ask_witness(book.database) == 3
    assert server.verifier.open(
        book.checkpoint().partition("— w")[0] + next(checkpoint_file.cosignatures(book.log.export))[1]
    )
    assert len(list(checkpoint_file.notes(book.log.export))) == 3
    with book.database.write() as session:
        session.execute(text("DELETE FROM audit_cosignatures"))
    assert [f.kind for f in book.verify().findings] == ["missing"]
    book.restore(backup)
    book.relearn()
    assert server.verifier.open(book.checkpoint())
    check_log(book.database, book.log)


@pytest.mark.parametrize("status", [200, 302, 403, 404, 500])
def test_a_witness_that_does_not_cosign(book: Logbook, server: WitnessServer, status: int) -> None:
    """Refused, broken, or an answer without its cosignature: said so, nothing kept, and asked again later."""
    book.fill(1)
    server.broken = status
    with pytest.raises(WitnessAway):
        book.log.ask_witness(book.database)
    server.broken = None
    assert book.log.ask_witness(book.database) == 1


def test_a_witness_that_is_away(book: Logbook, server: WitnessServer) -> None:
    """Nothing listens: the log goes on without it."""
    book.fill(1)
    book.log.witness = Witness.of("http://127.0.0.1:9/w", server.verifier.vkey, book.log.signer.name)
    with pytest.raises(WitnessAway):
        book.log.ask_witness(book.database)
    assert book.verify().ok


def test_a_changed_cosignature_is_found(book: Logbook, server: WitnessServer) -> None:
    """By verification, with the witness's key."""
    book.fill(1)
    book.log.ask_witness(book.database)
    with book.database.write() as session:
        session.execute(update(Cosignature).values(lines=Cosignature.lines + "x"))
    assert {f.kind for f in book.verify().findings} == {"unsigned"}


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://witness.example/w", ""),
        ("https://user@witness.example/w", ""),
        ("https://witness.example/w?x=1", ""),
        ("https://witness.example/w", "nonsense"),
        ("", "witness.test/w1+00000000+AAAA"),
    ],
)
def test_settings_that_do_not_fit(server: WitnessServer, url: str, key: str) -> None:
    """Plain http beyond this machine, credentials in the URL, a key that is none: refused at the start."""
    with pytest.raises(Misconfigured):
        Witness.of(url, key or server.verifier.vkey, "test.example/log")


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [("witness.test/w1", ED25519, "another kind"), ("test.example/log", COSIGNATURE, "own name")],
)
def test_a_key_that_is_no_witnesss_is_refused(book: Logbook, name: str, kind: bytes, said: str) -> None:
    """A log's key, and any by our own name: the log would vouch for itself."""
    vkey = Verifier(name, book.verifier.public, kind).vkey
    with pytest.raises(Misconfigured, match=said):
        Witness.of("https://witness.example/w", vkey, book.log.signer.name)


def test_an_empty_line_among_a_witnesss_signatures_is_refused(
    book: Logbook, server: WitnessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind an empty line begins another note: what is before it would be text."""
    book.fill(1)
    answer = server.add_checkpoint

    def add(body: str) -> tuple[int, str, str]:
        status, kind, lines = answer(body)
        return status, kind, lines + "\n" + lines

    monkeypatch.setattr(server, "add_checkpoint", add)
    with pytest.raises(WitnessAway, match="empty line"):
        book.log.ask_witness(book.database)


@pytest.mark.parametrize(
    "lines",
    ["junk", "— name no-base64!\n", "— test.example/log AAAAAAAA\n", "— other.example AAAAAAAA\n" * 99, "\x01\n\n\n"],
)
def test_junk_beside_a_checkpoint_stops_no_proof(book: Logbook, lines: str) -> None:
    """Whatever somebody writes where witnesses' lines are kept, checkpoint and proofs can still be read."""
    book.fill(2)
    with book.database.write() as session:
        session.add(Cosignature(size=2, witness="other.example", lines=lines))
    assert open_checkpoint(book.checkpoint(), book.verifier).size == 2
    verify_proof(book.proof(1), book.verifier)


def test_only_our_witness_is_served(book: Logbook, server: WitnessServer) -> None:
    """A line under our checkpoint that our witness did not sign is told, whoever it names, and not served: neither
    beside the witness's own nor where no witness is named. What an earlier witness said and was exported stands."""
    book.fill(2)
    book.log.ask_witness(book.database)
    note, forged = book.checkpoint(), "— other.example AAAAAAAA\n"
    assert server.verifier.open(note)
    with book.database.write() as session:
        session.add(Cosignature(size=2, witness="other.example", lines=forged))
        session.execute(update(Cosignature).values(lines=Cosignature.lines + forged))
    assert book.checkpoint() == note
    assert [f.kind for f in book.verify().findings] == ["unsigned"]
    book.log.witness = None
    assert "other.example" not in book.checkpoint()
    assert [f.kind for f in book.verify().findings] == ["unsigned"] * 2
    with book.database.write() as session:
        session.execute(text("DELETE FROM audit_cosignatures WHERE witness = 'other.example'"))
        session.execute(update(Cosignature).values(lines=next(checkpoint_file.cosignatures(book.log.export))[1]))
    assert book.verify().ok
    with book.database.write() as session:
        session.add(Cosignature(size=99, witness="other.example", lines=forged))
    assert [f.kind for f in book.verify().findings] == ["unsigned"]


def test_a_broken_second_signature_is_told(book: Logbook, tmp_path: Path) -> None:
    """The line of ML-DSA-44 is checked too where it stands; notes from before the second key have none."""
    book.fill(1)
    Signer.add_second(tmp_path / "signing")
    book.log.signer = Signer.load(tmp_path / "signing", book.log.signer.name)
    book.fill(1)
    assert book.verify().ok
    note = book.checkpoint()
    line = note.splitlines()[-1]
    broken = note.replace(line, f"{line[:-12]}{'B' if line[-12] != 'B' else 'C'}{line[-11:]}")
    assert "unsigned" in {f.kind for f in book.verify(broken).findings}


def test_the_second_key_signs_too(tmp_path: Path) -> None:
    """With a key of ML-DSA-44 a checkpoint bears two lines; each verifies alone, also over the bytes that the
    specification says."""
    folder = tmp_path / "keys"
    Signer.create(folder, "test.example/log")
    Signer.add_second(folder)
    with pytest.raises(Misconfigured):
        Signer.add_second(folder)
    signer = Signer.load(folder, "test.example/log")
    note = signer.sign_note(str(Checkpoint("test.example/log", 7, bytes(range(32)))))
    assert signer.second is not None
    assert open_checkpoint(note, signer.verifier) == open_checkpoint(note, Verifier.parse(signer.second.vkey))
    raw = _signature(note, signer.second)
    message = b"subtree/v1\n\x00" + b"\x10test.example/log" + raw[4:12] + b"\x10test.example/log" + bytes(8)
    message += (7).to_bytes(8) + bytes(range(32))
    MLDSA44PublicKey.from_public_bytes(signer.second.public).verify(raw[12:], message)
    for changed in (note.replace("\n7\n", "\n8\n"), note.replace("log\n7", "lag\n7")):
        for verifier in (signer.verifier, signer.second):
            with pytest.raises(NoteError):
                open_checkpoint(changed, verifier)


def _signature(note: str, verifier: Verifier) -> bytes:
    found = [unbase64(line.split(" ")[2]) for line in note.split("\n\n")[1].strip().split("\n")]
    return next(raw for raw in found if raw[:4] == verifier.id)


def uncosigned(book: Logbook) -> str:
    """The file of checkpoints, without what witnesses said."""
    return "".join(note + "\n" for note in checkpoint_file.notes(book.log.export))


def test_a_witness_with_a_new_key_leaves_what_it_said(book: Logbook, server: WitnessServer) -> None:
    """It renews its key under its name, or is no more in the settings: what was exported stands."""
    book.fill(2)
    book.log.ask_witness(book.database)
    renewed = WitnessServer(book.verifier)
    book.log.witness = Witness.of("https://witness.example/w", renewed.verifier.vkey, book.log.signer.name)
    check_log(book.database, book.log)
    book.log.witness = None
    check_log(book.database, book.log)


def test_a_witness_that_replaced_its_key_is_told_apart(book: Logbook, server: WitnessServer) -> None:
    """Nothing of the unknown key is kept, and the operator hears what to do. By the new key in the settings it goes on
    from where the witness stands; what the former signed stays, and is still told when it is taken away."""
    assert book.log.witness is not None
    book.fill(2)
    book.log.ask_witness(book.database)
    server.renew_key()
    book.fill(1)
    with pytest.raises(WitnessAway, match=r"another key than `witness_key`.*operator"):
        book.log.ask_witness(book.database)
    assert [size for size, _ in checkpoint_file.cosignatures(book.log.export)] == [2]
    book.log.witness = Witness.of(book.log.witness.url, server.verifier.vkey, book.log.signer.name)
    assert book.log.ask_witness(book.database) == 3
    assert server.verifier.open(book.checkpoint())
    check_log(book.database, book.log)
    with book.database.write() as session:
        session.execute(text("DELETE FROM audit_cosignatures WHERE size = 2"))
    assert [f.kind for f in book.verify().findings] == ["missing"]


def test_what_a_witness_said_is_written_outside_again(book: Logbook, server: WitnessServer) -> None:
    """The record outside was lost, and a person has let the log go on: then nothing that the witness has signed is in
    the database alone; what somebody put there beside it is not taken along."""
    for _ in range(2):
        book.fill(2)
        book.log.ask_witness(book.database)
    with book.database.write() as session:
        session.add(Cosignature(size=3, witness=server.verifier.name, lines="— witness.test/w1 AAAAAAAA\n"))
    said = list(checkpoint_file.cosignatures(book.log.export))
    shutil.rmtree(book.log.mirror.folder)
    book.log.export.unlink()
    book.log.resume(book.database, "the disk was lost", actor="cli")
    assert list(checkpoint_file.cosignatures(book.log.export)) == said
    book.log.witness = None
    assert [f.kind for f in book.verify().findings] == ["unsigned"]


def test_a_line_that_a_crash_kept_inside_is_written_outside(book: Logbook, server: WitnessServer) -> None:
    """A process died after it had kept what the witness said, and before it wrote it down outside: the next that asks
    the witness does so, whether or not the log has grown."""
    book.fill(2)
    book.log.ask_witness(book.database)
    for grown, said in ((0, {2}), (3, {2, 5})):
        book.log.export.write_text(uncosigned(book))
        book.fill(grown)
        book.log.ask_witness(book.database)
        assert set(dict(checkpoint_file.cosignatures(book.log.export))) == said
    book.log.witness = None
    check_log(book.database, book.log)
