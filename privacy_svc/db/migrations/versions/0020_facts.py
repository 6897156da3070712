"""What decisions need of the customer store about a person, and how far the look at everybody has come.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

from privacy_svc.db.base import Instant

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.add_column("subjects", sa.Column("of_age", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("subjects", sa.Column("birth", sa.LargeBinary(), nullable=True))
    op.add_column("subjects", sa.Column("country", _TEXT, nullable=True))
    op.add_column("subjects", sa.Column("ended_on", sa.Date(), nullable=True))
    op.create_table(
        "fact_walks",
        sa.Column("dataset", _TEXT, nullable=False),
        sa.Column("collection", _TEXT, nullable=False),
        sa.Column("after", _TEXT, nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("dataset", "collection", name=op.f("pk_fact_walks")),
    )


def downgrade() -> None:
    op.drop_table("fact_walks")
    for name in ("ended_on", "country", "birth", "of_age"):
        op.drop_column("subjects", name)
