"""Staff sign in by an OpenID provider: sign-ins under way, and whose account a session is.

Revision ID: 0047
Revises: 0045
"""

import sqlalchemy as sa
from alembic import op

from privacy_svc.db.base import Instant

revision = "0047"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_flows",
        sa.Column("flow_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("flow_hash", name=op.f("pk_staff_flows")),
    )
    op.create_index(op.f("ix_staff_flows_expires_at"), "staff_flows", ["expires_at"])
    for name in ("account_hash", "provider_session_hash"):
        op.add_column("sessions", sa.Column(name, sa.LargeBinary(), nullable=True))
    op.create_index(op.f("ix_sessions_account_hash"), "sessions", ["account_hash"])


def downgrade() -> None:
    op.drop_index(op.f("ix_sessions_account_hash"), "sessions")
    for name in ("provider_session_hash", "account_hash"):
        op.drop_column("sessions", name)
    op.drop_table("staff_flows")
