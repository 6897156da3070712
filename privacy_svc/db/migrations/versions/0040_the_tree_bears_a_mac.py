"""The log's tree bears a MAC of its size and root.

The keys are not at hand here: what it holds at this moment, and what processes of the version before put into it while
it is replaced, is known by the newest checkpoint, and the entries behind that by their payload.

Revision ID: 0040
Revises: 0039
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_tree", sa.Column("mac", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("audit_tree", "mac")
