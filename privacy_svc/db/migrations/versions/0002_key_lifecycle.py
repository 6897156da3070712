"""Root epochs, the fence ledger, generations of keys and indexes.

Revision ID: 0002
Revises: 0001
"""

import json

import sqlalchemy as sa
from alembic import op

from privacy_svc.db.base import Instant, new_id

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_FIRST = sa.text("'2026-01-01 00:00:00+00:00'")
"""Before these columns there was no telling; only the age of keys is judged by them."""


def upgrade() -> None:
    op.create_table(
        "root_epochs",
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("retired_at", Instant(), nullable=True),
        sa.Column("destroyed_at", Instant(), nullable=True),
        sa.Column("receipt", sa.String().with_variant(sa.Text(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("epoch", name=op.f("pk_root_epochs")),
    )
    op.create_table(
        "fence_ledger",
        sa.Column("id", sa.String().with_variant(sa.Text(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String().with_variant(sa.Text(), "sqlite"), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("body", sa.String().with_variant(sa.Text(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fence_ledger")),
        sa.UniqueConstraint("number", name=op.f("uq_fence_ledger_number")),
    )
    for table in ("page_keys", "subject_keys", "index_roots"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("created_at", Instant(), nullable=False, server_default=_FIRST))
        with op.batch_alter_table(table) as batch:
            batch.alter_column("created_at", server_default=None)
    with op.batch_alter_table("index_roots") as batch:
        batch.add_column(sa.Column("complete", sa.Boolean(), nullable=False, server_default=sa.text("true")))
    with op.batch_alter_table("fences") as batch:
        batch.add_column(sa.Column("page_replaced_at", Instant(), nullable=True))
        batch.add_column(sa.Column("readmitted_at", Instant(), nullable=True))
    op.execute("UPDATE fences SET page_replaced_at = at")
    with op.batch_alter_table("index_entries") as batch:
        batch.add_column(sa.Column("generation", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("index_entries") as batch:
        batch.alter_column("generation", server_default=None)
        batch.drop_constraint(op.f("pk_index_entries"), type_="primary")
        batch.create_primary_key(op.f("pk_index_entries"), ["field_id", "normaliser", "row", "generation"])
    _write_down_fences()


def _write_down_fences() -> None:
    """The erasures so far, for the ledger outside the database."""
    fences = sa.table("fences", *(sa.column(n) for n in ("subject_id", "erased_through", "request_id", "at")))
    ledger = sa.table(
        "fence_ledger", sa.column("id"), sa.column("kind"), sa.column("body"), sa.column("at", Instant())
    )
    names = ("subject_id", "erased_through", "request_id", "at")
    rows = op.get_bind().execute(sa.select(*(fences.c[n] for n in names[:3]), sa.type_coerce(fences.c.at, Instant())))
    entries = [
        {"id": new_id(), "kind": "fence", "at": at, "body": json.dumps(dict(zip(names, found, strict=False)))}
        for *found, at in rows
    ]
    if entries:
        op.bulk_insert(ledger, entries)


def downgrade() -> None:
    raise NotImplementedError("Keys that were replaced since cannot be brought back; restore a backup instead.")
