"""What a person's log was found to say of releases of their data, so that it is read once; names of staff's accounts.

Revision ID: 0048
Revises: 0047
"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "recounts",
        sa.Column("subject_id", _TEXT, nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.Column("since", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_recounts")),
    )
    op.create_table(
        "staff_accounts",
        sa.Column("account_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account_hash", name=op.f("pk_staff_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_staff_accounts_name")),
    )


def downgrade() -> None:
    for table in ("staff_accounts", "recounts"):
        op.drop_table(table)
