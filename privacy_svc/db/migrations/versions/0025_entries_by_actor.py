"""The log is searched by actor too.

Revision ID: 0025
Revises: 0024
"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_INDEX = "ix_audit_entries_actor"


def upgrade() -> None:
    op.create_index(_INDEX, "audit_entries", ["actor", "index"])


def downgrade() -> None:
    op.drop_index(_INDEX, table_name="audit_entries")
