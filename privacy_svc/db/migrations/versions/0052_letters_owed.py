"""Letters that a person has not been sent yet.

Revision ID: 0052
Revises: 0051
"""

import sqlalchemy as sa
from alembic import op

from privacy_svc.db.base import Instant

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")
_TABLE = "request_letters"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("request_id", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("written_at", Instant(), nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("problem", _TEXT, nullable=True),
        sa.Column("told_at", Instant(), nullable=True),
        sa.Column("told_how", _TEXT, nullable=True),
        sa.Column("told_by", _TEXT, nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_request_letters_request_id_requests")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_letters")),
    )
    op.create_index(op.f("ix_request_letters_request_id"), _TABLE, ["request_id"])
    op.create_index(op.f("ix_request_letters_next_at"), _TABLE, ["next_at"])


def downgrade() -> None:
    op.drop_table(_TABLE)
