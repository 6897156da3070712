"""What sealing, unsealing and rotating need, and how they count."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from privacy_svc.auditlog import EventType, Log
from privacy_svc.db import Database
from privacy_svc.policy import Collection, PolicySet
from privacy_svc.store.binding import Stores, find_dataset
from privacy_svc.store.counting import RawTable
from privacy_svc.store.facts import FactReader
from privacy_svc.vault import Vault

BATCH = 2000


@dataclass
class Tally:
    """Counts of one collection's values: `sealed` now, `already`; and of rows: all, `unowned` (they lead to no
    person), `erased` (their person was erased)."""

    collection: str
    rows: int = 0
    sealed: int = 0
    already: int = 0
    unowned: int = 0
    erased: int = 0


@dataclass(frozen=True)
class Sealer:
    """What sealing and unsealing need."""

    database: Database
    stores: Stores
    vault: Vault
    log: Log
    policies: PolicySet
    actor: str
    progress: Callable[[str, int, int], None] = field(default=lambda _collection, _done, _all: None)
    """Called with a collection's path, rows done, rows in all."""
    batch: int = BATCH

    def collections(self, dataset: str | None) -> list[Collection]:
        """Those with sealed fields, identities first. Raises UnknownDataset."""
        if dataset is not None:
            find_dataset(self.policies.data_map, dataset)
        found = [c for c in self.policies.data_map.collections() if c.sealed and dataset in {None, c.dataset}]
        return sorted(found, key=lambda c: len(self.policies.data_map.owner(c) or ()))

    @property
    def facts(self) -> FactReader:
        return FactReader(self.stores, self.vault, self.policies)

    def raw(self, collection: Collection) -> RawTable:
        return RawTable.of(self.stores, self.policies.data_map, collection)


def log_run(sealer: Sealer, session: Session, kind: EventType, tally: Tally) -> None:
    payload = {"collection": tally.collection, "rows": tally.rows, "values": tally.sealed, "erased": tally.erased}
    sealer.log.append(session, kind, actor=sealer.actor, payload=payload)
