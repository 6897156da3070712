"""Kept tags of the month bear a MAC: those without are made again when they are needed.

Revision ID: 0026
Revises: 0025
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM audit_month_tags")


def downgrade() -> None:
    op.execute("DELETE FROM audit_month_tags")
