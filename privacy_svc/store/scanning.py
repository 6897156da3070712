"""A look over the columns of the connected stores: what each seems to hold, what of it the data map does not say, and
what to add there. Reads names and a sample; says categories and counts, never a value.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from privacy_svc.policy import DataMap, Dataset
from privacy_svc.store.binding import Stores
from privacy_svc.store.drafting import plan
from privacy_svc.store.errors import UnknownDataset, nearest
from privacy_svc.store.proposing import next_id, propose
from privacy_svc.store.schema import SAMPLE, Schema, read_schema


@dataclass(frozen=True, slots=True)
class ScannedColumn:
    """One that looks personal. `confidence` in percent; `mapped`: its categories in the data map, None where that does
    not name it."""

    dataset: str
    table: str
    column: str
    category: str
    confidence: int
    reasons: Sequence[str]
    mapped: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Scanned:
    """`proposed`: YAML to add to the data map, by dataset; of those where nothing is missing there is none."""

    columns: Sequence[ScannedColumn]
    proposed: dict[str, str]

    @property
    def unmapped(self) -> int:
        return sum(c.mapped is None for c in self.columns)


def scan(stores: Stores, data_map: DataMap, datasets: Iterable[str], sample: int = SAMPLE) -> Scanned:
    """Raises StoreUnavailable."""
    columns: list[ScannedColumn] = []
    proposed: dict[str, str] = {}
    for name in datasets:
        schema = read_schema(stores.engine(name), sample)
        dataset = data_map.by_key.get(name) or Dataset(name, name, ())
        columns += _columns(schema, dataset)
        if draft := propose(schema, dataset, next_id(data_map)):
            proposed[name] = draft
    return Scanned(columns, proposed)


def chosen(stores: Stores, dataset: str | None) -> list[str]:
    """All connected datasets, or the one that is named. Raises UnknownDataset."""
    if dataset is None:
        return sorted(stores.datasets)
    if dataset not in stores.datasets:
        raise UnknownDataset(f"No store is connected for a dataset {dataset!r}{nearest(dataset, stores.datasets)}")
    return [dataset]


def _columns(schema: Schema, dataset: Dataset) -> Iterator[ScannedColumn]:
    for found in plan(schema):
        collection = dataset.by_name.get(found.table.name)
        for field in (f for f in found.fields if f.personal):
            mapped = collection.by_name.get(field.column.name) if collection else None
            yield ScannedColumn(
                dataset.key,
                found.table.name,
                field.column.name,
                field.category,
                round(100 * field.confidence),
                field.reasons,
                sorted(mapped.categories) if mapped else None,
            )
