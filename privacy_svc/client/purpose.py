"""Enforcement inside a module: only what a decision releases, and only for the purpose at hand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from privacy_svc.client.answers import Customer, Decision, Record, Withheld
from privacy_svc.client.audience import Audience
from privacy_svc.client.errors import Denied
from privacy_svc.client.masks import MASKS
from privacy_svc.client.rows import Column, Fetching

if TYPE_CHECKING:
    from privacy_svc.client.client import Client, Mode

T = TypeVar("T")
NOT_ASKED = "not_asked"
"""Withheld: the decision does not speak of this field."""


def released(row: Mapping[str, Any], decision: Decision) -> Record:
    """Of a row that the module holds itself, what the decision releases: permitted fields, masked ones as masked.

    Everything else is withheld, also what the decision does not speak of and what only the service can mask (`hash`).
    Raises Denied where the decision is a no. Ask with `mode="filter"` to be permitted parts.
    """
    decision.require()
    fields: dict[str, Any] = {}
    withheld: dict[str, Withheld] = {}
    for name, value in row.items():
        said = decision.fields.get(name)
        if said is not None and said.effect == "permit":
            fields[name] = value
        elif said is not None and said.effect == "mask" and said.mask is not None and said.mask in MASKS:
            fields[name] = MASKS[said.mask](value)
        else:
            withheld[name] = Withheld(said.effect, said.reason or said.mask) if said else Withheld("deny", NOT_ASKED)
    return Record("", fields, withheld, decision.id)


class Purpose:
    """What a module does for one purpose, while it does it: the client's calls with the purpose filled in. Outside of
    its block every one of them is Denied."""

    def __init__(self, client: "Client", name: str) -> None:
        self._client, self._name, self._open = client, name, True

    def __repr__(self) -> str:
        return f"Purpose({self._name!r})"

    @property
    def name(self) -> str:
        """Raises Denied once its block has ended."""
        if not self._open:
            raise Denied(f"The block for {self._name} has ended.")
        return self._name

    def end(self) -> None:
        self._open = False

    def _while_open(self, found: Iterator[T]) -> Iterator[T]:
        """What is taken from it after the block has ended is denied as well."""
        for one in found:
            _ = self.name
            yield one

    def evaluate(
        self,
        customer: Customer,
        fields: Sequence[str] = (),
        *,
        mode: "Mode" = "all",
        min_state_version: int | None = None,
    ) -> Decision:
        return self._client.evaluate(
            customer, purpose=self.name, fields=fields, mode=mode, min_state_version=min_state_version
        )

    def evaluate_many(
        self, customers: Iterable[Customer], fields: Sequence[str] = (), *, mode: "Mode" = "all"
    ) -> list[Decision]:
        return self._client.evaluate_many(customers, purpose=self.name, fields=fields, mode=mode)

    def audience(
        self, fields: Sequence[str] = (), customers: Sequence[str] | None = None, *, mode: "Mode" = "all"
    ) -> Audience:
        found = self._client.audience(purpose=self.name, fields=fields, customers=customers, mode=mode)
        return found.guarded(self._while_open)

    def read(self, dataset: str, collection: str, key: str | int, fields: Sequence[str] = ()) -> Record:
        return self._client.read(dataset, collection, key, purpose=self.name, fields=fields)

    def find(
        self,
        dataset: str,
        collection: str,
        *,
        email: str | None = None,
        phone: str | None = None,
        customer: str | None = None,
        fields: Sequence[str] = (),
    ) -> list[Record]:
        return self._client.find(
            dataset, collection, purpose=self.name, email=email, phone=phone, customer=customer, fields=fields
        )

    def released(self, customer: Customer, row: Mapping[str, Any]) -> Record:
        """Of a row of this customer that the module holds itself, what this purpose may use."""
        return released(row, self.evaluate(customer, list(row), mode="filter"))

    def open_rows(self, result: Fetching, columns: Mapping[str, Column]) -> Iterator[Record]:
        return self._while_open(self._client.open_rows(result, columns, purpose=self.name))

    def seal(self, dataset: str, collection: str, key: str, values: Mapping[str, Any]) -> Record:
        return self._client.seal(dataset, collection, key, values, purpose=self.name)

    def change(self, dataset: str, collection: str, key: str, values: Mapping[str, Any]) -> str:
        return self._client.change(dataset, collection, key, values, purpose=self.name)
