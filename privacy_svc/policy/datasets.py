"""policies/datasets/*.yml: fideslang dataset manifests with our `privacy:` block.

Each file is read twice: by fideslang's own model, so that what Fides accepts is accepted here, and by us,
strictly, because its models let unknown keys pass.
"""

import re
from collections.abc import Collection as Collection_
from collections.abc import Mapping, Sequence
from typing import Any

from privacy_svc.policy.datamap import (
    Check,
    Collection,
    DataMap,
    Dataset,
    Erase,
    EraseRows,
    Field,
    Keep,
    Normaliser,
    Source,
    Tells,
)
from privacy_svc.policy.datasetchecks import check_collection, check_data_map
from privacy_svc.policy.dpv import KEEP_GROUNDS
from privacy_svc.policy.reading import Block, Faults
from privacy_svc.policy.references import Link, connect, read_links
from privacy_svc.policy.retention import read_row_rules
from privacy_svc.policy.retentionchecks import check_rules
from privacy_svc.policy.taxonomy import Taxonomy
from privacy_svc.policy.yamlfile import Node

FOLDER = "datasets"
_IDENTITIES = {"email": "email", "phone": "phone", "phone_number": "phone"}
_META = ("fides_meta", "fidesops_meta")
"""The second is its older name, which fideslang still reads."""
_SHARED = ("name", "description", "data_categories", "data_uses", "data_purposes", "data_subjects", *_META)
_DATASET = (*_SHARED, "fides_key", "organization_fides_key", "tags", "meta", "collections")
_DATASET_META = ("resource_id", "after", "namespace", "redact")
_COLLECTION = (*_SHARED, "fields", "privacy")
_COLLECTION_META = ("after", "erase_after", "skip_processing", "masking_strategy_override", "partitioning", "redact")
_SOURCE = ("source", "received_from")
_COLLECTION_PRIVACY = ("subject", "erase_rows", "retention", *_SOURCE)
_FIELD = (*_SHARED, "fields", "privacy")
_FIELD_META = (
    "primary_key",
    "identity",
    "references",
    "data_type",
    "length",
    "read_only",
    "return_all_elements",
    "custom_request_field",
    "masking_strategy_override",
    "redact",
)
_FIELD_PRIVACY = (
    "id",
    "seal",
    "pad",
    "index",
    "erase",
    "replace",
    "keep",
    "pattern",
    "identifier_of",
    "tells",
    "check",
    *_SOURCE,
)
_KEEP = ("ground", "law", "period", "from", "end_of_year")


class DatasetReader:
    """Reads all dataset files into one data map; references are connected when all are known."""

    def __init__(self, terms: Taxonomy, faults: Faults, recipients: Collection_[str] | None = None) -> None:
        """`recipients`: None where they could not be read."""
        self.terms, self.faults, self.recipients = terms, faults, recipients
        self.datasets: list[Dataset] = []
        self.links: list[Link] = []
        self.places: dict[str, str] = {}
        """Place of each dataset, collection and field by its path."""
        self.erasing: set[str] = set()
        """Paths of the fields at which a file says what erasure does."""

    def read(self, path: str, root: Node) -> None:
        check_with_fideslang(root, self.faults)
        top = Block(root, self.faults, ("dataset",))
        for node in top.items("dataset", required=True):
            dataset = self._dataset(path, node)
            if dataset.key in {d.key for d in self.datasets}:
                self.faults.at(node.place, f"a second dataset {dataset.key!r}")
            self.datasets.append(dataset)

    def finish(self) -> DataMap:
        data_map = connect(DataMap(tuple(self.datasets)), self.links, self.faults)
        check_data_map(data_map, self.places, self.faults, self.erasing)
        check_rules(data_map, self.places, self.faults)
        return data_map

    def _dataset(self, path: str, node: Node) -> Dataset:
        block = Block(node, self.faults, _DATASET, "dataset")
        _meta(block, _DATASET_META)
        key = self._name(block, "fides_key", ())
        categories = self.terms.categories_of(block, "data_categories")
        collections = [self._collection(key, n, categories) for n in block.items("collections", required=True)]
        _once(self.faults, block, "collections", [c.name for c in collections])
        return Dataset(key, block.text("name") or key, tuple(collections), source=path)

    def _collection(self, dataset: str, node: Node, above: tuple[str, ...]) -> Collection:
        block = Block(node, self.faults, _COLLECTION, "collection")
        _meta(block, _COLLECTION_META)
        privacy = block.block("privacy", _COLLECTION_PRIVACY)
        name = self._name(block, "name", (dataset,))
        categories = self.terms.categories_of(block, "data_categories") or above
        source = read_source(privacy, (None, ""))
        fields = [self._field((dataset, name), n, categories, source) for n in block.items("fields", required=True)]
        _once(self.faults, block, "fields", [f.name for f in fields])
        collection = Collection(
            dataset=dataset,
            name=name,
            fields=tuple(fields),
            subject=privacy.word("subject", self.terms.subjects) or None,
            erase_rows=privacy.choice("erase_rows", EraseRows) or EraseRows.FIELDS,
            description=block.text("description"),
            retention=read_row_rules(privacy),
        )
        check_collection(collection, self.places, self.faults)
        return collection

    def _field(
        self, path: tuple[str, str], node: Node, above: tuple[str, ...], above_source: tuple[Source | None, str]
    ) -> Field:
        block = Block(node, self.faults, _FIELD, "field")
        meta, privacy = _meta(block, _FIELD_META), block.block("privacy", _FIELD_PRIVACY)
        name = self._name(block, "name", path)
        if "fields" in block:
            block.fault("fields", "fields within fields: a column of an SQL table has none")
        self.links += read_links((*path, name), meta)
        if "erase" in privacy.node.entries:  # `erase: null` is said too
            self.erasing.add(".".join((*path, name)))
        seal = privacy.boolean("seal")
        source, received_from = read_source(privacy, above_source)
        return Field(
            name=name,
            categories=self.terms.categories_of(block, "data_categories") or above,
            id=privacy.integer("id", least=1000, most=2**31 - 1),
            primary_key=meta.boolean("primary_key"),
            identity=_IDENTITIES.get(meta.word("identity", _IDENTITIES)),
            data_type=meta.text("data_type") or "string",
            length=meta.integer("length", least=1),
            seal=seal,
            pad=privacy.integer("pad", least=8, most=1024) or 0,
            index=privacy.names("index", [n.value for n in Normaliser], "normaliser"),
            erase=privacy.choice("erase", Erase) or (Erase.SHRED if seal else Erase.NULL),
            replace=_replacement(privacy),
            keep=_keep(privacy),
            pattern=_pattern(privacy),
            identifier_of=next(iter(privacy.names("identifier_of", self.recipients, "recipient")), None),
            tells=privacy.choice("tells", Tells),
            check=privacy.choice("check", Check),
            source=source,
            received_from=received_from,
        )

    def _name(self, block: Block, key: str, above: Sequence[str]) -> str:
        name = block.text(key, required=True)
        if "." in name:
            block.fault(key, f"{name!r}: a dot separates dataset, collection and field, it cannot be in a name")
        self.places.setdefault(".".join((*above, name)), block.place(key))
        return name


