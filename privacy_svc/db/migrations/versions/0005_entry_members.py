"""Entries about many people.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit_members",
        sa.Column("entry_id", _TEXT, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject_id", _TEXT, nullable=True),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("group", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "position", name=op.f("pk_audit_members")),
    )
    op.create_index("ix_audit_members_subject", "audit_members", ["subject_id", "entry_id"])


def downgrade() -> None:
    op.drop_table("audit_members")
