"""One person's values, opened in the course of a walk over their rows.

By the data key; what an erasure kept by law, by the evidence key, which sealed it. That stands beside a living data key
where the erasure did not come to its end, or where the privacy database was put back to before it: then it is theirs
like all else. Once the person is erased nothing is opened here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from privacy_svc.errors import Erased, Fault
from privacy_svc.policy import Collection, Erase, Field
from privacy_svc.store.errors import Unreadable
from privacy_svc.store.kinds import is_sealed
from privacy_svc.store.opening import open_sealed, open_with
from privacy_svc.vault import RowCipher, SubjectCipher, Tampered, Vault


@dataclass
class OwnValues:
    """`cipher` is None of who is erased, or where nothing sealed is needed."""

    session: Session
    cipher: SubjectCipher | None = None
    vault: Vault | None = None
    _unreadable: dict[str, None] = field(default_factory=dict)

    def at(self, key: str) -> RowCipher | None:
        """For all values of one row."""
        return self.cipher.at(key) if self.cipher is not None else None

    def opened(self, row: RowCipher | None, collection: Collection, key: str, named: Field, value: object) -> Any:
        """None for what was sealed before an erasure, also of who came back since; and for what does not open, which
        `require_all` tells."""
        try:
            return open_with(row, named, value)
        except Erased:
            return None
        except Tampered:
            return self._kept(collection, key, named, value)

    def require_all(self) -> None:
        """Raises Unreadable: a walk that passes over a value is not whole."""
        if self._unreadable:
            raise unreadable(self._unreadable)

    def _kept(self, collection: Collection, key: str, named: Field, value: object) -> Any:
        try:
            if named.erase is Erase.KEEP and named.id is not None and self._evidence and is_sealed(value):
                assert isinstance(value, str | bytes)
                return open_sealed(self._evidence.at(key), named.id, value)
        except (Tampered, Erased):
            pass
        self._unreadable[f"{collection.path}.{named.name}"] = None
        return None

    @cached_property
    def _evidence(self) -> SubjectCipher | None:
        if self.vault is None or self.cipher is None:
            return None
        who = self.cipher.subject_id
        return self.vault.ciphers(self.session, [who], use="evidence").get(who)


def unreadable(places: Iterable[str]) -> Unreadable:
    why = "does not open with this person's keys"
    return Unreadable("Sealed values of this person do not open.", faults=[Fault(place, why) for place in places])
