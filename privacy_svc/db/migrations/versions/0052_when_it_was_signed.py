"""When the log's tree was signed last, so that all processes together sign it once a second.

Revision ID: 0052
Revises: 0051
"""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_tree", sa.Column("signed_ms", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("audit_tree", "signed_ms")
