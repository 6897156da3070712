"""What the wire itself remembers."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from privacy_svc.db import Base


class IdempotencyKey(Base):
    """A key of a caller that was spent on a change, with the answer the change had.

    No personal data and no key in clear: `fingerprint` is keyed by the key itself, `answer` leaves out what the
    caller's own body says.
    """

    __tablename__ = "idempotency_keys"

    caller: Mapped[str] = mapped_column(primary_key=True)
    """The client's name: its token may have been changed between two tries."""
    key_hash: Mapped[bytes] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    answer: Mapped[bytes]
    """JSON; empty only inside the transaction that spends the key."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
