"""That a root key is about to be destroyed is written down before it is.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

from privacy_svc.db.base import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("root_epochs") as batch:
        batch.add_column(sa.Column("ordered_at", Instant(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("root_epochs") as batch:
        batch.drop_column("ordered_at")
