"""The suppression list, and how far each import came.

Revision ID: 0011
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from privacy_svc.db.base import Instant

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "suppressions",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("scope", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "scope", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "consent_imports",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("digest", _TEXT, nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("started_by", _TEXT, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("recorded", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("refused", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_imports")),
        sa.UniqueConstraint("digest", name=op.f("uq_consent_imports_digest")),
    )


def downgrade() -> None:
    op.drop_table("consent_imports")
    op.drop_table("suppressions")
