"""Entries of the suppression list are one for each person and reason. Whose the older ones are is not known: they stay.

Revision ID: 0043
Revises: 0042
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

_TABLE, _KEY, _INDEX = "suppressions", "pk_suppressions", "ix_suppressions_owner"


def upgrade() -> None:
    empty = sa.text("x''" if op.get_bind().dialect.name == "sqlite" else "''")  # there a text is never equal to bytes
    with op.batch_alter_table(_TABLE) as batch:
        batch.add_column(sa.Column("owner", sa.LargeBinary(), nullable=False, server_default=empty))
    with op.batch_alter_table(_TABLE) as batch:
        batch.alter_column("owner", server_default=None)
        batch.drop_constraint(op.f(_KEY), type_="primary")
        batch.create_primary_key(op.f(_KEY), ["digest", "scope", "owner", "reason"])
    op.create_index(_INDEX, _TABLE, ["owner"])


def downgrade() -> None:
    before = "o.owner < s.owner OR (o.owner = s.owner AND o.reason < s.reason)"
    again = f"SELECT 1 FROM {_TABLE} o WHERE o.digest = s.digest AND o.scope = s.scope AND ({before})"
    op.execute(sa.text(f"DELETE FROM {_TABLE} AS s WHERE EXISTS ({again})"))
    op.drop_index(_INDEX, table_name=_TABLE)
    with op.batch_alter_table(_TABLE) as batch:
        batch.drop_constraint(op.f(_KEY), type_="primary")
        batch.create_primary_key(op.f(_KEY), ["digest", "scope"])
    with op.batch_alter_table(_TABLE) as batch:
        batch.drop_column("owner")
