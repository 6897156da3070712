"""Customers sign in: one table of sessions for everybody, codes, and counts of tries.

Revision ID: 0037
Revises: 0036
"""

import sqlalchemy as sa
from alembic import op

from privacy_svc.db.base import Instant

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    # Sessions live for hours: whoever is signed in during the upgrade signs in again.
    op.drop_table("staff_sessions")
    _sessions("sessions", sa.Column("subject_id", _TEXT, nullable=True))
    op.create_index(op.f("ix_sessions_subject_id"), "sessions", ["subject_id"])
    op.create_table(
        "sign_in_codes",
        sa.Column("flow_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("subject_id", _TEXT, nullable=True),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("flow_hash", name=op.f("pk_sign_in_codes")),
    )
    op.create_index(op.f("ix_sign_in_codes_expires_at"), "sign_in_codes", ["expires_at"])
    op.create_table(
        "tallies",
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_tallies")),
    )
    op.create_index(op.f("ix_tallies_expires_at"), "tallies", ["expires_at"])


def downgrade() -> None:
    for table in ("tallies", "sign_in_codes", "sessions"):
        op.drop_table(table)
    _sessions("staff_sessions")


def _sessions(name: str, *more: sa.Column[str]) -> None:
    op.create_table(
        name,
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("role", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        *more,
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_used_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("secret_hash", name=op.f(f"uq_{name}_secret_hash")),
    )
