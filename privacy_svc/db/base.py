"""What all tables share: the declarative base, ids, instants."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import DateTime, Dialect, LargeBinary, MetaData, String, Text, TypeDecorator
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.orm import DeclarativeBase

from privacy_svc.errors import BadRequest


class BeyondTime(BadRequest, DontWrapMixin):
    """A caller's: we know no such time ourselves."""


class Instant(TypeDecorator[datetime]):
    """A point in time, always aware and in UTC; SQLite's driver would drop the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        """On SQLite text as SQLAlchemy writes it, which takes five times as long."""
        return _text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        return _utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise BeyondTime("A time lies before the year 1 or after the year 9999, as seen in UTC.") from None


def _text(value: datetime | None) -> str | None:
    return None if value is None else _utc(value).isoformat(" ", "microseconds")[:26]


class Base(DeclarativeBase):
    """Constraint names are fixed, so that migrations can speak of them on every dialect."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant,
        bytes: LargeBinary,
        str: String().with_variant(Text(), "sqlite"),
    }


CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of ours a caller's clock may be; what it tells is of now."""
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing that somebody tells us of happened before."""


def now() -> datetime:
    return datetime.now(UTC)


_VERSION_7 = 0x7 << 76 | 0x2 << 62
_RANDOM = (1 << 80) - 1 ^ (0xF << 76 | 0x3 << 62)


def new_id(bits: Callable[[int], int] | None = None) -> str:
    """A UUIDv7 (RFC 9562 §5.7) as text: 48 bits of Unix milliseconds, then 74 random bits; the system's where no others
    are given."""
    random = int.from_bytes(os.urandom(10)) if bits is None else bits(80)
    text = f"{(time.time_ns() // 1_000_000) << 80 | random & _RANDOM | _VERSION_7:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
