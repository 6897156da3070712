"""The log's record outside the database has an id, which the database knows; parts of a crowd's list have their root.

The first process that starts says which record it is. Lists of before have no roots, and are hashed as a whole.

Revision ID: 0041
Revises: 0040
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.add_column("audit_tree", sa.Column("record_id", _TEXT, nullable=True))
    op.add_column("audit_crowds", sa.Column("root", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("audit_crowds", "root")
    op.drop_column("audit_tree", "record_id")
