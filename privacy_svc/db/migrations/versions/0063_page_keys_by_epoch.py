"""Whether a root key still wraps anything is looked up, at every look at the service's health too.

Revision ID: 0063
Revises: 0062
"""

from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_page_keys_epoch"), "page_keys", ["epoch"])


def downgrade() -> None:
    op.drop_index(op.f("ix_page_keys_epoch"), "page_keys")
