"""When a request is turned to again that waits for something that is away.

Revision ID: 0051
Revises: 0048
"""

import sqlalchemy as sa
from alembic import op

from privacy_svc.db.base import Instant

revision = "0051"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("requests", sa.Column("next_at", Instant(), nullable=True))
    op.add_column("requests", sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("requests") as batch:
        batch.drop_column("tries")
        batch.drop_column("next_at")
