"""Entries about crowds, and people's tags of the month.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit_crowds",
        sa.Column("entry_id", _TEXT, nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("month", _TEXT, nullable=False),
        sa.Column("first", sa.LargeBinary(), nullable=False),
        sa.Column("last", sa.LargeBinary(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "part", name=op.f("pk_audit_crowds")),
    )
    op.create_index("ix_audit_crowds_month", "audit_crowds", ["month", "first"])
    op.create_table(
        "audit_month_tags",
        sa.Column("subject_id", _TEXT, nullable=False),
        sa.Column("month", _TEXT, nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_audit_month_tags")),
    )


def downgrade() -> None:
    op.drop_table("audit_month_tags")
    op.drop_table("audit_crowds")
