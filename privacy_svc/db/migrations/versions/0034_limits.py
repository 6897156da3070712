"""The announced ends of restrictions, and who reviewed an automated decision.

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

from privacy_svc.db.base import Instant

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.add_column("requests", sa.Column("reviewed_by", _TEXT, nullable=True))
    op.create_table(
        "restriction_ends",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("subject_id", _TEXT, nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("announced_at", Instant(), nullable=False),
        sa.Column("announced_by", _TEXT, nullable=False),
        sa.Column("told_at", Instant(), nullable=True),
        sa.Column("told_how", _TEXT, nullable=True),
        sa.Column("lifted_at", Instant(), nullable=True),
        sa.Column("lifted_by", _TEXT, nullable=True),
        sa.Column("void_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_restriction_ends_subject_id_subjects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restriction_ends")),
    )
    op.create_index(op.f("ix_restriction_ends_subject_id"), "restriction_ends", ["subject_id"])


def downgrade() -> None:
    op.drop_table("restriction_ends")
    op.drop_column("requests", "reviewed_by")
