"""policies/modules.yml: the CRM's modules and the purposes each may work for; naming a group grants all below it."""

import re
from collections.abc import Collection

from privacy_svc.policy.categories import within
from privacy_svc.policy.policyset import Module
from privacy_svc.policy.reading import Block, Faults
from privacy_svc.policy.yamlfile import Node

FILE = "modules.yml"
_KEY = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def read_modules(
    root: Node | None, purposes: Collection[str] | None, groups: Collection[str], faults: Faults
) -> dict[str, Module]:
    """`purposes` is None where they could not be read."""
    known = None if purposes is None else [*purposes, *groups]
    top = Block(root, faults, ("modules",))
    modules: dict[str, Module] = {}
    for key, place, node in top.entries("modules", required=True):
        if not _KEY.fullmatch(key):
            faults.at(place, f"a module is named in small letters, digits and hyphens, not {key!r}")
        block = Block(node, faults, ("title", "purposes"), f"module {key}")
        named = block.names("purposes", known, "purpose", required=True)
        granted = frozenset(p for p in purposes or () if within(p, named))
        modules[key] = Module(key, block.text("title", required=True), granted)
    return modules
