"""Other systems are told that a restriction is over, too.

Revision ID: 0045
Revises: 0043
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("request_works", sa.Column("lifts", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    op.drop_column("request_works", "lifts")
