"""The limit of `benchmarks.serving`: a bare Litestar route that does one indexed SELECT, in a thread."""

import os

from litestar import Litestar, get
from litestar.params import FromPath
from sqlalchemy import create_engine, text

_ONE = text("SELECT subject_id FROM subject_rows WHERE dataset = 'shop' AND collection = 'customers' AND key = :key")


def from_environment() -> Litestar:
    engine = create_engine(os.environ["BENCH_DATABASE"])

    @get("/{key:str}", sync_to_thread=True)
    def look_up(key: FromPath[str]) -> dict[str, str | None]:
        with engine.connect() as connection:
            return {"subject": connection.scalar(_ONE, {"key": key})}

    return Litestar([look_up])
