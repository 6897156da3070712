"""Index entries of values that were sealed for a module and may never be written stand beside those of what is there.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_KEY = ["field_id", "normaliser", "row", "generation"]


def upgrade() -> None:
    with op.batch_alter_table("index_entries") as batch:
        batch.add_column(sa.Column("proposed", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("index_entries") as batch:
        batch.alter_column("proposed", server_default=None)
        batch.drop_constraint(op.f("pk_index_entries"), type_="primary")
        batch.create_primary_key(op.f("pk_index_entries"), [*_KEY, "proposed"])


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM index_entries WHERE proposed"))
    with op.batch_alter_table("index_entries") as batch:
        batch.drop_constraint(op.f("pk_index_entries"), type_="primary")
        batch.create_primary_key(op.f("pk_index_entries"), _KEY)
    with op.batch_alter_table("index_entries") as batch:
        batch.drop_column("proposed")
