"""Up to where the log was pruned.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("audit_tree") as batch:
        batch.add_column(sa.Column("first", sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("audit_tree") as batch:
        batch.alter_column("first", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("audit_tree") as batch:
        batch.drop_column("first")
