"""Merkle trees by RFC 9162 §2.1: hashes, roots, inclusion and consistency proofs. Pure.

Trees are given as `node(level, index)`, the hash of the complete subtree of 2**level leaves that
starts at leaf index * 2**level; where the hashes come from (tiles, a list) is the caller's business.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

Hash = bytes
Node = Callable[[int, int], Hash]
PART = 4096
"""A power of two, so that a part is a subtree."""
EMPTY_ROOT = hashlib.sha256(b"").digest()


class ProofError(Exception):
    """The proof does not prove what it says."""


def leaf_hash(entry: bytes) -> Hash:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: Hash, right: Hash) -> Hash:
    return hashlib.sha256(b"\x01" + left + right).digest()


def of_leaves(leaves: Sequence[Hash]) -> Node:
    """The nodes of a tree held in memory."""
    levels = [leaves]
    while len(below := levels[-1]) > 1:
        levels.append([node_hash(left, right) for left, right in zip(below[::2], below[1::2], strict=False)])
    return lambda level, index: levels[level][index]


def root(size: int, node: Node) -> Hash:
    return _subtree(0, size, node) if size else EMPTY_ROOT


def root_of(leaves: Iterable[Hash], part_size: int = PART) -> tuple[int, Hash]:
    """Size and root of a tree of which no more is held at once than a part."""
    size, roots = part_roots(leaves, part_size)
    return size, root_of_parts(roots)


def part_roots(leaves: Iterable[Hash], part_size: int) -> tuple[int, list[Hash]]:
    """The size of a tree, and the root of each part of it. `part_size`: a power of two."""
    rest, size, roots = iter(leaves), 0, list[Hash]()
    while part := list(islice(rest, part_size)):
        size += len(part)
        roots.append(root(len(part), of_leaves(part)))
    return size, roots


def root_of_parts(roots: Sequence[Hash]) -> Hash:
    return root(len(roots), of_leaves(roots))


def proof_by_parts(place: int, part: Sequence[Hash], number: int, roots: Sequence[Hash]) -> list[Hash]:
    """The inclusion proof of a leaf at a place of a part, from its leaves and the roots of all parts."""
    inside = inclusion_proof(place, len(part), of_leaves(part))
    return inside + inclusion_proof(number, len(roots), of_leaves(roots))


def _subtree(start: int, end: int, node: Node) -> Hash:
    """MTH of the leaves [start, end); `start` is a multiple of the subtree's power of two."""
    count = end - start
    level = count.bit_length() - 1
    if count == 1 << level:
        return node(level, start >> level)
    split = _split(count)
    return node_hash(_subtree(start, start + split, node), _subtree(start + split, end, node))


def _split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def inclusion_proof(index: int, size: int, node: Node) -> list[Hash]:
    """PATH(index, D[size]), §2.1.3.1. Raises ProofError when the leaf is not in the tree."""
    if not 0 <= index < size:
        raise ProofError("the entry is not in the tree")
    path: list[Hash] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_subtree(middle, end, node))
            end = middle
        else:
            path.append(_subtree(start, middle, node))
            start = middle
    return path[::-1]


def consistency_proof(first: int, second: int, node: Node) -> list[Hash]:
    """PROOF(first, D[second]), §2.1.4.1. Raises ProofError unless 0 < first <= second."""
    if not 0 < first <= second:
        raise ProofError("sizes do not grow")
    return [] if first == second else _subproof(first, 0, second, node, whole=True)


def _subproof(first: int, start: int, end: int, node: Node, *, whole: bool) -> list[Hash]:
    if first == end - start:
        return [] if whole else [_subtree(start, end, node)]
    split = _split(end - start)
    middle = start + split
    if first <= split:
        return [*_subproof(first, start, middle, node, whole=whole), _subtree(middle, end, node)]
    return [*_subproof(first - split, middle, end, node, whole=False), _subtree(start, middle, node)]


def verify_inclusion(index: int, size: int, leaf: Hash, proof: Sequence[Hash], expected_root: Hash) -> None:
    """§2.1.3.2. Raises ProofError."""
    if not 0 <= index < size:
        raise ProofError("the entry is not in the tree")
    _sizes(leaf, *proof, expected_root)
    position, last, value = index, size - 1, leaf
    for step in proof:
        if last == 0:
            raise ProofError("the proof is too long")
        if position & 1 or position == last:
            value = node_hash(step, value)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            value = node_hash(value, step)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise ProofError("the proof is too short")
    _equal(value, expected_root)


def verify_consistency(  # noqa: C901 - the algorithm of the RFC, step by step
    first: int, second: int, proof: Sequence[Hash], first_root: Hash, second_root: Hash
) -> None:
    """§2.1.4.2. Of what it leaves to the reader, equal sizes need equal roots and an empty proof; a size of 0 is
    refused, as nothing is proven of it. Raises ProofError."""
    if not 0 < first <= second:
        raise ProofError("sizes do not grow")
    if first == second:
        if proof:
            raise ProofError("the proof is too long")
        _equal(first_root, second_root)
        return
    _sizes(*proof, first_root, second_root)
    path = list(proof) if first & (first - 1) else [first_root, *proof]
    if not path:
        raise ProofError("the proof is empty")
    position, last = first - 1, second - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = path[0]
    for step in path[1:]:
        if last == 0:
            raise ProofError("the proof is too long")
        if position & 1 or position == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, step)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise ProofError("the proof is too short")
    _equal(old, first_root)
    _equal(new, second_root)


def _sizes(*hashes: Hash) -> None:
    if any(len(h) != 32 for h in hashes):
        raise ProofError("a hash has 32 bytes")


def _equal(found: Hash, expected: Hash) -> None:
    if not hmac.compare_digest(found, expected):
        raise ProofError("the root does not match")
