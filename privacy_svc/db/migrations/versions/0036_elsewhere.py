"""What other systems, and people, have to do in the course of a request.

Revision ID: 0036
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op

from privacy_svc.db.base import Instant

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "request_works",
        sa.Column("request_id", _TEXT, nullable=False),
        sa.Column("place", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("problem", _TEXT, nullable=True),
        sa.Column("about", sa.LargeBinary(), nullable=True),
        sa.Column("mailed_at", Instant(), nullable=True),
        sa.Column("gathered", sa.LargeBinary(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("done_by", _TEXT, nullable=True),
        sa.Column("said", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_request_works_request_id_requests")),
        sa.PrimaryKeyConstraint("request_id", "place", name=op.f("pk_request_works")),
    )
    op.create_index(op.f("ix_request_works_next_at"), "request_works", ["next_at"])


def downgrade() -> None:
    op.drop_table("request_works")
