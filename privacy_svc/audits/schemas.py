"""Audits on the wire. Reports and the register go out as they were signed or compiled."""

from datetime import datetime

import msgspec


class RunAudit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    programme: str
    as_of: datetime | None = None


class AuditDone(msgspec.Struct, frozen=True):
    """`summary` counts checks by status: pass, finding, accepted, error, not_applicable."""

    id: str
    programme: str
    summary: dict[str, int]
    report: str
    """Where the signed report is, as JSON, CSV or HTML by `Accept`."""
