"""Kept values end row by row: when the last of a place does.

Revision ID: 0053
Revises: 0052
"""

import sqlalchemy as sa
from alembic import op

from privacy_svc.db.base import Instant

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("kept_values", sa.Column("last_until", Instant(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("kept_values") as batch:
        batch.drop_column("last_until")
