"""A link that waits to be confirmed says when its letter is to be sent; those of before were sent.

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

from privacy_svc.db.base import Instant

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_TABLE, _INDEX = "confirmations", "ix_confirmations_send_at"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("send_at", Instant(), nullable=True))
    op.create_index(_INDEX, _TABLE, ["send_at"])


def downgrade() -> None:
    op.drop_index(_INDEX, _TABLE)
    op.drop_column(_TABLE, "send_at")
