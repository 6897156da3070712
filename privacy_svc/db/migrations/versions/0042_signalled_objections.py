"""Which objections a browser's general signal raised. Of older ones that is not known: the next signal counts.

Revision ID: 0042
Revises: 0041
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("objections") as batch:
        batch.add_column(sa.Column("signalled", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("objections") as batch:
        batch.alter_column("signalled", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("objections") as batch:
        batch.drop_column("signalled")
