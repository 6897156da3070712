"""To which mailbox a link went, as a keyed hash: a caller names a guardian's, and may name many children.

Revision ID: 0068
Revises: 0064
"""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("confirmations", sa.Column("mailbox", sa.LargeBinary(), nullable=True))
    op.create_index(op.f("ix_confirmations_mailbox"), "confirmations", ["mailbox"])


def downgrade() -> None:
    op.drop_index(op.f("ix_confirmations_mailbox"), "confirmations")
    op.drop_column("confirmations", "mailbox")
