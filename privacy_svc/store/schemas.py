"""Records on the wire."""

from typing import Any

import msgspec

from privacy_svc.store.bulk import Bulk, Given, Refused
from privacy_svc.store.gateway import Record


class Withheld(msgspec.Struct, frozen=True, omit_defaults=True):
    effect: str
    reason: str | None = None


class RecordView(msgspec.Struct, frozen=True):
    key: str
    fields: dict[str, Any]
    withheld: dict[str, Withheld]
    decision_id: str

    def __repr__(self) -> str:
        return "RecordView(…)"


class RecordPage(msgspec.Struct, frozen=True):
    records: list[RecordView]
    cursor: str | None = None


class Written(msgspec.Struct, frozen=True, omit_defaults=True):
    """`unwanted`: by field, kind and count of what a check of the data map found in it: warned of or taken out."""

    key: str
    decision_id: str
    unwanted: dict[str, dict[str, int]] = {}


class BulkItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    dataset: str
    collection: str
    key: str
    field: str
    value: Any

    def __repr__(self) -> str:
        return "BulkItem(…)"


class BulkRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    purpose: str
    items: list[BulkItem]


class BulkAnswer(msgspec.Struct, frozen=True):
    """`items` in order: `{"value"}` or `{"withheld": {"effect", "reason"}}`."""

    items: list[dict[str, Any]]
    decision_id: str | None

    def __repr__(self) -> str:
        return "BulkAnswer(…)"


def bulk_answer(bulk: Bulk) -> BulkAnswer:
    return BulkAnswer([_bulk_item(i) for i in bulk.items], bulk.decision_id)


def _bulk_item(item: Given | Refused) -> dict[str, Any]:
    if isinstance(item, Given):
        return {"value": item.value}
    return {"withheld": Withheld(item.effect, item.reason)}


def record_view(record: Record) -> RecordView:
    withheld = {n: Withheld(str(d.effect), str(d.reason) if d.reason else None) for n, d in record.withheld.items()}
    return RecordView(record.key, dict(record.fields), withheld, record.decision_id)
