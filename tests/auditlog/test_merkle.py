"""RFC 9162 trees, against the public vectors, another implementation, and themselves."""

import base64
import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore.errors import VerificationError
from sigstore.models import TransparencyLogEntry

from privacy_svc.auditlog import merkle
from privacy_svc.auditlog.growing_tree import GrowingTree
from privacy_svc.auditlog.merkle import ProofError
from tests.conftest import shared

SIZES = st.integers(1, 700)


def cases(kind: str) -> list[dict[str, Any]]:
    found = sorted(shared("vectors", "merkle", "testdata", kind).rglob("*.json"))
    return [json.loads(path.read_text()) | {"file": str(path)} for path in found]


def raw(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def proof_of(case: dict[str, Any]) -> list[bytes]:
    return [raw(step) for step in case["proof"] or []]


def verdicts(judged: list[dict[str, Any]], check: Any) -> None:
    wrong = []
    for case in judged:
        try:
            check(case)
            accepted = True
        except ProofError:
            accepted = False
        if accepted == case["wantErr"]:
            wrong.append((case["file"], case["desc"]))
    assert judged
    assert not wrong


def test_inclusion_vectors() -> None:
    """transparency-dev/merkle: every inclusion case is judged as it asks, the empty root and leaf too."""
    verdicts(
        cases("inclusion"),
        lambda c: merkle.verify_inclusion(c["leafIdx"], c["treeSize"], raw(c["leafHash"]), proof_of(c), raw(c["root"])),
    )


def test_consistency_vectors() -> None:
    """transparency-dev/merkle: every consistency case, also those that begin with an empty tree."""
    verdicts(
        cases("consistency"),
        lambda c: merkle.verify_consistency(c["size1"], c["size2"], proof_of(c), raw(c["root1"]), raw(c["root2"])),
    )


def test_subtree_inclusion_vectors() -> None:
    """The subtree vectors hold for subtrees that stand in a tree: there they are trees of their own."""

    def check(case: dict[str, Any]) -> None:
        start, size = case["start"], case["end"] - case["start"]
        if size <= 0 or start % (1 << (size - 1).bit_length()):
            raise ProofError("no subtree")
        merkle.verify_inclusion(case["leafIdx"] - start, size, raw(case["leafHash"]), proof_of(case), raw(case["root"]))

    verdicts(cases("subtreeinclusion"), check)


def test_subtree_consistency_vectors() -> None:
    """A subtree that begins with the tree is an earlier tree: those vectors are judged as they ask."""
    applicable = [c for c in cases("subtreeconsistency") if c["start"] == 0 and c["end"] > 0]
    verdicts(
        applicable,
        lambda c: merkle.verify_consistency(c["end"], c["size"], proof_of(c), raw(c["root1"]), raw(c["root2"])),
    )


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(str(i).encode()) for i in range(count)]


