"""Signed notes, checkpoints and proofs against the specifications' examples, and against bad input."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sigstore._internal.rekor.checkpoint import SignedCheckpoint as RekorCheckpoint

from privacy_svc.auditlog import NoteError, ProofError, Signer, Verifier, merkle, open_checkpoint, verify_proof
from privacy_svc.auditlog.checkpoint import Checkpoint, format_proof
from privacy_svc.auditlog.signed_note import signature_line

VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
LINE = (
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
NOTE = f"This is an example message.\n\n{LINE}"
OTHER = "— example.org/other+ NnugSzTjtVAe\n"


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer.create(tmp_path / "keys", "test.example/log")


def test_the_specifications_example() -> None:
    """signed-note.md: its verifier key opens its note; the key prints as it was read."""
    verifier = Verifier.parse(VKEY)
    assert verifier.open(NOTE) == "This is an example message.\n"
    assert verifier.vkey == VKEY


@pytest.mark.parametrize(
    ("name", "size"), [("log.test", "9" * 30), ("log.test", "9" * 5000), ("log.test", "٣"), ("n" * 300, "3")]
)
def test_a_checkpoint_of_no_size_is_refused_by_ml_dsa(tmp_path: Path, name: str, size: str) -> None:
    """More entries than there can be, digits that are none, a name too long: a verdict, not a crash."""
    Signer.create(tmp_path / "keys", name)
    Signer.add_second(tmp_path / "keys")
    second = Signer.load(tmp_path / "keys", name).second
    assert second is not None
    root = base64.b64encode(bytes(32)).decode()
    with pytest.raises(NoteError):
        open_checkpoint(f"{name}\n{size}\n{root}\n\n{signature_line(second, bytes(8 + 2420))}", second)


@pytest.mark.parametrize("text", ["a\tb\n", "a\rb\n", "a\x00\n"])
def test_control_characters_are_refused_even_signed(signer: Signer, text: str) -> None:
    """A note may not hold any but newlines, whoever signed it."""
    with pytest.raises(NoteError, match="not a signed note"):
        signer.verifier.open(signer.sign_note(text))


def test_unknown_signatures_are_ignored() -> None:
    """Up to 16 signatures by keys we do not know, the same name with another key too, change nothing."""
    verifier = Verifier.parse(VKEY)
    unknown = "".join(f"— example.org/{i} {base64.b64encode(bytes(68)).decode()}\n" for i in range(14))
    same_name = f"— example.com/foo {base64.b64encode(bytes(68)).decode()}\n"
    assert verifier.open(NOTE + unknown + same_name).startswith("This")


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n\n",
        NOTE[:-1],
        NOTE.replace("example message", "exemple message"),
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("— ", "- "),
        NOTE + "\n",
        NOTE + "x\n",
        NOTE + LINE.replace("Uw2QOkn8", "Uw2QOkn9"),
        NOTE.replace("IneyaQM=", "IneyaQN="),
        NOTE.replace("This", "\tThis"),
        NOTE.replace("This", "Th\ud800is"),
        NOTE + "— a b+c AAAA\n",
        NOTE + "— example.org/x AAAA\n" * 100,
        NOTE.replace("example.com/foo", "example.com/bar"),
        f"This is an example message.\n\n— example.com/foo {base64.b64encode(bytes(2)).decode()}\n",
    ],
)
def test_bad_notes_are_refused(note: str) -> None:
    """Cut, changed, unsigned, badly spelled, or one of our own signatures wrong among right ones."""
    with pytest.raises(NoteError):
        Verifier.parse(VKEY).open(note)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "a+b",
        "a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        VKEY[:-4],
        VKEY.replace("530d", "530e"),
        VKEY.replace("+Ae", "+Be"),
        VKEY + "ü",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ],
)
def test_bad_verifier_keys_are_refused(vkey: str) -> None:
    """A verifier key has a name, a hash that fits, and 32 bytes of Ed25519."""
    with pytest.raises(NoteError):
        Verifier.parse(vkey)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log\n",
        "log\n1\n",
        f"log\n01\n{'A' * 43}=\n",
        f"log\n-1\n{'A' * 43}=\n",
        f"log\n٣\n{'A' * 43}=\n",
        f"log\n1\n{'A' * 44}\n",
        "log\n1\nAAAA\n",
        f"\n1\n{'A' * 43}=\n",
        f"log\n1\n{'A' * 43}=\n\nmore\n",
        f"log\n{'9' * 5000}\n{'A' * 43}=\n",
        f"log\n1\n{'A' * 43}=",
    ],
)
def test_bad_checkpoints_are_refused(text: str) -> None:
    """Sizes have one spelling, roots 32 bytes, lines are not empty."""
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


@given(st.integers(0, 2**62), st.binary(min_size=32, max_size=32))
def test_checkpoints_round_trip(size: int, root: bytes) -> None:
    """What is written is what is read."""
    checkpoint = Checkpoint("example.com/log", size, root)
    assert Checkpoint.parse(str(checkpoint)) == checkpoint
    assert Checkpoint.parse(f"{checkpoint}extension\n") == checkpoint


def test_a_checkpoint_of_another_log_is_refused(signer: Signer) -> None:
    """The origin must be the key's name: one key may sign for one log only."""
    note = signer.sign_note(str(Checkpoint("test.example/other", 1, bytes(32))))
    with pytest.raises(NoteError, match="another log"):
        open_checkpoint(note, signer.verifier)


