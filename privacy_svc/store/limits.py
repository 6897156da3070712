"""How long a customer store may keep us waiting.

All decisions go through one thread, and a look-up that waits for a lock of the CRM would hold up every one of them. So
look-ups are short. Writes may be a whole table's, and the CRM's own transactions hold rows: they wait longer for locks,
and work for as long as it takes. A limit that the URL, the role or the server's own settings name stands.
"""

from typing import Any, NamedTuple

from sqlalchemy import URL, Connection, Engine, event


class Limits(NamedTuple):
    """Seconds to wait for a lock, and those of one statement; 0: as long as it takes."""

    lock: int
    statement: int


CONNECT_SECONDS = 3
LOOK_UP = Limits(lock=5, statement=30)
WRITE = Limits(lock=30, statement=0)
_CONNECTING: dict[str, dict[str, str]] = {
    "postgresql": {
        "connect_timeout": str(CONNECT_SECONDS),
        # A network that is cut is no error by itself: who waits for an answer asks after the other side.
        "keepalives_idle": "10",
        "keepalives_interval": "5",
        "keepalives_count": "3",
    },
    "mysql": {"connect_timeout": str(CONNECT_SECONDS)},
    "mariadb": {"connect_timeout": str(CONNECT_SECONDS)},
}
_OURS, _NOW = "limits_ours", "limits_now"
"""In a connection's `info`: which limits nobody else names, and those it has at present."""


def with_limits(url: URL) -> URL:
    """How long connecting may take."""
    return url.set(query={**_CONNECTING.get(url.get_backend_name(), {}), **url.query})


def limit(engine: Engine) -> None:
    """What begins `immediate` is a write."""
    _BY_DIALECT[engine.dialect.name](engine)


def _is_write(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("immediate"))


def _limit_postgresql(engine: Engine) -> None:
    if_unsaid = "SELECT name, set_config(name, %s, false) FROM pg_settings WHERE name = %s AND source = 'default'"

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, record: Any) -> None:
        with connection.cursor() as cursor:
            ours = record.info[_OURS] = []
            for name, seconds in _postgresql(LOOK_UP).items():
                ours += [named for named, _ in cursor.execute(if_unsaid, (f"{seconds}s", name)).fetchall()]
        connection.commit()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if _is_write(connection) and (ours := connection.info[_OURS]):
            wanted = _postgresql(WRITE)
            connection.exec_driver_sql(
                "SELECT " + ", ".join(f"set_config('{name}', '{wanted[name]}s', true)" for name in ours)
            )


def _postgresql(limits: Limits) -> dict[str, int]:
    return {"lock_timeout": limits.lock, "statement_timeout": limits.statement}


def _limit_mariadb(engine: Engine) -> None:
    """It has no settings of one transaction: they change where a look-up follows a write, or a write a look-up."""
    said = str(engine.url.query.get("init_command", ""))

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        limits = WRITE if _is_write(connection) else LOOK_UP
        if connection.info.get(_NOW) != limits:
            wanted = _mariadb(limits, genuine=bool(getattr(engine.dialect, "is_mariadb", False)))
            ours = [f"{name} = {value}" for name, value in wanted.items() if name not in said]
            if ours:
                connection.exec_driver_sql("SET SESSION " + ", ".join(ours))
            connection.info[_NOW] = limits


def _mariadb(limits: Limits, *, genuine: bool) -> dict[str, int]:
    """MySQL's own counts milliseconds, of what reads alone."""
    locks = {"lock_wait_timeout": limits.lock}
    statement, seconds = ("max_statement_time", 1) if genuine else ("max_execution_time", 1000)
    return locks | {statement: limits.statement * seconds}


def _limit_sqlite(engine: Engine) -> None:
    """It has no limit of a statement: no other process holds it up, but by its lock."""
    said = engine.url.query.get("timeout")

    def _begin(connection: Connection) -> None:
        seconds = float(str(said)) if said else (WRITE if _is_write(connection) else LOOK_UP).lock
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(seconds * 1000)}")

    event.listen(engine, "begin", _begin, insert=True)  # before the lock is taken


_BY_DIALECT = {
    "postgresql": _limit_postgresql,
    "mysql": _limit_mariadb,
    "mariadb": _limit_mariadb,
    "sqlite": _limit_sqlite,
}
