"""What a sealed column was, to the letter, and how far its sealing is.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from privacy_svc.db.base import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("sealed_columns") as batch:
        batch.add_column(sa.Column("kind", sa.String(), nullable=False, server_default="text"))
        batch.add_column(sa.Column("original_default", sa.String(), nullable=True))
        batch.add_column(sa.Column("prefixed", sa.String(), nullable=True))
        batch.add_column(sa.Column("complete_at", Instant(), nullable=True))
        batch.alter_column("sealed_at", existing_type=Instant(), nullable=True)


def downgrade() -> None:
    with op.batch_alter_table("sealed_columns") as batch:
        batch.alter_column("sealed_at", existing_type=Instant(), nullable=False)
        for name in ("complete_at", "prefixed", "original_default", "kind"):
            batch.drop_column(name)
