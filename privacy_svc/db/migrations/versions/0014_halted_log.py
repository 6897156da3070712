"""A log that a witness contradicts is halted.

Revision ID: 0014
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0011"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("audit_tree") as batch:
        batch.add_column(sa.Column("halted", _TEXT, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("audit_tree") as batch:
        batch.drop_column("halted")
