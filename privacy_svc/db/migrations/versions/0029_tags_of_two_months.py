"""Tags of the next month are kept beside those of the running one. What was kept is made again when it is needed.

Revision ID: 0029
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0027"
branch_labels = None
depends_on = None

_TABLE, _INDEX = "audit_month_tags", "ix_audit_month_tags_month"


def upgrade() -> None:
    op.drop_table(_TABLE)
    _create("subject_id", "month")
    op.create_index(_INDEX, _TABLE, ["month", "subject_id"])


def downgrade() -> None:
    op.drop_table(_TABLE)
    _create("subject_id")


def _create(*key: str) -> None:
    text = sa.String().with_variant(sa.Text(), "sqlite")
    op.create_table(
        _TABLE,
        sa.Column("subject_id", text, nullable=False),
        sa.Column("month", text, nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_audit_month_tags")),
    )
