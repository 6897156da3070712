"""Consents that wait for the person to confirm them.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

from privacy_svc.db.base import Instant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "confirmations",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("subject_id", _TEXT, nullable=False),
        sa.Column("purpose", _TEXT, nullable=False),
        sa.Column("standing", _TEXT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_confirmations_subject_id_subjects")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_confirmations")),
    )
    op.create_index(op.f("ix_confirmations_subject_id"), "confirmations", ["subject_id"])


def downgrade() -> None:
    op.drop_table("confirmations")
