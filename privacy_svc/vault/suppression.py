"""Keyed hashes of addresses that must not be used again, though nobody may know them any more.

The key is the organisation's own, beside its other keys on a page: random, wrapped, rewrapped and written down like
theirs. It outlives every erasure. What an older generation hashed cannot be hashed anew, because the addresses are
gone: older generations stay, new entries are of the newest, and a search asks all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.vault.erasure import EVIDENCE
from privacy_svc.vault.index import VERSIONS, normalise
from privacy_svc.vault.keys import Key, bind_subject
from privacy_svc.vault.model import SubjectKey
from privacy_svc.vault.pages import Pages
from privacy_svc.vault.provisioning import wrapped_key
from privacy_svc.vault.values import text_bytes

SUPPRESSION = "suppression"
SIZE = 16
_Mine = tuple[Pages, str, str]
"""Pages, organisation, the organisation's subject."""


@dataclass(frozen=True, slots=True)
class AddressDigest:
    """Of one address; `kind` is its normaliser, `email` or `phone`."""

    kind: str
    generation: int
    digest: bytes


class AddressHasher:
    """Hashes addresses as they are compared: spellings that mean the same give the same."""

    def __init__(self, keys: Mapping[int, Key], region: str) -> None:
        self._keyed = {g: HMAC(key.derive("suppression"), SHA256()) for g, key in sorted(keys.items())}
        self._region = region

    def __repr__(self) -> str:
        return "AddressHasher(…)"

    def of(self, kind: str, value: str) -> list[AddressDigest]:
        """By every living generation, the newest last; nothing for what is no such address."""
        comparable = normalise(kind, value, self._region)
        if comparable is None:
            return []
        said = text_bytes(f"{kind}|{VERSIONS[kind]}|{comparable}")
        return [AddressDigest(kind, g, _finish(keyed, said)) for g, keyed in self._keyed.items()]

    def owners(self, subject_id: str) -> list[bytes]:
        """What stands beside an address for whose sake it is noted, by every living generation, the newest last: who
        has no key cannot tell it from any other."""
        said = text_bytes(f"owner|{subject_id}")
        return [_finish(keyed, said) for keyed in self._keyed.values()]

    def newest(self, contacts: Iterable[tuple[str, str]]) -> list[AddressDigest]:
        """What is written down of these addresses (kind and value)."""
        return list(dict.fromkeys(found[-1] for kind, value in contacts if (found := self.of(kind, value))))


def _finish(keyed: HMAC, said: bytes) -> bytes:
    mac = keyed.copy()
    mac.update(said)
    return mac.finalize()[:SIZE]


def living(session: Session, mine: _Mine) -> dict[int, Key]:
    """The keys by generation; none where nothing was ever suppressed. Raises KeyUnavailable, Tampered."""
    pages, organisation, subject_id = mine
    columns = select(SubjectKey.generation, SubjectKey.wrapped, SubjectKey.page_key_id)
    columns = columns.where(SubjectKey.subject_id == subject_id, SubjectKey.use == SUPPRESSION)
    while True:
        rows = session.execute(columns).all()
        page_keys = pages.keys(session, {page for _, _, page in rows})
        if len(page_keys) == len({page for _, _, page in rows}):
            break  # else a page was replaced between the two statements
    return {
        generation: page_keys[page].unwrap(wrapped, bind_subject(organisation, subject_id, SUPPRESSION, generation))
        for generation, wrapped, page in rows
        if wrapped is not None
    }


def add(session: Session, mine: _Mine, present: Sequence[int]) -> None:
    """The next generation. Where another process makes it at the same moment, theirs stands."""
    pages, organisation, subject_id = mine
    page = pages.hold(session, subject_id, (EVIDENCE,))[0]
    row = wrapped_key(page, pages.key(page), organisation, subject_id, SUPPRESSION, max(present, default=0) + 1)
    try:
        with session.begin_nested():
            session.execute(insert(SubjectKey), [row])
    except IntegrityError:
        return