def _meta(block: Block, known: Sequence[str]) -> Block:
    return block.block(_META[0] if _META[0] in block else _META[1], known)


def _once(faults: Faults, block: Block, key: str, names: Sequence[str]) -> None:
    nodes = block.items(key)
    for n, name in enumerate(names):
        if name and name in names[:n]:
            faults.at(nodes[n].place, f"{name!r} stands here twice")


def _replacement(privacy: Block) -> str | None:
    node = privacy.get("replace")
    if node is None:
        return None
    if node.kind in {"map", "seq"}:
        privacy.fault("replace", "'replace' must be a text")
        return None
    return node.text


def _pattern(privacy: Block) -> str | None:
    if "pattern" not in privacy:
        return None
    text = privacy.text("pattern", required=True)
    try:
        re.compile(text)
    except re.error as error:
        privacy.fault("pattern", f"'pattern' is no regular expression: {error}")
        return None
    return text or None


def read_source(privacy: Block, above: tuple[Source | None, str]) -> tuple[Source | None, str]:
    """A field's, else its collection's. Who it was received from is named (Art. 15(1)(g))."""
    if "source" not in privacy:
        if "received_from" in privacy:
            privacy.fault("received_from", "'received_from' says nothing without source: received")
        return above
    source = privacy.choice("source", Source)
    received = privacy.text("received_from", required=source is Source.RECEIVED)
    if received and source is not Source.RECEIVED:
        privacy.fault("received_from", "'received_from' says nothing without source: received")
    return source, received


def _keep(privacy: Block) -> Keep | None:
    if "keep" not in privacy:
        return None
    block = privacy.block("keep", _KEEP)
    ground = block.word("ground", KEEP_GROUNDS, required=True)
    period = block.duration("period", required=True, nothing=False)
    law, start = block.text("law", required=True), block.text("from") or None
    return Keep(ground, law, period or "P0D", start, block.boolean("end_of_year"))


def check_with_fideslang(root: Node, faults: Faults) -> None:
    """What fideslang's model says of it, each complaint at the nearest node."""
    from fideslang.models import Dataset as Manifest  # noqa: PLC0415 - slow, see taxonomy.py
    from pydantic import ValidationError  # noqa: PLC0415 - comes with fideslang

    for node in root.entries["dataset"].items if "dataset" in root.entries else ():
        if node.kind != "map":
            continue  # the strict reading says so
        try:
            Manifest.model_validate(node.plain())
        except ValidationError as error:
            for complaint in error.errors():
                faults.at(_place_of(node, complaint["loc"]), f"fideslang: {_said(complaint)}")


def _place_of(node: Node, path: Sequence[Any]) -> str:
    place = node.place
    for step in path:
        if isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        elif isinstance(step, str) and step in node.entries:
            place, node = node.keys[step], node.entries[step]
            continue
        else:
            break
        place = node.place
    return place


def _said(complaint: Mapping[str, Any]) -> str:
    steps = [step for step in complaint["loc"] if isinstance(step, str)]
    return f"{steps[-1]}: {complaint['msg']}" if steps else str(complaint["msg"])
