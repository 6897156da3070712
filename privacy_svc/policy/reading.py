"""Typed reading of a policy file's nodes. Every fault is collected with its place; nothing raises, so that
one run tells the DPO everything there is to mend."""

import enum
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeVar

from privacy_svc import errors
from privacy_svc.errors import Fault, Misconfigured
from privacy_svc.policy.durations import parse_duration
from privacy_svc.policy.yamlfile import WHOLE, Node

E = TypeVar("E", bound=enum.StrEnum)
_NOTHING = Node("", "map")


def nearest(word: str, known: Iterable[str]) -> str:
    """`, did you mean …?`, or nothing where no known word is near."""
    found = errors.nearest(word, known)
    return f", did you mean {found!r}?" if found else ""


MOST_FAULTS = 200
"""More than anybody mends at once; a file that is wrong everywhere is not searched to its end."""


class Faults(list[Fault]):
    def at(self, place: str, detail: str) -> None:
        fault = Fault(place, detail)
        if fault not in self and len(self) < MOST_FAULTS:
            self.append(fault)

    def unknown(self, place: str, what: str, word: str, known: Iterable[str]) -> None:
        if len(self) < MOST_FAULTS:
            self.at(place, f"unknown {what} {word!r}{nearest(word, known)}")


class Block:
    """One map of a file. `known` are the keys it may have; any other is a fault at once."""

    def __init__(self, node: Node | None, faults: Faults, known: Collection[str], name: str = "") -> None:
        self.faults, self.name = faults, name
        if node is not None and node.kind != "map":
            faults.at(node.place, f"{name or 'this'} must be a map of keys and values")
            node = None
        self.node = node or _NOTHING
        for key, place in self.node.keys.items():
            if key not in known:
                faults.unknown(place, "key", key, known)

    def __contains__(self, key: str) -> bool:
        return key in self.node.entries and self.node.entries[key].kind != "null"

    def place(self, key: str = "") -> str:
        return self.node.keys.get(key, self.node.place)

    def fault(self, key: str, detail: str) -> None:
        self.faults.at(self.place(key), detail)

    def get(self, key: str, *, required: bool = False) -> Node | None:
        node = self.node.entries.get(key)
        if node is None or node.kind == "null":
            if required and self.node is not _NOTHING:
                self.fault(key, f"{self.name + ' ' if self.name else ''}lacks {key!r}")
            return None
        return node

    def text(self, key: str, *, required: bool = False, default: str = "") -> str:
        node = self.get(key, required=required)
        if node is None:
            return default
        if node.kind in {"map", "seq"} or not node.text.strip():
            self.fault(key, f"{key!r} must be a text")
            return default
        return node.text.strip()

    def boolean(self, key: str, *, default: bool = False) -> bool:
        node = self.get(key)
        if node is None:
            return default
        if node.kind != "bool":
            self.fault(key, f"{key!r} must be true or false")
            return default
        return bool(node.plain())

    def integer(
        self, key: str, *, required: bool = False, least: int = 0, most: int = 2**31 - 1, law: str = ""
    ) -> int | None:
        """`law`: why the limits are what they are."""
        node = self.get(key, required=required)
        if node is None:
            return None
        if node.kind != "int" or not WHOLE.fullmatch(node.text) or not least <= int(node.text) <= most:
            self.fault(key, f"{key!r} must be a whole number from {least} to {most}{law and ': ' + law}")
            return None
        return int(node.text)

    def choice(self, key: str, of: type[E], *, required: bool = False, what: str = "") -> E | None:
        word = self.word(key, [m.value for m in of], required=required, what=what)
        return of(word) if word else None

    def word(self, key: str, of: Collection[str], *, required: bool = False, what: str = "") -> str:
        """One of a closed list; the empty text where it is missing or wrong. `null` unquoted is the word. `what` it is,
        where the key does not say so."""
        node = self.node.entries.get(key)
        if node is not None and node.text == "null" and "null" in of:
            return "null"
        word = self.text(key, required=required)
        if word and word not in of:
            self.faults.unknown(self.place(key), what or key, word, of)
            return ""
        return word

    def duration(self, key: str, *, required: bool = False, nothing: bool = True) -> str | None:
        """An ISO 8601 duration; `nothing` says whether P0D may be."""
        text = self.text(key, required=required)
        if not text:
            return None
        try:
            length = parse_duration(text)
        except Misconfigured as error:
            self.fault(key, error.detail)
            return None
        if not length and not nothing:
            self.fault(key, f"{key!r} must be longer than nothing")
        return text

    def words(self, key: str, *, required: bool = False) -> tuple[tuple[str, str], ...]:
        """The texts of a list, each with its place. One text alone is a list of one."""
        node = self.get(key, required=required)
        if node is None:
            return ()
        items = node.items if node.kind == "seq" else (node,)
        if node.kind == "map" or any(i.kind in {"map", "seq", "null"} or not i.text.strip() for i in items):
            self.fault(key, f"{key!r} must be a list of words")
            return ()
        if required and not items:
            self.fault(key, f"{key!r} is empty")
        for n, item in enumerate(items):
            if item.text in {i.text for i in items[:n]}:
                self.faults.at(item.place, f"{item.text!r} stands here twice")
        return tuple((i.text.strip(), i.place) for i in items)

    def names(self, key: str, of: Collection[str] | None, what: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of words out of `of`; where `of` is None it could not be read, and its own fault is enough."""
        found = self.words(key, required=required)
        if of is None:
            return tuple(word for word, _ in found)
        for word, place in found:
            if word not in of:
                self.faults.unknown(place, what, word, of)
        return tuple(word for word, _ in found if word in of)

    def block(self, key: str, known: Collection[str], *, required: bool = False) -> "Block":
        return Block(self.get(key, required=required), self.faults, known, key)

    def items(self, key: str, *, required: bool = False) -> tuple[Node, ...]:
        """The nodes of a list of maps."""
        node = self.get(key, required=required)
        if node is None:
            return ()
        if node.kind != "seq":
            self.fault(key, f"{key!r} must be a list")
            return ()
        return node.items

    def entries(self, key: str, *, required: bool = False) -> Iterator[tuple[str, str, Node]]:
        """Key, place and value of each entry of a map with free keys."""
        node = self.get(key, required=required)
        if node is None:
            return
        if node.kind != "map":
            self.fault(key, f"{key!r} must be a map of keys and values")
            return
        for name, value in node.entries.items():
            yield name, node.keys[name], value

    def per_language(self, key: str, languages: tuple[str, ...] | None) -> Mapping[str, str]:
        """A text in each of the organisation's languages."""
        if languages is None:
            return {}
        block = self.block(key, languages, required=True)
        return {language: block.text(language, required=True) for language in languages}
