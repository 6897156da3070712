"""How a caller names a customer, and who finds them."""

import enum
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import msgspec
from sqlalchemy.orm import Session

from privacy_svc.errors import InvalidBody, PrivacyError


class CustomerRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Exactly one of: the CRM's own key, an e-mail address, a phone number, our subject id.

    `collection` ("dataset.collection") says which kind of person where the data map has several.
    """

    id: str | None = None
    email: str | None = None
    phone: str | None = None
    subject: str | None = None
    collection: str | None = None

    def __post_init__(self) -> None:
        if (self.id, self.email, self.phone, self.subject).count(None) != 3:
            raise InvalidBody("Name the customer by exactly one of id, email, phone, subject.")

    def __repr__(self) -> str:
        return "CustomerRef(…)"


class Contact(NamedTuple):
    """An address of a person; `kind` is `email` or `phone`. The value never appears in `repr`."""

    kind: str
    value: str

    def __repr__(self) -> str:
        return f"Contact({self.kind!r}, …)"


class NotAdmitted(enum.Enum):
    """Why a reference leads to nobody."""

    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"


@runtime_checkable
class CustomerDirectory(Protocol):
    """Finds the subject behind a reference. The store room has the one implementation."""

    def find(self, session: Session, customer: CustomerRef) -> str | None:
        """The subject's id; None when we hold nothing about such a person yet. Writes nothing."""

    def locate(self, session: Session, customer: CustomerRef) -> CustomerRef | None:
        """The same person by the CRM's own key, whether we hold something about them yet or not; None when the store
        has no such person. Writes nothing. Raises SharedAddress."""

    def admit(self, session: Session, customer: CustomerRef, actor: str = "privacy-svc") -> str:
        """The subject's id; a person of the store whom we do not know yet gets a subject and its key in this
        transaction, logged as the actor's doing. Raises UnknownCustomer when the store has no such person."""

    def admit_each(self, session: Session, wanted: Sequence[tuple[CustomerRef, str]]) -> list[str | PrivacyError]:
        """The same for some, each with who asks. What cannot be found is answered by its error."""

    def admit_many(self, session: Session, customers: Sequence[CustomerRef], actor: str) -> Sequence[str | NotAdmitted]:
        """The same for many, in their order, set-based. Raises UnknownCollection, StoreUnavailable, KeyUnavailable."""

    def contacts(self, session: Session, subject_ids: Iterable[str]) -> Mapping[str, Sequence[Contact]]:
        """The addresses in these people's identity rows; erased people have none."""

    def references(self, session: Session, subject_ids: Iterable[str]) -> Mapping[str, CustomerRef]:
        """Each one's reference by the CRM's own key and its collection; erased and unknown people have none."""

    def key_of(self, session: Session, subject_id: str) -> str | None:
        """The CRM's own key of the person's identity row; None after erasure."""
