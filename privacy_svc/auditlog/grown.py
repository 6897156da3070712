"""The tree in one transaction that integrates."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session

from privacy_svc.auditlog.checkpoint import Checkpoint
from privacy_svc.auditlog.errors import LogInconsistent
from privacy_svc.auditlog.mac import tree_mac, what_stands
from privacy_svc.auditlog.merkle import Hash, root
from privacy_svc.auditlog.model import Tree
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.auditlog.tree_check import NO_MAC, lacks_its_mac, require_ours
from privacy_svc.vault import Vault


@dataclass
class Grown:
    """The tree in one transaction: its row, locked; the checkpoints it has to contain; its tiles, read once, so that
    what is checked is what is built upon, and signed."""

    session: Session
    vault: Vault
    row: Tree
    promised: Sequence[Checkpoint]
    folder: Path
    """Of the record outside."""
    size: int = field(init=False)
    tiles: Tiles = field(init=False)
    _ours: bool = False

    def __post_init__(self) -> None:
        self.size, self.tiles = self.row.size, Tiles(self.session)

    def require_ours(self) -> None:
        """Raises LogInconsistent where somebody else changed it since this service left it."""
        if not self._ours:
            require_ours(self.session, self.vault, self.row, self.tiles, self.promised)
            if lacks_its_mac(self.row, self.folder):
                raise LogInconsistent(
                    f"{NO_MAC} Verify the log, bring the newest backup back where entries are missing, then "
                    "`privacy-svc log resume --reason TEXT`."
                )
            self._ours = True

    def root(self) -> Hash:
        return root(self.size, self.tiles.node)

    def mac(self) -> bytes:
        return tree_mac(self.vault.organisation_cipher(self.session)).of(
            what_stands(self.size, self.root(), self.row.first)
        )

    @property
    def first(self) -> int:
        return self.row.first
