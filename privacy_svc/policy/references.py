"""Foreign keys of the data map, from fideslang's `references`.

There a reference says that two fields hold the same value, and its direction in which Fides walks from one to
the other; which of them is the foreign key it does not say.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from privacy_svc.policy.datamap import Collection, DataMap, Field, Reference
from privacy_svc.policy.reading import Block, Faults

_KEYS = ("dataset", "field", "direction")
Path = tuple[str, str, str]
"""Dataset, collection, field."""


@dataclass(frozen=True, slots=True)
class Link:
    source: Path
    target: Path
    outward: bool
    """Fides walks from `source` to `target`."""
    place: str


def read_links(field: Path, meta: Block) -> list[Link]:
    links: list[Link] = []
    for node in meta.items("references"):
        block = Block(node, meta.faults, _KEYS, "reference")
        dataset, path = block.text("dataset", required=True), block.text("field", required=True)
        outward = block.word("direction", ("from", "to")) == "to"
        collection, dot, name = path.partition(".")
        if path and (not dot or "." in name):
            block.fault("field", f"{path!r} must be collection.field")
        elif dataset and path:
            links.append(Link(field, (dataset, collection, name), outward, block.place("field")))
    return links


def connect(data_map: DataMap, links: Iterable[Link], faults: Faults) -> DataMap:
    """The map with each reference at the field that holds the key. Dangling ones are faults."""
    held: dict[Path, Path] = {}
    outward: set[Path] = set()
    for link in links:
        source, target = (_found(data_map, end, link.place, faults) for end in (link.source, link.target))
        if source is None or target is None:
            continue
        reverse = link.outward and source.primary_key and not target.primary_key
        holder, key = (link.target, link.source) if reverse else (link.source, link.target)
        if link.outward and not reverse:
            outward.add(holder)
        if held.setdefault(holder, key) != key:
            faults.at(link.place, f"{'.'.join(holder)} refers already to {'.'.join(held[holder])}")
    references = {holder: Reference(*key, outward=holder in outward) for holder, key in held.items()}
    return DataMap(
        tuple(
            replace(d, collections=tuple(_connected(c, references) for c in d.collections)) for d in data_map.datasets
        )
    )


def _connected(collection: Collection, references: dict[Path, Reference]) -> Collection:
    def connected(field: Field) -> Field:
        return replace(field, reference=references.get((collection.dataset, collection.name, field.name)))

    return replace(collection, fields=tuple(connected(f) for f in collection.fields))


def _found(data_map: DataMap, end: Path, place: str, faults: Faults) -> Field | None:
    dataset = data_map.by_key.get(end[0])
    collection = dataset.by_name.get(end[1]) if dataset else None
    field = collection.by_name.get(end[2]) if collection else None
    if dataset is None:
        faults.unknown(place, "dataset", end[0], data_map.by_key)
    elif collection is None:
        faults.unknown(place, "collection", end[1], dataset.by_name)
    elif field is None:
        faults.unknown(place, "field", end[2], collection.by_name)
    return field
