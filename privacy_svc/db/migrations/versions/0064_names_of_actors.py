"""Whom the log means by a name: two people who were called the same were one pair of eyes.

Revision ID: 0064
Revises: 0063
"""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")
_TAKEN = (
    ("account", "staff_accounts", "TRUE"),
    ("client", "clients", "TRUE"),
    ("link", "staff_links", "TRUE"),
    ("link", "sessions", "account_hash IS NULL AND subject_id IS NULL"),
)
"""What is known of names until now; the first who has one keeps it."""


def upgrade() -> None:
    op.create_table(
        "actor_names",
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("holder", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_actor_names")),
    )
    for holder, table, which in _TAKEN:
        op.execute(
            f"INSERT INTO actor_names (name, holder) SELECT DISTINCT name, '{holder}' FROM {table} "  # noqa: S608 - ours
            f"WHERE {which} AND name NOT IN (SELECT name FROM actor_names)"
        )


def downgrade() -> None:
    op.drop_table("actor_names")
