"""policies/modules.yml: the CRM's modules, the purposes each may work for, and whose consents each may record; naming a
group grants all below it."""

import re
from collections.abc import Collection, Mapping

from privacy_svc.policy.categories import within
from privacy_svc.policy.policyset import Module, Purpose
from privacy_svc.policy.reading import Block, Faults
from privacy_svc.policy.yamlfile import Node

FILE = "modules.yml"
_KEY = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def read_modules(
    root: Node | None,
    purposes: Collection[str] | None,
    groups: Collection[str],
    aims: Mapping[str, Purpose],
    faults: Faults,
) -> dict[str, Module]:
    """`purposes` is None where their names could not be read; `aims` are those of them that were read whole."""
    known = None if purposes is None else [*purposes, *groups]
    top = Block(root, faults, ("modules",))
    modules: dict[str, Module] = {}
    for key, place, node in top.entries("modules", required=True):
        if not _KEY.fullmatch(key):
            faults.at(place, f"a module is named in small letters, digits and hyphens, not {key!r}")
        block = Block(node, faults, ("title", "purposes", "records"), f"module {key}")
        granted = _below(block.names("purposes", known, "purpose", required=True), purposes)
        records = _records(block, known, purposes, aims) if "records" in block.node.entries else granted
        modules[key] = Module(key, block.text("title", required=True), granted, records)
    return modules


def _records(
    block: Block, known: Collection[str] | None, purposes: Collection[str] | None, aims: Mapping[str, Purpose]
) -> frozenset[str]:
    """Written down, it is the whole list: an empty one, or one with nothing behind it, grants nothing."""
    named = block.names("records", known, "purpose")
    for name in named:
        reached = [p for key, p in aims.items() if within(key, (name,))]
        if reached and not any(p.consent for p in reached):
            block.fault("records", f"{name} asks for no consent, so there is none to record")
    return _below(named, purposes)


def _below(named: Collection[str], purposes: Collection[str] | None) -> frozenset[str]:
    return frozenset(p for p in purposes or () if within(p, named))
