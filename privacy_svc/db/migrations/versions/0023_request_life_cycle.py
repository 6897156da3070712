"""A request's clock, questions to the person, second approvals, merged requests, and who was told of a deadline.

Revision ID: 0023
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

from privacy_svc.db.base import Instant

revision = "0023"
down_revision = "0019"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    for column in (
        sa.Column("clock_from", Instant(), nullable=True),
        sa.Column("paused_since", Instant(), nullable=True),
        sa.Column("paused_days", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("waiting_for", _TEXT, nullable=True),
        sa.Column("asked_at", Instant(), nullable=True),
        sa.Column("stops_clock", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("language", _TEXT, nullable=True),
        sa.Column("first_approved_by", _TEXT, nullable=True),
        sa.Column("refusal_proposed_by", _TEXT, nullable=True),
        sa.Column("merged_into", _TEXT, nullable=True),
    ):
        op.add_column("requests", column)
    op.create_table(
        "request_alerts",
        sa.Column("request_id", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("claimed_at", Instant(), nullable=True),
        sa.Column("mailed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_request_alerts_request_id_requests")),
        sa.PrimaryKeyConstraint("request_id", "kind", "days", "since", name=op.f("pk_request_alerts")),
    )
    op.create_index(op.f("ix_request_alerts_mailed_at"), "request_alerts", ["mailed_at"])


def downgrade() -> None:
    op.drop_table("request_alerts")
    for column in (
        "merged_into",
        "refusal_proposed_by",
        "first_approved_by",
        "language",
        "stops_clock",
        "asked_at",
        "waiting_for",
        "paused_days",
        "paused_since",
        "clock_from",
    ):
        op.drop_column("requests", column)
