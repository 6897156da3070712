"""One entry about many people: the leaf commits to their tags, and each can find and prove themselves in. Pure.

A member is the person's tag of the month, the group of people who got the same answer (the payload describes each),
and the state version the answer rests on. Members stand in the order of their tags, which tells nothing, as leaves
of a Merkle tree (RFC 9162 §2.1) whose size and root are in the entry's leaf.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from privacy_svc.auditlog.merkle import (
    Hash,
    ProofError,
    inclusion_proof,
    leaf_hash,
    of_leaves,
    proof_by_parts,
    root_of,
    root_of_parts,
    verify_inclusion,
)

TAG = 16
SIZE = TAG + 4 + 8
"""Of an encoded member."""


@dataclass(frozen=True, slots=True)
class Member:
    tag: bytes
    group: int
    version: int

    def encode(self) -> bytes:
        return self.tag + self.group.to_bytes(4) + self.version.to_bytes(8)

    @classmethod
    def decode(cls, raw: bytes) -> "Member":
        return cls(raw[:TAG], int.from_bytes(raw[TAG : TAG + 4]), int.from_bytes(raw[TAG + 4 :]))


@dataclass(frozen=True, slots=True)
class Membership:
    """That a member belongs to an entry: `path` leads from it to the root in the entry's leaf."""

    member: Member
    position: int
    path: tuple[Hash, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "tag": _text(self.member.tag),
            "group": self.member.group,
            "state_version": self.member.version,
            "position": self.position,
            "path": [_text(step) for step in self.path],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Membership":
        """Raises KeyError, TypeError, ValueError or OverflowError for what `to_json` does not write."""
        group, version, position = (_number(data[name]) for name in ("group", "state_version", "position"))
        return cls(Member(_bytes(data["tag"]), group, version), position, tuple(_bytes(step) for step in data["path"]))


def hashes(members: Sequence[bytes]) -> list[Hash]:
    """Leaves of their tree. Members are encoded."""
    return [leaf_hash(member) for member in members]


def commitment(leaves: Iterable[Hash]) -> dict[str, Any]:
    """What the entry's leaf says of them."""
    count, top = root_of(leaves)
    return {"count": count, "root": _text(top)}


def commitment_of_parts(count: int, roots: Sequence[Hash]) -> dict[str, Any]:
    """The same, of so many members, by the roots of their parts."""
    return {"count": count, "root": _text(root_of_parts(roots))}


def prove(member: Member, leaves: Sequence[Hash], position: int) -> Membership:
    """Raises ProofError when there is no such member."""
    return Membership(member, position, tuple(inclusion_proof(position, len(leaves), of_leaves(leaves))))


def prove_in_part(part: Sequence[bytes], place: int, number: int, size: int, roots: Sequence[Hash]) -> Membership:
    """The same by the encoded members of one part, of those of `size`, and the roots of all."""
    path = proof_by_parts(place, hashes(part), number, roots)
    return Membership(Member.decode(part[place]), number * size + place, tuple(path))


def check(membership: Membership, said: Mapping[str, Any]) -> None:
    """Against what a leaf says. Raises ProofError."""
    try:
        size, expected, leaf = int(said["count"]), _bytes(said["root"]), leaf_hash(membership.member.encode())
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ProofError("the entry is not about several people") from None
    verify_inclusion(membership.position, size, leaf, membership.path, expected)


def _number(value: object) -> int:
    """As it is written: 1.9 and "1" would be proven as 1, and shown as they stand."""
    if type(value) is not int:
        raise ValueError("not a whole number")
    return value


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    if _text(raw) != text:
        raise ValueError("not the one spelling of these bytes")
    return raw
