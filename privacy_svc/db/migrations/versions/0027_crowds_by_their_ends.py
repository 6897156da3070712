"""A person's place among crowds is found in an index alone, by both ends of each part.

Revision ID: 0027
Revises: 0026
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_BEFORE, _INDEX, _TABLE = "ix_audit_crowds_month", "ix_audit_crowds_ends", "audit_crowds"


def upgrade() -> None:
    op.create_index(_INDEX, _TABLE, ["month", "first", "last", "entry_id", "part"])
    op.drop_index(_BEFORE, table_name=_TABLE)


def downgrade() -> None:
    op.create_index(_BEFORE, _TABLE, ["month", "first"])
    op.drop_index(_INDEX, table_name=_TABLE)
