"""Files of a request, and what erasures left by law with its date (GDPR 16, 17(3)).

Revision ID: 0032
Revises: 0030
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

from privacy_svc.db.base import Instant

revision = "0032"
down_revision = "0030"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "request_files",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("request_id", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_by", _TEXT, nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_request_files_request_id_requests")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_files")),
    )
    op.create_index(op.f("ix_request_files_request_id"), "request_files", ["request_id"])
    kept = op.create_table(
        "kept_values",
        sa.Column("subject_id", _TEXT, nullable=False),
        sa.Column("collection", _TEXT, nullable=False),
        sa.Column("field", _TEXT, nullable=False),
        sa.Column("request_id", _TEXT, nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_kept_values_request_id_requests")),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_kept_values_subject_id_subjects")),
        sa.PrimaryKeyConstraint("subject_id", "collection", "field", name=op.f("pk_kept_values")),
    )
    op.create_index("ix_kept_values_due", "kept_values", ["ended_at", "until"])
    _of_before(kept)


def _of_before(kept: sa.Table) -> None:
    """What erasures before this version left stands in what their runs noted."""
    names = ("id", "subject_id", "received_at", "right", "state")
    requests = sa.table("requests", sa.column("progress", sa.JSON()), *(sa.column(name) for name in names))
    done = sa.select(requests.c.id, requests.c.subject_id, requests.c.progress).where(
        requests.c.right == "erasure", requests.c.state == "completed"
    )
    connection = op.get_bind()
    found = {
        (subject_id, item["collection"], item["field"]): (request_id, item["keep_until"])
        for request_id, subject_id, progress in connection.execute(done.order_by(requests.c.received_at))
        for item in (progress or {}).get("erased", ())
        if item.get("keep_until")
    }
    rows = [
        {
            "subject_id": subject_id,
            "collection": collection,
            "field": field,
            "request_id": request_id,
            "until": datetime.fromisoformat(until),
            "ended_at": None,
        }
        for (subject_id, collection, field), (request_id, until) in found.items()
    ]
    if rows:
        connection.execute(kept.insert(), rows)