def test_sigstore_reads_our_checkpoints(signer: Signer) -> None:
    """A reader of Rekor's reads origin, size, root and signer from ours."""
    found = RekorCheckpoint.from_text(signer.sign_note(str(Checkpoint(signer.name, 7, bytes(range(32))))))
    assert (found.checkpoint.origin, found.checkpoint.log_size) == (signer.name, 7)
    assert found.checkpoint.log_hash == bytes(range(32)).hex()
    assert found.signed_note.signatures[0].sig_hash == signer.verifier.id


def proof(signer: Signer, count: int = 5, index: int = 3, extra: bytes = b"3") -> str:
    node = merkle.of_leaves([merkle.leaf_hash(str(i).encode()) for i in range(count)])
    signed = signer.sign_note(str(Checkpoint(signer.name, count, merkle.root(count, node))))
    return format_proof(index, merkle.inclusion_proof(index, count, node), signed, extra)


def test_a_proof_carries_what_it_proves(signer: Signer) -> None:
    """A file checks by itself; without its entry it needs the entry."""
    assert verify_proof(proof(signer), signer.verifier)[:2] == (3, b"3")
    assert verify_proof(proof(signer, extra=b""), signer.verifier, b"3")[:2] == (3, b"3")
    assert verify_proof(proof(signer, 1, 0, b"0"), signer.verifier)[0] == 0
    with pytest.raises(NoteError, match="does not carry"):
        verify_proof(proof(signer, extra=b""), signer.verifier)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("@v1", "@v2"),
        ("index 3", "index 2"),
        ("index 3", "index 03"),
        ("index 3", "3"),
        ("index 3", "index 99999999999999999999"),
        ("extra Mw==", "extra Mg=="),
        ("extra Mw==", "extra Mw="),
        ("extra Mw==\n", ""),
        ("\n\n", "\nAAAA\n\n"),
        ("\n5\n", "\n6\n"),
        ("test.example/log\n5", "test.example/lag\n5"),
    ],
)
def test_a_changed_proof_is_refused(signer: Signer, old: str, new: str) -> None:
    """Whatever line is changed, the proof does not hold."""
    text = proof(signer)
    assert old in text
    with pytest.raises((NoteError, ProofError)):
        verify_proof(text.replace(old, new, 1), signer.verifier)


@given(st.text(), st.integers(0, 400))
def test_nonsense_is_refused_and_never_more(noise: str, at: int) -> None:
    """Any text in any place gives a proof that holds or one of the two errors."""
    verifier = Verifier.parse(VKEY)
    text = "c2sp.org/tlog-proof@v1\nextra QUE=\nindex 0\n\n" + NOTE
    with pytest.raises((NoteError, ProofError)):
        verify_proof(text[:at] + noise + text[at:], verifier)
