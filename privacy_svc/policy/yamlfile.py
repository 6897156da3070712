"""YAML with a line for every node, so that each fault in a policy file can say where it is.

Built from the parser's events and not from `yaml.load`: nothing is constructed, every scalar keeps
the text as written (`country: NO` stays "NO"), and what makes YAML dangerous or ambiguous is refused:
anchors and aliases (they grow without bound), tags, duplicate keys, several documents, deep nesting.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.resolver import Resolver

from privacy_svc.errors import Fault

MOST_BYTES = 1_000_000
MOST_DEPTH = 24
WHOLE = re.compile(r"0|[1-9]\d{0,11}", re.ASCII)
"""A whole number as everybody reads it: to YAML 1.1, 010 is eight and 1:30 is ninety."""
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER: Any = Resolver()
_STEM = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a file. `kind` is YAML's short tag: map, seq, str, int, bool, null, …"""

    place: str
    """`file:line`."""
    kind: str
    text: str = ""
    items: "tuple[Node, ...]" = ()
    entries: "Mapping[str, Node]" = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    """The place of each key of a map."""

    def plain(self) -> Any:
        """The value as Python's own types, for readers that know no lines."""
        if self.kind == "map":
            return {k: v.plain() for k, v in self.entries.items()}
        if self.kind == "seq":
            return [n.plain() for n in self.items]
        simple = {"null": None, "bool": self.text.lower() in {"true", "yes", "on"}}
        if self.kind in simple:
            return simple[self.kind]
        return int(self.text) if self.kind == "int" and WHOLE.fullmatch(self.text) else self.text


class _Unreadable(Exception):
    def __init__(self, line: int, detail: str) -> None:
        super().__init__(detail)
        self.line, self.detail = line, detail


def read_yaml(name: str, content: bytes, faults: list[Fault], *, first_line: int = 1) -> Node | None:
    """The file's one document; None, with a fault, when it cannot be read. Never raises."""
    try:
        return _Reader(name, first_line).read(_decoded(content))
    except _Unreadable as error:
        faults.append(Fault(f"{name}:{error.line + first_line - 1}", error.detail))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
        faults.append(Fault(f"{name}:{line + first_line - 1}", f"not YAML: {problem}"))
    return None


def _decoded(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise _Unreadable(1, f"larger than {MOST_BYTES} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Unreadable(content[: error.start].count(b"\n") + 1, "not UTF-8") from None
    odd = next((n for n, c in enumerate(text) if not (c.isprintable() or c in "\n\r\t\u00a0\u00ad")), None)
    if odd is not None:
        raise _Unreadable(text[:odd].count("\n") + 1, "a character that cannot be seen")
    return text


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


class _Reader:
    def __init__(self, name: str, first_line: int) -> None:
        self.name, self.offset = name, first_line - 1

    def read(self, text: str) -> Node:
        events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise _Unreadable(_line(event), "a second document: one file holds one")
                root = self._node(next(events), events, 0)
        if root is None:
            raise _Unreadable(1, "the file is empty")
        return root

    def _place(self, event: Any) -> str:
        return f"{self.name}:{_line(event) + self.offset}"

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _Unreadable(line, "anchors and aliases are not allowed: write the value out")
        if event.tag is not None:
            raise _Unreadable(line, "tags are not allowed")
        if depth > MOST_DEPTH:
            raise _Unreadable(line, "nested too deeply")
        if isinstance(event, yaml.MappingStartEvent):
            return self._map(event, events, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._seq(event, events, depth)
        tag = _RESOLVER.resolve(yaml.ScalarNode, event.value, (True, False)) if event.implicit[0] else _STEM + "str"
        return Node(self._place(event), tag.removeprefix(_STEM), text=event.value)

    def _seq(self, start: Any, events: Iterator[Any], depth: int) -> Node:
        items: list[Node] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event, events, depth + 1))
        return Node(self._place(start), "seq", items=tuple(items))

    def _map(self, start: Any, events: Iterator[Any], depth: int) -> Node:
        entries: dict[str, Node] = {}
        keys: dict[str, str] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._node(event, events, depth + 1)
            line = _line(event)
            if key.kind in {"map", "seq", "null"}:
                raise _Unreadable(line, "a key must be a word")
            if key.text in entries:
                raise _Unreadable(line, f"{key.text!r} stands here twice")
            keys[key.text] = key.place
            entries[key.text] = self._node(next(events), events, depth + 1)
        return Node(self._place(start), "map", entries=entries, keys=keys)
