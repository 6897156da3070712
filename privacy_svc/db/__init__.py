"""The privacy database: engine, unit of work, the tables' base, migrations.

One request or one workflow step is one transaction: it begins at the boundary with
`Database.write()` or `Database.read()` and nobody below the boundary commits.
"""

from privacy_svc.db.ahead import ahead, each_ahead
from privacy_svc.db.among import among, prefer_indexes
from privacy_svc.db.base import CLOCK_SKEW, EARLIEST, Base, Instant, new_id, now
from privacy_svc.db.engine import Database, make_engine, parse_url
from privacy_svc.db.gathered import gathered_texts, joined_bytes, packed
from privacy_svc.db.inserting import insert_rows
from privacy_svc.db.together import Together, each

__all__ = [
    "CLOCK_SKEW",
    "EARLIEST",
    "Base",
    "Database",
    "Instant",
    "Together",
    "ahead",
    "among",
    "each",
    "each_ahead",
    "gathered_texts",
    "insert_rows",
    "joined_bytes",
    "make_engine",
    "new_id",
    "now",
    "packed",
    "parse_url",
    "prefer_indexes",
]
