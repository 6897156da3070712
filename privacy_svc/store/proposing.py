"""What to add to a data map for columns that came after it was written: as `init` would draft them, to be pasted in."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from privacy_svc.policy import DataMap, Dataset
from privacy_svc.store.draft import field_lines, table_lines, yaml_text
from privacy_svc.store.drafting import FieldPlan, TablePlan, unmapped
from privacy_svc.store.schema import Schema

FIRST_FIELD_ID = 1001


def next_id(data_map: DataMap) -> int:
    used = [f.id for c in data_map.collections() for f in c.fields if f.id is not None]
    return max(used, default=FIRST_FIELD_ID - 1) + 1


def propose(schema: Schema, dataset: Dataset, first_id: int) -> str:
    """YAML for the dataset's `collections`: new tables that hold something personal, and new columns of mapped ones
    that look so. Field ids count from `first_id`. Empty where there are none."""
    new = unmapped(schema, dataset)
    ids = iter(range(first_id, first_id + len(new) + 1))
    lines = [line for _, group in groupby(new, itemgetter(0)) for line in _table(list(group), dataset, ids)]
    return "".join(f"{line}\n" for line in lines)


def _table(new: list[tuple[TablePlan, FieldPlan]], dataset: Dataset, ids: Iterator[int]) -> Iterator[str]:
    found = new[0][0]
    personal = [field for _, field in new if field.personal]
    if not personal:
        return
    if found.table.name not in dataset.by_name:
        yield from table_lines(found, dataset.key, ids)
        return
    yield "      # The table is mapped already: add these to its fields."
    yield f"      - name: {yaml_text(found.table.name)}"
    yield "        fields:"
    for field in personal:
        yield from field_lines(field, dataset.key, ids, "")
