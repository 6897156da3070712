"""Long work that somebody asked for in the console and a worker does: an audit, a check of the log, whom a breach
touched.

Revision ID: 0061
Revises: 0057
"""

import sqlalchemy as sa
from alembic import op

from privacy_svc.db import Instant

revision = "0061"
down_revision = "0057"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit_orders",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("about", _TEXT, nullable=False),
        sa.Column("ordered_at", Instant(), nullable=False),
        sa.Column("ordered_by", _TEXT, nullable=False),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("worker", _TEXT, nullable=True),
        sa.Column("beat_at", Instant(), nullable=True),
        sa.Column("tried", sa.Integer(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("problem", _TEXT, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_orders")),
        sa.UniqueConstraint("turn", name=op.f("uq_audit_orders_turn")),
    )


def downgrade() -> None:
    op.drop_table("audit_orders")
