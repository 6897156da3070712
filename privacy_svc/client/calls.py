"""One method a route; answers are small frozen values, errors are `Problem`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

SECONDS = 10.0


class Problem(Exception):
    """The service refused or failed. `slug` is stable; `errors` are the places that are wrong."""

    def __init__(
        self, status: int, slug: str, title: str, detail: str, errors: Sequence[Mapping[str, str]] = ()
    ) -> None:
        super().__init__(f"{status} {slug}: {detail or title}")
        self.status, self.slug, self.title, self.detail, self.errors = status, slug, title, detail, tuple(errors)


@dataclass(frozen=True, slots=True)
class Withheld:
    """A field that was not given out, and why."""

    effect: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision. `fields` says per field `permit`, `mask` or `deny`; `reasons` are code, detail, article."""

    permitted: bool
    decision_id: str
    state_version: int
    policy_version: str
    fields: Mapping[str, str]
    reasons: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Record:
    """What a module may have of one record; never the rest."""

    key: str
    fields: Mapping[str, Any] = field(repr=False)
    withheld: Mapping[str, Withheld]
    decision_id: str


class PrivacyClient:
    """A module's connection. Thread-safe; use as a context manager or call `close`."""

    def __init__(self, base_url: str, token: str, *, timeout: float = SECONDS) -> None:
        self._http = httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {token}"}, timeout=timeout)

    def __repr__(self) -> str:
        return f"PrivacyClient({str(self._http.base_url)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def evaluate(
        self,
        customer: str,
        *,
        module: str,
        purpose: str,
        fields: Sequence[str] = (),
        min_state_version: int | None = None,
    ) -> Answer:
        """May `module` use these fields of this customer for this purpose? All fields or none."""
        context: dict[str, Any] = {"purpose": purpose, "mode": "all"}
        if min_state_version is not None:
            context["min_state_version"] = min_state_version
        body = {
            "subject": {"type": "module", "id": module},
            "action": {"name": "use"},
            "resource": {"type": "customer", "id": customer, "properties": {"fields": list(fields)}},
            "context": context,
        }
        got = self._call("POST", "/access/v1/evaluation", json=body)
        details = got["context"]
        return Answer(
            got["decision"],
            details["decision_id"],
            details["state_version"],
            details["policy_version"],
            {name: f["effect"] for name, f in details["fields"].items()},
            details["reasons"],
        )

    def read(self, dataset: str, collection: str, key: str, *, purpose: str, fields: Sequence[str] = ()) -> Record:
        """One record for a purpose: permitted fields in clear or masked."""
        path = f"/v1/records/{dataset}/{collection}/{key}"
        return _record(self._call("GET", path, params=_query(purpose, fields)))

    def find(
        self,
        dataset: str,
        collection: str,
        *,
        purpose: str,
        email: str | None = None,
        phone: str | None = None,
        fields: Sequence[str] = (),
    ) -> list[Record]:
        """The records of one person, by e-mail or phone; sealed columns are searched as well."""
        params = _query(purpose, fields) | {k: v for k, v in (("email", email), ("phone", phone)) if v is not None}
        got = self._call("GET", f"/v1/records/{dataset}/{collection}", params=params)
        return [_record(r) for r in got["records"]]

    def change(self, dataset: str, collection: str, key: str, values: Mapping[str, Any], *, purpose: str) -> str:
        """Change fields of a record; returns the decision's id."""
        path = f"/v1/records/{dataset}/{collection}/{key}"
        return str(self._call("PATCH", path, params={"purpose": purpose}, json=dict(values))["decision_id"])

    def record_consent(
        self,
        customer: Mapping[str, str],
        *,
        purpose: str,
        state: str,
        notice: Mapping[str, Any],
        source: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """Record that a person gave, refused or withdrew consent; holds at once."""
        body = {"customer": customer, "purpose": purpose, "state": state, "notice": notice, "source": source}
        got: Mapping[str, Any] = self._call("POST", "/v1/consents", json=body)
        return got

    def append_event(self, kind: str, payload: Mapping[str, Any], customer: Mapping[str, str] | None = None) -> str:
        """The module's own entry in the audit log; returns its id."""
        body = {"type": kind, "payload": payload} | ({"customer": customer} if customer else {})
        return str(self._call("POST", "/v1/audit/events", json=body)["id"])

    def _call(self, method: str, path: str, **more: Any) -> Any:
        response = self._http.request(method, path, **more)
        if response.is_success:
            return response.json()
        raise _problem(response)


def _query(purpose: str, fields: Sequence[str]) -> dict[str, str]:
    return {"purpose": purpose} | ({"fields": ",".join(fields)} if fields else {})


def _record(got: Mapping[str, Any]) -> Record:
    withheld = {n: Withheld(w["effect"], w.get("reason")) for n, w in got["withheld"].items()}
    return Record(got["key"], got["fields"], withheld, got["decision_id"])


def _problem(response: httpx.Response) -> Problem:
    try:
        got = response.json()
    except ValueError:
        got = {}
    slug = str(got.get("type", "")).rpartition("/")[2] or "unknown"
    return Problem(response.status_code, slug, got.get("title", ""), got.get("detail", ""), got.get("errors", ()))
