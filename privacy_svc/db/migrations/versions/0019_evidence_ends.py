"""Evidence keys of erased people end on a date.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

from privacy_svc.db.base import Instant

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("fences") as batch:
        batch.add_column(sa.Column("evidence_until", Instant(), nullable=True))
        batch.add_column(sa.Column("evidence_ended_at", Instant(), nullable=True))
        batch.add_column(sa.Column("evidence_through", sa.Integer(), nullable=False, server_default=sa.text("0")))


def downgrade() -> None:
    with op.batch_alter_table("fences") as batch:
        batch.drop_column("evidence_through")
        batch.drop_column("evidence_ended_at")
        batch.drop_column("evidence_until")
