"""Entries that wait for the log's tree bear a MAC; rows that are none of this service's are marked, and passed over.

What waits at this moment, or is written by processes of the version before while it is replaced, has no MAC: the keys
are not at hand here. Such entries are known by their payload instead, which only our keys seal to their leaf.

Revision ID: 0051
Revises: 0048
"""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0048"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.add_column("audit_outbox", sa.Column("mac", sa.LargeBinary(), nullable=True))
    op.add_column("audit_outbox", sa.Column("refused", _TEXT, nullable=True))


def downgrade() -> None:
    op.drop_column("audit_outbox", "refused")
    op.drop_column("audit_outbox", "mac")
