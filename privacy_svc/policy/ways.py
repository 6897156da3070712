"""Whom a row belongs to: the references that lead to a person, in the order in which they decide. Pure.

The first reference that is set decides. First is the one whose table is nearest to people, then the one that stands
first in the file. A reference *of* a person's row is never followed: a customer's account manager does not own the
customer. Where none is set, an e-mail address or a telephone number in the row says whose it is. And where the
manifest says `direction: to`, a person's row leads to a row that refers to nobody, as an order to its address.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from privacy_svc.policy.datamap import Collection, Field


@dataclass(frozen=True, slots=True)
class Way:
    """A reference: `fields` of the one who holds it are the values of `refers` in a row of `target`. Several where the
    target has a composite key."""

    fields: tuple[str, ...]
    target: "Collection"
    refers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Down:
    """From a row to those that refer to it: rows of `collection` by `way`, where none of `before` is set."""

    collection: "Collection"
    way: Way
    before: tuple[Way, ...]
    """References that would decide."""


class Ways:
    """Of all collections of a data map, by their paths."""

    def __init__(self, collections: Sequence["Collection"]) -> None:
        self._collections = collections
        self._by_path = {c.path: c for c in collections}
        self._references = {c.path: tuple(_references(c, self._by_path)) for c in collections}
        self._distance = dict(self._distances())

    def up(self, collection: "Collection") -> tuple[Way, ...]:
        """The references that may decide whose a row is, in the order in which they do."""
        return self._up[collection.path]

    def down(self, collection: "Collection") -> tuple[Down, ...]:
        """Who refers to its rows so that it may decide, in the order of the files."""
        return self._down.get(collection.path, ())

    def out(self, collection: "Collection") -> tuple[Way, ...]:
        """Where its rows lead to: rows that refer to nobody themselves."""
        return self._out[collection.path]

    def above(self, collection: "Collection") -> list["Collection"]:
        """The collection, and all by which its references lead to people."""
        found, waiting = {collection.path: collection}, [collection]
        while waiting:
            for way in self.up(waiting.pop()):
                if way.target.path not in found:
                    found[way.target.path] = way.target
                    waiting.append(way.target)
        return list(found.values())

    def addressed(self) -> Iterator["Collection"]:
        """Collections whose rows are nobody, but may have somebody's address."""
        yield from (c for c in self._collections if _has_address(c))

    def is_link(self, collection: "Collection") -> bool:
        """Whether its rows say nothing but which others belong together."""
        ends = [way for way in self._references[collection.path] if way.target.path in self._distance]
        return not collection.subject and len(ends) > 1 and all(self._links(f) for f in collection.fields)

    def _links(self, field: "Field") -> bool:
        ref = field.reference
        if ref is not None:
            return not field.personal or f"{ref.dataset}.{ref.collection}" in self._distance
        return field.primary_key and not field.personal

    @cached_property
    def _up(self) -> Mapping[str, tuple[Way, ...]]:
        def nearest(way: Way) -> int:
            return self._distance[way.target.path]

        known = {p: [w for w in ways if w.target.path in self._distance] for p, ways in self._references.items()}
        return {
            path: () if self._by_path[path].subject else tuple(sorted(ways, key=nearest))
            for path, ways in known.items()
        }

    @cached_property
    def _down(self) -> Mapping[str, tuple[Down, ...]]:
        found: dict[str, list[Down]] = {}
        for collection in self._collections:
            ways = self._up[collection.path]
            for n, way in enumerate(ways):
                found.setdefault(way.target.path, []).append(Down(collection, way, ways[:n]))
        return {path: tuple(downs) for path, downs in found.items()}

    @cached_property
    def _out(self) -> Mapping[str, tuple[Way, ...]]:
        return {
            c.path: tuple(
                w for w in self._references[c.path] if self._is_outward(c, w) and not self._is_owned(w.target)
            )
            for c in self._collections
        }

    def _is_owned(self, collection: "Collection") -> bool:
        return bool(collection.subject or self._up[collection.path] or _has_address(collection))

    @staticmethod
    def _is_outward(holder: "Collection", way: Way) -> bool:
        refs = (holder.by_name[name].reference for name in way.fields)
        return all(ref is not None and ref.outward for ref in refs)

    def _distances(self) -> Iterator[tuple[str, int]]:
        """Of each collection that leads to people. References go before addresses, these before what is led to."""
        found = {c.path: 0 for c in self._collections if c.subject}
        self._spread(found)
        far = len(self._collections) + 1
        found |= {c.path: far for c in self._collections if _has_address(c) and c.path not in found}
        self._spread(found)
        while led := {
            way.target.path: far + distance + 1
            for path, distance in found.items()
            for way in self._references[path]
            if way.target.path not in found and self._is_outward(self._by_path[path], way)
        }:
            found |= led
            self._spread(found)
        yield from found.items()

    def _spread(self, found: dict[str, int]) -> None:
        """On to who refers to them, each by the shortest way."""
        changed = True
        while changed:
            changed = False
            for path, ways in self._references.items():
                least = min((found[w.target.path] + 1 for w in ways if w.target.path in found), default=None)
                if least is not None and least < found.get(path, least + 1):
                    found[path] = least
                    changed = True


def _has_address(collection: "Collection") -> bool:
    return not collection.subject and any(f.identity for f in collection.fields)


def _references(collection: "Collection", known: Mapping[str, "Collection"]) -> Iterator[Way]:
    """In the order of the file. References to all parts of a composite key are one."""
    parts: dict[str, dict[str, list[str]]] = {}
    for field in collection.fields:
        ref = field.reference
        target = known.get(f"{ref.dataset}.{ref.collection}") if ref else None
        if ref is None or target is None:
            continue
        if len(target.key) == 1 or ref.field not in target.key:
            yield Way((field.name,), target, (ref.field,))
            continue
        held = parts.setdefault(target.path, {})
        held.setdefault(ref.field, []).append(field.name)
        at = len(held[ref.field]) - 1
        if all(len(held.get(name, ())) > at for name in target.key):
            yield Way(tuple(held[name][at] for name in target.key), target, target.key)
