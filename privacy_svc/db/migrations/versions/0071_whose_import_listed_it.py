"""Which import put an address on the suppression list: it is no obstacle to the other rows of the same file.

Revision ID: 0071
Revises: 0068
"""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("suppressions", sa.Column("import_id", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("suppressions", "import_id")
