"""How recipients are told (GDPR 19), their secrets, and requests by OpenDSR.

Revision ID: 0024
Revises: 0023
"""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from privacy_svc.db.base import Instant

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_TEXT = sa.String().with_variant(sa.Text(), "sqlite")
_NOTICES = "request_notifications"


def upgrade() -> None:
    for column in (
        sa.Column("event_id", _TEXT, nullable=True),
        sa.Column("why", _TEXT, nullable=False, server_default="mapped"),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("problem", _TEXT, nullable=True),
        sa.Column("told_by", _TEXT, nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("expected_at", Instant(), nullable=True),
        sa.Column("ground", _TEXT, nullable=True),
        sa.Column("noted_by", _TEXT, nullable=True),
        sa.Column("about", sa.LargeBinary(), nullable=True),
    ):
        op.add_column(_NOTICES, column)
    notices = sa.table(_NOTICES, sa.column("request_id"), sa.column("recipient"), sa.column("event_id"))
    connection = op.get_bind()
    for request_id, recipient in connection.execute(sa.select(notices.c.request_id, notices.c.recipient)).all():
        one = (notices.c.request_id == request_id) & (notices.c.recipient == recipient)
        connection.execute(notices.update().where(one).values(event_id=str(uuid4())))
    with op.batch_alter_table(_NOTICES) as batch:
        batch.alter_column("event_id", existing_type=_TEXT, nullable=False)
        batch.alter_column("why", existing_type=_TEXT, existing_nullable=False, server_default=None)
        batch.alter_column("tries", existing_type=sa.Integer(), existing_nullable=False, server_default=None)
        batch.create_unique_constraint(op.f("uq_request_notifications_event_id"), ["event_id"])
    op.create_index(op.f("ix_request_notifications_next_at"), _NOTICES, ["next_at"])
    op.create_table(
        "recipient_secrets",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("recipient", _TEXT, nullable=False),
        sa.Column("use", _TEXT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipient_secrets")),
    )
    op.create_index(op.f("ix_recipient_secrets_recipient"), "recipient_secrets", ["recipient"])
    op.create_table(
        "processor_certificates",
        sa.Column("recipient", _TEXT, nullable=False),
        sa.Column("domain", _TEXT, nullable=False),
        sa.Column("pem", _TEXT, nullable=False),
        sa.Column("checked_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("recipient", name=op.f("pk_processor_certificates")),
    )
    op.create_index(op.f("ix_processor_certificates_domain"), "processor_certificates", ["domain"])
    op.create_table(
        "opendsr_requests",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("sender", _TEXT, nullable=False),
        sa.Column("request_id", _TEXT, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_opendsr_requests_request_id_requests")),
        sa.PrimaryKeyConstraint("id", "sender", name=op.f("pk_opendsr_requests")),
    )
    op.create_index(op.f("ix_opendsr_requests_request_id"), "opendsr_requests", ["request_id"])
    op.create_table(
        "opendsr_callbacks",
        sa.Column("request_id", _TEXT, nullable=False),
        sa.Column("url", _TEXT, nullable=False),
        sa.Column("status", _TEXT, nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("problem", _TEXT, nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_opendsr_callbacks_request_id_requests")),
        sa.PrimaryKeyConstraint("request_id", "url", name=op.f("pk_opendsr_callbacks")),
    )
    op.create_index(op.f("ix_opendsr_callbacks_next_at"), "opendsr_callbacks", ["next_at"])


def downgrade() -> None:
    for table in ("opendsr_callbacks", "opendsr_requests", "processor_certificates", "recipient_secrets"):
        op.drop_table(table)
    op.drop_index(op.f("ix_request_notifications_next_at"), _NOTICES)
    with op.batch_alter_table(_NOTICES) as batch:
        batch.drop_constraint(op.f("uq_request_notifications_event_id"), type_="unique")
        for name in (
            "event_id",
            "why",
            "next_at",
            "tries",
            "problem",
            "told_by",
            "answered_at",
            "expected_at",
            "ground",
            "noted_by",
            "about",
        ):
            batch.drop_column(name)
