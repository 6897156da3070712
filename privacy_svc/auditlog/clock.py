"""The database's clock: one for all machines."""

from typing import Any

from sqlalchemy import BigInteger, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement


class _Milliseconds(FunctionElement[int]):
    type = BigInteger()
    inherit_cache = True


@compiles(_Milliseconds, "sqlite")
def _of_sqlite(_element: _Milliseconds, _compiler: Any, **_more: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


@compiles(_Milliseconds, "postgresql")
def _of_postgresql(_element: _Milliseconds, _compiler: Any, **_more: Any) -> str:
    """Not the beginning of the transaction, which may have waited for its turn."""
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


_NOW = select(_Milliseconds())


def milliseconds(session: Session) -> int:
    """Since 1970."""
    return session.connection().execute(_NOW).scalar_one()
