"""The limits of `benchmarks.serving`: bare Litestar routes that do one indexed SELECT, and one INSERT with its commit,
in a thread."""

import os
import uuid

from litestar import Litestar, get, post
from litestar.params import FromPath
from sqlalchemy import create_engine, text

_ONE = text("SELECT subject_id FROM subject_rows WHERE dataset = 'shop' AND collection = 'customers' AND key = :key")

_TABLE = text("CREATE TABLE IF NOT EXISTS bench_notes (id VARCHAR PRIMARY KEY, said VARCHAR)")
_NOTE = text("INSERT INTO bench_notes (id, said) VALUES (:id, 'given')")


def from_environment() -> Litestar:
    engine = create_engine(os.environ["BENCH_DATABASE"])
    with engine.begin() as connection:
        connection.execute(_TABLE)

    @get("/{key:str}", sync_to_thread=True)
    def look_up(key: FromPath[str]) -> dict[str, str | None]:
        with engine.connect() as connection:
            return {"subject": connection.scalar(_ONE, {"key": key})}

    @post("/", sync_to_thread=True)
    def note() -> dict[str, str]:
        key = uuid.uuid4().hex
        with engine.begin() as connection:
            connection.execute(_NOTE, {"id": key})
        return {"id": key}

    return Litestar([look_up, note])
