"""The people of an entry to come, whatever their number: a few by name, a crowd as tags alone."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from privacy_svc.auditlog import crowds
from privacy_svc.auditlog.crowds import KEPT, KeptTags
from privacy_svc.auditlog.entry import month
from privacy_svc.auditlog.members import TAG
from privacy_svc.vault import SubjectCipher, Vault


class People:
    """`at`: the moment the entry will be of; the tags are those of its month. `organisation`: the vault's own keys."""

    def __init__(self, at: datetime, organisation: SubjectCipher) -> None:
        self.month = month(at)
        self._kept = KeptTags(organisation, self.month)
        self.named: dict[str, tuple[int, int]] = {}
        """Group and state version of those who are not among the members."""
        self._members: list[bytes] = []

    @property
    def many(self) -> bool:
        return self.is_crowd(len(self._members) + len(self.named))

    @staticmethod
    def is_crowd(people: int) -> bool:
        return people > crowds.MANY

    def make_tags(self, session: Session, vault: Vault, subject_ids: Collection[str]) -> None:
        """Of the month, where they are not made yet."""
        crowds.month_tags(session, vault, subject_ids, self.month)

    def add(self, subject_ids: Sequence[str], kept: bytes, group: int, version: int) -> None:
        """Of one group and version. `kept`: of all of them, one behind the other, or nothing. Whose kept tag is not of
        this service is named, so that it is made again."""
        if len(kept) != KEPT * len(subject_ids) or not self.many:
            self.named |= dict.fromkeys(subject_ids, (group, version))
            return
        what, rows = group.to_bytes(4) + version.to_bytes(8), [kept[i : i + KEPT] for i in range(0, len(kept), KEPT)]
        if not self._kept.are_right(subject_ids, rows):
            wrong = {i for i, row in zip(subject_ids, rows, strict=True) if not self._kept.is_right(i, row)}
            self.named |= dict.fromkeys(wrong, (group, version))
            rows = [row for i, row in zip(subject_ids, rows, strict=True) if i not in wrong]
        self._members += [row[:TAG] + what for row in rows]

    def settle(self, session: Session, vault: Vault) -> None:
        """Those named become members. Who was erased meanwhile does not: they have no tag."""
        for subject_id, tag in crowds.month_tags(session, vault, self.named, self.month).items():
            group, version = self.named[subject_id]
            self._members.append(tag + group.to_bytes(4) + version.to_bytes(8))
        self.named.clear()

    def members(self) -> list[bytes]:
        """Encoded, in the order of their tags. Of a person who came twice, one."""
        self._members.sort()
        before = b""
        once = []
        for member in self._members:
            tag = member[:TAG]
            if tag != before:
                once.append(member)
                before = tag
        return once
