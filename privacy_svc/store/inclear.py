"""Rows that may hold an address in clear: candidates, which are compared once they are read."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from privacy_svc.policy import Field
from privacy_svc.store.model import SealedColumn

MOST = 20
"""Most rows in clear that are looked at for one value; two that fit are a Conflict already."""
LEAST_DIGITS = 6
"""So many last digits of a telephone number are the same in every spelling."""
_BETWEEN = " -/().+"
"""What stands between the digits of a telephone number."""


def is_complete(session: Session, field: Field) -> bool:
    """Nothing in clear was left by the last run, so only what the CRM wrote since can be."""
    record = session.get(SealedColumn, field.id) if field.seal else None
    return record is not None and record.complete_at is not None


def complete_paths(session: Session) -> frozenset[str]:
    """dataset.collection.field of every field of which that is so."""
    return frozenset(session.scalars(select(SealedColumn.path).where(SealedColumn.complete_at.is_not(None))))


def in_clear(column: Column[Any], kind: str, values: Sequence[str], *, complete: bool) -> ColumnElement[bool]:
    """Rows that may hold one of the values in clear. While many do, in any case or spelling, at the price of a scan;
    later as the CRM itself would ask, by equality, for which it has its index."""
    spelled = [v.strip() for v in values]
    if complete:
        return column.in_(list(dict.fromkeys((*values, *spelled, *(s.lower() for s in spelled)))))
    digits = {s: re.sub(r"\D", "", s) for s in spelled}
    ends = {d[-LEAST_DIGITS:] for d in digits.values() if kind == "phone" and len(d) >= LEAST_DIGITS}
    others = {s.lower() for s, d in digits.items() if kind != "phone" or len(d) < LEAST_DIGITS}
    ways: list[ColumnElement[bool]] = []
    if others:
        ways.append(func.lower(func.trim(column)).in_(sorted(others)))
    if ends:
        bare: ColumnElement[Any] = column
        for between in _BETWEEN:
            bare = func.replace(bare, between, "")
        last = func.substr(bare, func.length(bare) - (LEAST_DIGITS - 1))
        ways += [column.in_(list(values)), last.in_(sorted(ends))]
    return or_(*ways)
