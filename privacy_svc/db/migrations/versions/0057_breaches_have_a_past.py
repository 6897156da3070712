"""Kinds of people a breach concerns (Art. 33(3)(a) GDPR).

Revision ID: 0057
Revises: 0054
"""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("breaches", sa.Column("subjects", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    op.drop_column("breaches", "subjects")
