"""Whether the tree is as this service left it: before anything is put behind it, and before it is signed.

Its row has a MAC of its size, its root and where it begins. Where that does not fit, a version of this service without
it may have written last, or somebody else: so it has to begin where an entry says that it was pruned, and each entry
behind the newest checkpoint, which our key signed, has to be one of ours by its payload, which nobody else can seal.
The next entry then renews the MAC. A row without any is of before MACs only where the record outside has no id yet;
else somebody took it away, and a person looks first (`log resume`).
"""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from privacy_svc.auditlog import record_id
from privacy_svc.auditlog.checkpoint import Checkpoint
from privacy_svc.auditlog.entry_check import Checker
from privacy_svc.auditlog.errors import LogInconsistent
from privacy_svc.auditlog.growing_tree import GrowingTree
from privacy_svc.auditlog.mac import tree_mac, what_stands, without_first
from privacy_svc.auditlog.merkle import leaf_hash, root
from privacy_svc.auditlog.model import Entry, Tree
from privacy_svc.auditlog.raw import as_bytes, as_it_is
from privacy_svc.auditlog.tiles import Tiles
from privacy_svc.auditlog.waiting import Row, faults
from privacy_svc.vault import Vault

_PAGE = 256
_FROM = (
    select(Entry.index, as_bytes(Entry.id), as_it_is(Entry.leaf))
    .where(Entry.index >= bindparam("begin"))
    .order_by(Entry.index)
    .limit(_PAGE)
)


NO_MAC = "The MAC in audit_tree was taken away: somebody changed that row past this service."


def lacks_its_mac(tree: Tree, folder: Path) -> bool:
    """`folder`: of the record outside."""
    return tree.mac is None and tree.size > 0 and bool(tree.record_id or record_id.read(folder))


def has_our_mac(session: Session, vault: Vault, tree: Tree, tiles: Tiles) -> bool:
    """Raises LogInconsistent where the tiles are no tree of its size."""
    told = what_stands(tree.size, root(tree.size, tiles.node), tree.first)
    return tree_mac(vault.organisation_cipher(session)).fits(told, tree.mac)


def put_mac(session: Session, vault: Vault, tree: Tree) -> None:
    """Of the tree as it is. Raises LogInconsistent where the tiles are no tree of its size."""
    stands = what_stands(tree.size, root(tree.size, Tiles(session).node), tree.first)
    tree.mac = tree_mac(vault.organisation_cipher(session)).of(stands)


def has_former_mac(session: Session, vault: Vault, tree: Tree, tiles: Tiles) -> bool:
    """One of a version that did not bind where the log begins."""
    told = without_first(tree.size, root(tree.size, tiles.node))
    return tree_mac(vault.organisation_cipher(session)).fits(told, tree.mac)


def require_beginning(session: Session, vault: Vault, first: int) -> None:
    """That the log begins no later than its entries say. Raises LogInconsistent."""
    if first > (pruned := Checker(session, vault).pruned):
        raise LogInconsistent(f"The log begins at entry {first}, and its entries say {pruned}: audit_tree was changed.")


def require_ours(session: Session, vault: Vault, tree: Tree, tiles: Tiles, signed: Sequence[Checkpoint]) -> None:
    """`signed`: the newest checkpoints of ours, all contained in the tree. Raises LogInconsistent."""
    if has_our_mac(session, vault, tree, tiles):
        return
    require_beginning(session, vault, tree.first)
    if has_former_mac(session, vault, tree, tiles):
        return
    known = max(signed, key=lambda checkpoint: checkpoint.size, default=None)
    grown = GrowingTree.after(known.size if known else 0, tiles.node)
    if known is not None and grown.root() != known.root:
        raise LogInconsistent("The log does not contain what it has signed before.")
    while grown.size < tree.size:
        grown.extend([leaf_hash(row.leaf) for row in _entries(session, vault, grown.size, tree.size)])
    if grown.root() != root(tree.size, tiles.node):
        raise LogInconsistent("The tiles of the log's tree are not of its entries.")


def _entries(session: Session, vault: Vault, begin: int, end: int) -> Sequence[Row]:
    """The next from `begin` on."""
    found = session.connection().execute(_FROM, {"begin": begin}).all()
    rows = [Row.of(*row) for row in found if row[0] < end]
    if not rows or [row.number for row in rows] != list(range(begin, begin + len(rows))):
        raise LogInconsistent(f"The tree has {end} entries, and of those from {begin} on there are not all.")
    for index, why in sorted(faults(session, vault, rows).items()):
        raise LogInconsistent(f"The entry {index} was put into the tree past this service: {why}. Nothing is signed.")
    return rows
