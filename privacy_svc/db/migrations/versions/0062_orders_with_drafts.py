"""What an order for long work needs beside its subject: a draft of policy files to be tried.

Revision ID: 0062
Revises: 0061
"""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_orders", sa.Column("given", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("audit_orders", "given")