def mth(entries: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1, word for word."""
    if len(entries) < 2:
        return entries[0] if entries else hashlib.sha256().digest()
    k = 1
    while 2 * k < len(entries):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


@given(SIZES)
def test_five_ways_to_the_root(size: int) -> None:
    """The root by nodes, by parts, grown leaf by leaf or in pieces, and the definition agree; so do the tiles."""
    all_leaves, grown, pieces, taken = leaves(size), GrowingTree(), GrowingTree(), {}
    for leaf in all_leaves:
        grown.extend([leaf])
    for start in range(0, size, 37):
        pieces.extend(all_leaves[start : start + 37])
        taken |= pieces.take_full()
        assert len(pieces.tiles) <= 2  # of each level the one that still grows
    assert merkle.root(size, merkle.of_leaves(all_leaves)) == grown.root() == mth(all_leaves)
    assert merkle.root_of(iter(all_leaves), 16) == (size, grown.root())
    assert (pieces.root(), taken | pieces.tiles) == (grown.root(), grown.tiles)


@given(SIZES, st.data())
def test_proofs_hold_and_nothing_else_does(size: int, data: st.DataObject) -> None:
    """Every leaf and every earlier size has a proof; a flipped bit anywhere in it fails."""
    node = merkle.of_leaves(leaves(size))
    root = merkle.root(size, node)
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    path = merkle.inclusion_proof(index, size, node)
    merkle.verify_inclusion(index, size, node(0, index), path, root)
    steps = merkle.consistency_proof(first, size, node)
    before = merkle.root(first, node)
    merkle.verify_consistency(first, size, steps, before, root)
    for proof, check in (
        (path, lambda p: merkle.verify_inclusion(index, size, node(0, index), p, root)),
        (steps, lambda p: merkle.verify_consistency(first, size, p, before, root)),
    ):
        bad = [proof[:-1], [*proof, root]] if proof else [[root]]
        if proof:
            at = data.draw(st.integers(0, len(proof) - 1))
            bad.append([*proof[:at], bytes([proof[at][0] ^ 1]) + proof[at][1:], *proof[at + 1 :]])
        for changed in bad:
            with pytest.raises(ProofError):
                check(changed)


def test_no_proof_of_what_is_not_there() -> None:
    """No leaf outside of the tree, no consistency with an empty or a larger tree."""
    node = merkle.of_leaves(leaves(5))
    for index in (-1, 5):
        with pytest.raises(ProofError):
            merkle.inclusion_proof(index, 5, node)
    for first, second in ((0, 5), (0, 0), (6, 5)):
        with pytest.raises(ProofError):
            merkle.consistency_proof(first, second, node)


@given(SIZES, st.data())
def test_sigstore_accepts_our_proofs(size: int, data: st.DataObject) -> None:
    """sigstore's verifier accepts our proof of our entry, and of no other."""
    node = merkle.of_leaves(leaves(size))
    index = data.draw(st.integers(0, size - 1))
    sigstore_verifies(
        str(index).encode(), index, size, merkle.inclusion_proof(index, size, node), merkle.root(size, node)
    )
    with pytest.raises(VerificationError):
        sigstore_verifies(b"another", index, size, merkle.inclusion_proof(index, size, node), merkle.root(size, node))


def sigstore_verifies(entry: bytes, index: int, size: int, path: list[bytes], root: bytes) -> None:
    proof = SimpleNamespace(log_index=index, tree_size=size, hashes=path, root_hash=root)
    inner = SimpleNamespace(inclusion_proof=proof, canonicalized_body=entry)
    verify_merkle_inclusion(cast("TransparencyLogEntry", SimpleNamespace(_inner=inner)))


def test_tessera_log() -> None:
    """The tiles, bundles and 17 signed checkpoints of a log that Tessera wrote are what we compute and accept."""
    from privacy_svc.auditlog import Verifier, open_checkpoint

    folder = shared("vectors", "tessera", "testdata", "log")
    vkey = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
    entries = unbundle(folder / "tile" / "entries" / "000.p" / "15")
    hashes = [merkle.leaf_hash(entry) for entry in entries]
    checkpoints = sorted(folder.glob("checkpoint*"))
    assert len(checkpoints) == 17
    for path in checkpoints:
        found = open_checkpoint(path.read_text(), Verifier.parse(vkey))
        assert found.root == merkle.root(found.size, merkle.of_leaves(hashes[: found.size]))
    for tile in (folder / "tile" / "0" / "000.p").iterdir():
        assert tile.read_bytes() == b"".join(hashes[: int(tile.name)])
        assert unbundle(folder / "tile" / "entries" / "000.p" / tile.name) == entries[: int(tile.name)]


def unbundle(path: Path) -> list[bytes]:
    return unbundled(path.read_bytes())


def unbundled(rest: bytes) -> list[bytes]:
    found = []
    while rest:
        size = int.from_bytes(rest[:2])
        found.append(rest[2 : 2 + size])
        rest = rest[2 + size :]
    return found


@pytest.mark.parametrize("size", [1, 3, 4, 5, 8, 9, 16, 23, 33])
def test_a_proof_by_parts_is_the_proof(size: int) -> None:
    """The path in a part and the path of its root among the roots of all are the path in the whole tree."""
    all_leaves = [n.to_bytes(32) for n in range(size)]
    count, roots = merkle.part_roots(iter(all_leaves), 4)
    assert (count, merkle.root_of_parts(roots)) == merkle.root_of(iter(all_leaves))
    for index in range(size):
        part = all_leaves[index // 4 * 4 :][:4]
        whole = merkle.inclusion_proof(index, size, merkle.of_leaves(all_leaves))
        assert merkle.proof_by_parts(index % 4, part, index // 4, roots) == whole
