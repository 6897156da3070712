"""The vault: subjects come into being with their keys, are opened, and are erased."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.db import new_id, now
from privacy_svc.errors import Conflict, Erased, KeyUnavailable, NotFound
from privacy_svc.vault import erasure
from privacy_svc.vault.cipher import SubjectCipher
from privacy_svc.vault.errors import Tampered
from privacy_svc.vault.index import BlindIndex
from privacy_svc.vault.keys import Key, bind_index_root, bind_subject, check_commitment
from privacy_svc.vault.model import Fence, IndexRoot, PageKey, Subject, SubjectKey
from privacy_svc.vault.pages import CAPACITY, Pages
from privacy_svc.vault.providers import KeyProvider

DATA, EVIDENCE = "data", "evidence"
ORGANISATION = "organisation"
CHUNK = 500


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """Counts for `keys status`. `epochs` are those the provider holds; `pages` by epoch; living `keys` by use,
    `generations` of living data keys."""

    epochs: tuple[int, ...]
    pages: dict[int, int]
    keys: dict[str, int]
    erased: int
    replace_due: int
    generations: dict[int, int]


class Vault:
    """`organisation` is bound into every sealed value; a phone number without country code is one of `region`."""

    def __init__(self, provider: KeyProvider, organisation: str, region: str = "DE") -> None:
        self.organisation, self.region = organisation, region
        self._provider = provider
        self._pages = Pages(provider, organisation)
        self._index_root: Key | None = None
        self._indexes: dict[tuple[int, str], BlindIndex] = {}

    def __repr__(self) -> str:
        return f"Vault({self.organisation!r})"

    def create_subject(self, session: Session, kind: str = "customer", subject_id: str | None = None) -> Subject:
        """A person with keys, under a new or the given id. Raises Erased for a fenced id, Conflict for a known one."""
        if subject_id is None:
            return self.create_subjects(session, 1, kind)[0]
        if session.get(Fence, subject_id) is not None:
            raise Erased("This person was erased and comes back only by explicit re-admission.")
        if session.get(Subject, subject_id) is not None:
            raise Conflict("There is a subject with this id already.")
        return self._create(session, kind, [subject_id])[0]

    def create_subjects(self, session: Session, count: int, kind: str = "customer") -> list[Subject]:
        return self._create(session, kind, [new_id() for _ in range(count)])

    def _create(self, session: Session, kind: str, ids: Sequence[str]) -> list[Subject]:
        """Subjects with a data key and an evidence key each, both on one page."""
        subjects = [Subject(id=i, kind=kind, state_version=1, created_at=now()) for i in ids]
        session.add_all(subjects)
        session.flush()
        left = list(ids)
        while left:
            page = self._pages.with_room(session)
            here, left = left[: CAPACITY - page.subjects], left[CAPACITY - page.subjects :]
            page.subjects += len(here)
            rows = [self._new_key(page, i, use) for i in here for use in (DATA, EVIDENCE)]
            session.execute(insert(SubjectKey), rows)
        return subjects

    def _new_key(self, page: PageKey, subject_id: str, use: str) -> dict[str, object]:
        key = Key.new()
        binding = bind_subject(self.organisation, subject_id, use, 1)
        return {
            "subject_id": subject_id,
            "use": use,
            "generation": 1,
            "page_key_id": page.id,
            "wrapped": self._pages.key(page).wrap(key, binding),
            "commitment": key.commitment(),
        }

    def cipher(self, session: Session, subject_id: str, use: str = DATA) -> SubjectCipher:
        """Raises Erased for a destroyed key, KeyUnavailable when the provider is away, NotFound for no such subject."""
        found = self.ciphers(session, [subject_id], use)
        if subject_id in found:
            return found[subject_id]
        if session.get(Subject, subject_id) is None:
            raise NotFound("There is no such subject.")
        if not self._destroyed(session, subject_id, use):
            raise Tampered("A subject's key was taken away without an erasure.")
        raise Erased("This person's data were erased.")

    @staticmethod
    def _destroyed(session: Session, subject_id: str, use: str) -> bool:
        if use == DATA and session.get(Fence, subject_id) is not None:
            return True
        gone = select(SubjectKey.use).where(SubjectKey.subject_id == subject_id, SubjectKey.use == use)
        return session.scalar(gone.limit(1)) is not None

    def ciphers(self, session: Session, subject_ids: Iterable[str], use: str = DATA) -> dict[str, SubjectCipher]:
        """The same for many; erased and unknown ones are absent. One statement for each 500."""
        wanted = list(dict.fromkeys(subject_ids))
        keys: dict[str, dict[int, Key]] = {}
        erased: dict[str, int] = {}
        for start in range(0, len(wanted), CHUNK):
            statement = (
                select(SubjectKey, PageKey, Fence.erased_through)
                .join(PageKey, PageKey.id == SubjectKey.page_key_id)
                .outerjoin(Fence, Fence.subject_id == SubjectKey.subject_id)
                .where(SubjectKey.subject_id.in_(wanted[start : start + CHUNK]), SubjectKey.use == use)
                .execution_options(populate_existing=True)
            )
            for row, page, erased_through in session.execute(statement):
                through = erased.setdefault(row.subject_id, (erased_through or 0) if use == DATA else 0)
                if row.wrapped is not None and row.generation > through:
                    keys.setdefault(row.subject_id, {})[row.generation] = self._unwrap(row, page)
        return {i: SubjectCipher(self.organisation, i, living, erased[i]) for i, living in keys.items()}

    def _unwrap(self, row: SubjectKey, page: PageKey) -> Key:
        assert row.wrapped is not None
        binding = bind_subject(self.organisation, row.subject_id, row.use, row.generation)
        return check_commitment(self._pages.key(page).unwrap(row.wrapped, binding), row.commitment)

    def organisation_cipher(self, session: Session) -> SubjectCipher:
        """The organisation's own keys, as a subject like any other; made on first use."""
        subject_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"privacy-svc:{self.organisation}"))
        if session.get(Subject, subject_id) is None:
            try:
                with session.begin_nested():
                    self.create_subject(session, ORGANISATION, subject_id)
            except (IntegrityError, Conflict):
                pass  # another process made it at the same moment; it is there now
        return self.cipher(session, subject_id)

    def erase(self, session: Session, subject_id: str, *, request_id: str | None = None) -> erasure.ErasedKeys:
        """Destroy the person's data key in this transaction; see `erasure.erase`."""
        return erasure.erase(session, self._pages, self.organisation, subject_id, request_id)

    def replace_due(self, session: Session) -> int:
        """Replace the page keys that an erasure could not, because the provider was away. Returns how many."""
        statement = select(PageKey).where(PageKey.replace_due).order_by(PageKey.id).with_for_update(skip_locked=True)
        due = session.scalars(statement.execution_options(populate_existing=True)).all()
        for page in due:
            erasure.replace_page(session, self._pages, self.organisation, page)
        return len(due)

    def index(self, session: Session, field_id: int, normaliser: str) -> BlindIndex:
        place = (field_id, normaliser)
        if place not in self._indexes:
            if self._index_root is None:
                self._index_root = self._load_index_root(session)
            self._indexes[place] = BlindIndex(self._index_root, field_id, normaliser, self.region)
        return self._indexes[place]

    def _load_index_root(self, session: Session) -> Key:
        found = session.scalars(select(IndexRoot).order_by(IndexRoot.generation.desc())).first()
        if found is None:
            raise KeyUnavailable("The privacy database has no blind index root: run `privacy-svc init`.")
        return self._provider.unwrap(
            found.epoch, found.wrapped, bind_index_root(self.organisation, found.epoch, found.generation)
        )

    def create_index_root(self, session: Session) -> None:
        """Once, at `init`, before anything is indexed."""
        if session.get(IndexRoot, 1) is not None:
            raise Conflict("There is a blind index root already.")
        epoch, key = self._provider.current_epoch(), Key.new()
        wrapped = self._provider.wrap(epoch, key, bind_index_root(self.organisation, epoch, 1))
        session.add(IndexRoot(generation=1, epoch=epoch, wrapped=wrapped))

    def status(self, session: Session) -> KeyStatus:
        pages = session.execute(select(PageKey.epoch, func.count()).group_by(PageKey.epoch)).all()
        living = select(func.count()).where(SubjectKey.wrapped.is_not(None))
        uses = living.add_columns(SubjectKey.use).group_by(SubjectKey.use)
        generations = living.add_columns(SubjectKey.generation).where(SubjectKey.use == DATA)
        return KeyStatus(
            tuple(self._provider.epochs()),
            {epoch: n for epoch, n in pages},  # noqa: C416 - rows are not pairs to mypy
            {use: n for n, use in session.execute(uses)},
            session.scalar(select(func.count()).select_from(Fence)) or 0,
            session.scalar(select(func.count()).select_from(PageKey).where(PageKey.replace_due)) or 0,
            {generation: n for n, generation in session.execute(generations.group_by(SubjectKey.generation))},
        )

    def check(self, session: Session) -> None:
        """The provider has keys and one of the newest page opens. Raises KeyUnavailable; for the health page."""
        self._provider.current_epoch()
        page = session.scalars(select(PageKey).order_by(PageKey.page.desc()).limit(1)).first()
        if page is not None:
            self._pages.forget(page)
            self._pages.key(page)

    @staticmethod
    def erased_at(session: Session, subject_id: str) -> datetime | None:
        return session.scalar(select(Subject.erased_at).where(Subject.id == subject_id))
