"""PostgreSQL's ANALYZE copies values into pg_statistic, from where no erasure would remove a wrapped key.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WRAPPED = ("page_keys", "subject_keys", "index_roots")


def upgrade() -> None:
    _statistics(0)


def downgrade() -> None:
    _statistics(-1)


def _statistics(target: int) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in WRAPPED:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN wrapped SET STATISTICS {target}")
