"""Links by which people fetch their packages.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

from privacy_svc.db.base import Instant

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "package_links",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("request_id", _TEXT, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_package_links_request_id_requests")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package_links")),
        sa.UniqueConstraint("digest", name=op.f("uq_package_links_digest")),
    )
    op.create_index(op.f("ix_package_links_request_id"), "package_links", ["request_id"])


def downgrade() -> None:
    op.drop_table("package_links")
