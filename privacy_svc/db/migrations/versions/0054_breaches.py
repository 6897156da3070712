"""The register of personal data breaches (Art. 33(5) GDPR), and whose turn it is to run an audit.

Revision ID: 0054
Revises: 0053
"""

import sqlalchemy as sa
from alembic import op

from privacy_svc.db import Instant

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "breaches",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("aware_at", Instant(), nullable=False),
        sa.Column("began_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("client", _TEXT, nullable=True),
        sa.Column("registered_at", Instant(), nullable=False),
        sa.Column("registered_by", _TEXT, nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("records", sa.Integer(), nullable=True),
        sa.Column("risk", _TEXT, nullable=True),
        sa.Column("assessed_at", Instant(), nullable=True),
        sa.Column("assessed_by", _TEXT, nullable=True),
        sa.Column("authority_told_at", Instant(), nullable=True),
        sa.Column("people_told_at", Instant(), nullable=True),
        sa.Column("people_exempt", _TEXT, nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("closed_by", _TEXT, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breaches")),
    )
    op.create_table(
        "audit_turns",
        sa.Column("programme", _TEXT, nullable=False),
        sa.Column("period", _TEXT, nullable=False),
        sa.Column("claimed_at", Instant(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("programme", "period", name=op.f("pk_audit_turns")),
    )


def downgrade() -> None:
    op.drop_table("audit_turns")
    op.drop_table("breaches")
