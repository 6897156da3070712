"""Each judgement of a breach and each notice (Art. 33(4), 33(5) GDPR), and the kinds of people it concerns.

Revision ID: 0057
Revises: 0054
"""

import sqlalchemy as sa
from alembic import op

from privacy_svc.db import Instant

revision = "0057"
down_revision = "0054"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.add_column("breaches", sa.Column("subjects", sa.JSON(), server_default="[]", nullable=False))
    op.create_table(
        "breach_events",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("breach_id", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by", _TEXT, nullable=False),
        sa.Column("risk", _TEXT, nullable=True),
        sa.Column("told_at", Instant(), nullable=True),
        sa.Column("exempt", _TEXT, nullable=True),
        sa.Column("replaces", _TEXT, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["breach_id"], ["breaches.id"], name=op.f("fk_breach_events_breach_id_breaches")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breach_events")),
    )
    op.create_index(op.f("ix_breach_events_breach_id"), "breach_events", ["breach_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_breach_events_breach_id"), "breach_events")
    op.drop_table("breach_events")
    op.drop_column("breaches", "subjects")
