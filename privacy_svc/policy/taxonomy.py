"""fideslang's taxonomy: data categories, data uses, data subjects, and what of it is deprecated.

The taxonomy is the package's, CC-BY-4.0 by Ethyca; no copy of it is kept here. Importing fideslang costs
half a second, so it happens when policies are first read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from privacy_svc.policy.categories import OWN
from privacy_svc.policy.reading import Block, Faults


@dataclass(frozen=True, slots=True)
class Taxonomy:
    categories: frozenset[str]
    uses: frozenset[str]
    subjects: frozenset[str]
    replaced: Mapping[str, str]
    """Deprecated keys, each with the one to use instead."""

    def use(self, block: Block, key: str) -> str:
        word = block.text(key, required=True)
        return word if not word or self._known(block.faults, block.place(key), "data use", word, self.uses) else ""

    def categories_of(self, block: Block, key: str, *, required: bool = False) -> tuple[str, ...]:
        return tuple(
            word
            for word, place in block.words(key, required=required)
            if self._known(block.faults, place, "data category", word, self.categories)
        )

    def _known(self, faults: Faults, place: str, what: str, word: str, known: frozenset[str]) -> bool:
        if word in known:
            return True
        if word in self.replaced:
            instead = self.replaced[word]
            faults.at(place, f"{what} {word!r} is deprecated" + (f", use {instead!r}" if instead else ""))
        else:
            faults.unknown(place, what, word, known)
        return False


@cache
def taxonomy() -> Taxonomy:
    from fideslang.default_taxonomy import DEFAULT_TAXONOMY  # noqa: PLC0415 - slow, see above

    groups = (DEFAULT_TAXONOMY.data_category, DEFAULT_TAXONOMY.data_use, DEFAULT_TAXONOMY.data_subject)
    categories, uses, subjects = (_current(group) for group in groups)
    replaced = {t.fides_key: t.replaced_by or "" for group in groups for t in group if t.version_deprecated}
    return Taxonomy(categories.union(OWN), uses, subjects, replaced)


def _current(terms: Iterable[Any]) -> frozenset[str]:
    return frozenset(t.fides_key for t in terms if not t.version_deprecated)
