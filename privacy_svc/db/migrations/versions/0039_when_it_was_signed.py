"""When the log's tree was signed last, so that all processes together sign it once a second.

Revision ID: 0039
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_tree", sa.Column("signed_ms", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("audit_tree", "signed_ms")
