"""The vault's part about values that are found again without being read: blind indexes, suppressed addresses."""

from collections.abc import Callable, Iterable
from functools import partial

from sqlalchemy.orm import Session

from privacy_svc.errors import Conflict
from privacy_svc.vault import indexroots, suppression
from privacy_svc.vault.index import BlindIndex
from privacy_svc.vault.ledger import Kind, note
from privacy_svc.vault.model import IndexRoot
from privacy_svc.vault.people import People


class Searchable(People):
    """Keyed hashes of what is not stored."""

    def address_hasher(self, session: Session, *, write: bool = False) -> suppression.AddressHasher:
        """Under the suppression keys; `write` for who notes an address, which makes the first key."""
        organisation = self.organisation_cipher(session).subject_id
        mine = (self.pages, self.organisation, organisation)
        keys = suppression.living(session, mine)
        if write and not keys:
            suppression.add(session, mine, ())
            keys = suppression.living(session, mine)
        return suppression.AddressHasher(keys, self.region)

    @staticmethod
    def write_down_suppressed(session: Session, addresses: Iterable[suppression.AddressDigest]) -> None:
        """For the ledger outside the database: a restored one would forget whom not to write to. No person is named."""
        told = [[a.kind, a.generation, a.digest.hex()] for a in addresses]
        if told:
            note(session, Kind.SUPPRESSED, {"addresses": told})

    def next_suppression_key(self, session: Session) -> int:
        """What is noted from the commit on is under another key; what was noted before stays. Its generation."""
        mine = (self.pages, self.organisation, self.organisation_cipher(session).subject_id)
        suppression.add(session, mine, list(suppression.living(session, mine)))
        return max(suppression.living(session, mine))

    def indexes(self, session: Session, field_id: int, normaliser: str, *, hold: bool = False) -> dict[int, BlindIndex]:
        """By generation: one, or two while the index is rebuilt. `hold` for who writes entries."""
        roots = self.index_roots(session, hold=hold)
        return {root.generation: self._index(root, field_id, normaliser) for root in roots}

    @staticmethod
    def index_roots(session: Session, *, hold: bool = False) -> list[IndexRoot]:
        """The living generations, read once a transaction."""
        known: list[IndexRoot] | None = session.info.get("index_roots")
        if known is None or (hold and not session.info.get("index_roots_held")):
            known = indexroots.living(session, hold=hold)
            session.info["index_roots"], session.info["index_roots_held"] = known, hold
        return known

    def _index(self, root: IndexRoot, field_id: int, normaliser: str) -> BlindIndex:
        name, place = f"index {root.generation}", (root.generation, field_id, normaliser)
        key = self._leased.valid(name)
        if key is None:
            key = self._leased.renew(name, partial(indexroots.unwrap, root, self.provider, self.organisation))
        if place not in self._indexes:
            self._indexes[place] = BlindIndex(key, field_id, normaliser, self.region)
        return self._indexes[place]

    def create_index_root(self, session: Session) -> None:
        """Once, at `init`, before anything is indexed. Raises Conflict when there is one."""
        if indexroots.exists(session):
            raise Conflict("There is a blind index root already.")
        indexroots.create(session, self.provider, self.organisation, complete=True)

    def next_index_generation(self, session: Session) -> int:
        """From the commit on entries of both generations are written; the new one is still to be filled."""
        return indexroots.create(session, self.provider, self.organisation, complete=False).generation

    def complete_index(
        self, session: Session, behind: Callable[[Session, int], int], drop_before: Callable[[Session, int], None]
    ) -> None:
        """The older generation's entries and key go. Raises Conflict while an entry of it stands alone."""
        indexroots.complete(session, behind, drop_before)
