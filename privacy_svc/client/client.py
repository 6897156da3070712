"""One method a thing that a module does."""

import functools
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from types import TracebackType
from typing import Any, Concatenate, Literal, ParamSpec, Self, TypeVar

from privacy_svc.client import answers, rows
from privacy_svc.client.answers import Customer, Decision, Record
from privacy_svc.client.audience import Audience
from privacy_svc.client.consenting import Consenting, named
from privacy_svc.client.purpose import Purpose
from privacy_svc.client.rows import Column, Fetching
from privacy_svc.client.sendable import segment
from privacy_svc.client.transport import Transport

SECONDS = 10.0
RETRIES = 3
AT_ONCE = 1_000
"""Evaluations in one request."""
Mode = Literal["all", "filter"]
P = ParamSpec("P")
R = TypeVar("R")


class Client(Consenting):
    """A module's connection to the privacy service. Thread-safe; use it as a context manager or call `close`.

    `module` is the name the token was made for: evaluations are asked in it. `timeout` is in seconds for each try,
    `retries` are tries after the first, with growing pauses, for everything that may be sent again.

    Whatever is not a clear yes is a no: every method raises PrivacyError then.
    """

    def __init__(
        self, url: str, token: str, *, module: str | None = None, timeout: float = SECONDS, retries: int = RETRIES
    ) -> None:
        self._wire = Transport(url, token, timeout, retries)
        self._module = module

    def __repr__(self) -> str:
        return f"Client({self._wire.origin!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._wire.close()

    def evaluate(
        self,
        customer: Customer,
        *,
        purpose: str,
        fields: Sequence[str] = (),
        mode: Mode = "all",
        min_state_version: int | None = None,
        module: str | None = None,
    ) -> Decision:
        """May these fields of this customer be used for this purpose? `all`: each of them whole, or it is a no.
        `filter`: whichever may be, in part where the policy says so; use `released`, which keeps to it."""
        body = self._question(purpose, mode, module, min_state_version) | {"resource": _resource(customer, fields)}
        return self._wire.call("POST", "/access/v1/evaluation", answers.decision, body=body)

    def evaluate_many(
        self,
        customers: Iterable[Customer],
        *,
        purpose: str,
        fields: Sequence[str] = (),
        mode: Mode = "all",
        module: str | None = None,
    ) -> list[Decision]:
        """The same for many, in their order, 1,000 to a request."""
        question, found = self._question(purpose, mode, module, None), list[Decision]()
        left = iter(customers)
        while some := list(islice(left, AT_ONCE)):
            asked = [{"resource": _resource(customer, fields)} for customer in some]
            read = _as_many(len(some))
            found += self._wire.call("POST", "/access/v1/evaluations", read, body=question | {"evaluations": asked})
        return found

    def audience(
        self,
        *,
        purpose: str,
        fields: Sequence[str] = (),
        customers: Sequence[str] | None = None,
        mode: Mode = "all",
        collection: str | None = None,
    ) -> Audience:
        """Who of these customers (keys of the CRM), or of everybody, may be used for a purpose. Nothing is asked
        before it is iterated."""
        body: dict[str, Any] = {"purpose": purpose, "fields": list(fields), "supported_obligations": _obligations(mode)}
        more = {"customers": customers, "collection": collection, "module": self._module}
        return Audience(self._wire, body | {name: value for name, value in more.items() if value is not None})

    def read(
        self, dataset: str, collection: str, key: str | int, *, purpose: str, fields: Sequence[str] = ()
    ) -> Record:
        """One record for a purpose: permitted fields in clear or masked. Raises Erased."""
        return self._wire.call("GET", _path(dataset, collection, key), answers.record, params=_query(purpose, fields))

    def find(
        self,
        dataset: str,
        collection: str,
        *,
        purpose: str,
        email: str | None = None,
        phone: str | None = None,
        customer: str | None = None,
        fields: Sequence[str] = (),
    ) -> list[Record]:
        """The records of one person, by e-mail, phone or key; sealed columns are searched as well."""
        given = {"email": email, "phone": phone, "customer": customer}
        by = {name: value for name, value in given.items() if value is not None}
        if len(by) != 1:
            raise ValueError("find takes exactly one of email, phone, customer")
        params = _query(purpose, fields) | by
        return self._wire.call("GET", _path(dataset, collection), _as_records, params=params)

    def open_rows(self, result: Fetching, columns: Mapping[str, Column], *, purpose: str) -> Iterator[Record]:
        """The rows of the module's own query, each value opened, masked or withheld by its own row's decision.

        `result` is a SQLAlchemy result or a DB-API cursor, `columns` says which of its columns are personal; make it
        with `columns(…)`. Clear values are decided just so. Rows are fetched and asked about in chunks.
        """
        return rows.open_rows(result, columns, lambda items: self._bulk("open", items, purpose))

    def seal(self, dataset: str, collection: str, key: str, values: Mapping[str, Any], *, purpose: str) -> Record:
        """Clear values as this row must hold them, for a module that writes its own rows. The row must be there."""
        places = rows.columns(f"{dataset}.{collection}", list(values))
        found, decision_id = self._bulk("seal", [rows.item(places[n], key, v) for n, v in values.items()], purpose)
        named = dict(zip(values, found, strict=True))
        withheld = {n: a for n, a in named.items() if isinstance(a, answers.Withheld)}
        return Record(key, {n: a for n, a in named.items() if n not in withheld}, withheld, decision_id)

    def _bulk(self, what: str, items: Sequence[rows.Item], purpose: str) -> tuple[Sequence[Any], str]:
        body = {"purpose": purpose, "items": items}
        return self._wire.call("POST", f"/v1/records/{what}", rows.read_answers(len(items)), body=body)

    @contextmanager
    def purpose(self, name: str) -> Iterator[Purpose]:
        """`with privacy.purpose("marketing.email") as p:` — all that is asked in the block is asked for it."""
        made = Purpose(self, name)
        try:
            yield made
        finally:
            made.end()

    def for_purpose(self, name: str) -> Callable[[Callable[Concatenate[Purpose, P], R]], Callable[P, R]]:
        """A function that works for one purpose is given it as its first argument. It has done its work when it
        returns: a generator would find its purpose ended."""

        def decorate(work: Callable[Concatenate[Purpose, P], R]) -> Callable[P, R]:
            @functools.wraps(work)
            def working(*args: P.args, **kwargs: P.kwargs) -> R:
                with self.purpose(name) as made:
                    return work(made, *args, **kwargs)

            return working

        return decorate

    def change(self, dataset: str, collection: str, key: str, values: Mapping[str, Any], *, purpose: str) -> str:
        """Change fields of a record; returns the decision's id. It is not retried."""
        path, params = _path(dataset, collection, key), {"purpose": purpose}
        return self._wire.call("PATCH", path, _text("decision_id"), params=params, body=dict(values), changes=True)

    def append_event(
        self,
        kind: str,
        payload: Mapping[str, Any],
        customer: Customer | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> str:
        """The module's own entry in the audit log, once; returns its id. `kind` is two or three words with colons."""
        body = {"type": kind, "payload": payload} | ({"customer": named(customer)} if customer is not None else {})
        key = idempotency_key or str(uuid.uuid4())
        return self._wire.call("POST", "/v1/audit/events", _text("id"), body=body, changes=True, key=key)

    def audit_proof(self, entry_id: str) -> str:
        """The proof of an entry that this module wrote, by its id: a C2SP `.tlog-proof`, which
        `privacy-svc verify FILE` checks offline. Raises NotFound, for about a second after the entry was written
        with the slug `not-in-the-tree-yet`."""
        path = f"/v1/audit/events/{segment(entry_id)}/proof"
        with self._wire.stream("GET", path, whole=True) as response:
            return response.text

    def _question(self, purpose: str, mode: Mode, module: str | None, version: int | None) -> dict[str, Any]:
        asking = module or self._module
        if asking is None:
            raise ValueError("evaluations are asked by a module: Client(…, module=…)")
        context: dict[str, Any] = {
            "purpose": purpose,
            "mode": mode,
            "supported_obligations": _obligations(mode),
        }
        if version is not None:
            context["min_state_version"] = version
        return {"subject": {"type": "module", "id": asking}, "action": {"name": "use"}, "context": context}


def _obligations(mode: Mode) -> list[str]:
    """`filter` asks for the answer that `released` carries out."""
    return ["custom"] if mode == "filter" else []


def _resource(customer: Customer, fields: Sequence[str]) -> dict[str, Any]:
    by_name = named(customer)
    if len(by_name) != 1:
        raise ValueError("name a customer by exactly one of id, email, phone, subject")
    ((by, value),) = by_name.items()
    return {"type": "customer", "id": value, "properties": {"fields": list(fields), "by": by}}


def _path(*parts: str | int) -> str:
    return "/v1/records/" + "/".join(segment(part) for part in parts)


def _query(purpose: str, fields: Sequence[str]) -> dict[str, str]:
    return {"purpose": purpose} | ({"fields": ",".join(fields)} if fields else {})


def _as_many(asked: int) -> Callable[[Any], list[Decision]]:
    def read(got: Any) -> list[Decision]:
        found = [answers.decision(one) for one in got["evaluations"]]
        if len(found) != asked:
            raise ValueError("not as many answers as questions")
        return found

    return read


def _as_records(got: Any) -> list[Record]:
    return [answers.record(one) for one in got["records"]]


def _text(name: str) -> Callable[[Any], str]:
    return lambda got: str(got[name])
