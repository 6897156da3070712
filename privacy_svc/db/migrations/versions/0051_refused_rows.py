"""Rows of the log's outbox that are no entries of this service are marked, and passed over.

Revision ID: 0051
Revises: 0036
"""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0036"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.add_column("audit_outbox", sa.Column("refused", _TEXT, nullable=True))


def downgrade() -> None:
    op.drop_column("audit_outbox", "refused")
