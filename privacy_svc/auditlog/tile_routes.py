"""The log for C2SP clients and witnesses: checkpoints and hash tiles for anybody, entry bundles for staff.

Checkpoint and tiles are public, so that everybody can see that all are shown the same log; a hash over a salted
commitment says nothing. Entry bundles are not, though leaves hold no names: types, times and monthly tags are
pseudonymous data, for which the world has no purpose (GDPR 5(1)(c)).
"""

import re

from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy import select

from privacy_svc.auditlog.growing_tree import HEIGHT, WIDTH
from privacy_svc.auditlog.log import Log
from privacy_svc.auditlog.model import Entry, Tile
from privacy_svc.auditlog.tiles import SIZE, parse_path
from privacy_svc.db import Database
from privacy_svc.errors import NotFound
from privacy_svc.http import Caller, Role, allow

TAGS = ["Audit log"]
_LEVEL = re.compile(r"[0-9]|[1-5][0-9]|6[0-3]")


@get("/audit/log/checkpoint", opt=allow(Role.PUBLIC), sync_to_thread=True, operation_id="checkpoint", tags=TAGS)
def checkpoint(database: NamedDependency[Database], log: NamedDependency[Log]) -> Response[str]:
    """The newest signed checkpoint (C2SP tlog-checkpoint)."""
    with database.read() as session:
        return plain(log.checkpoint(session))


@get(
    "/audit/log/tile/{level:str}/{path:path}",
    opt=allow(Role.PUBLIC),
    sync_to_thread=True,
    operation_id="tile",
    tags=TAGS,
)
def tile(
    level: FromPath[str], path: FromPath[str], database: NamedDependency[Database], log: NamedDependency[Log]
) -> Response[bytes]:
    """A tile of hashes (C2SP tlog-tiles): `<L>/<N>[.p/<W>]`."""
    number, width = parse_path(path.lstrip("/"))
    with database.read() as session:
        found = session.get(Tile, (int(level), number)) if _LEVEL.fullmatch(level) else None
        published = log.published(session)
    if found is None or len(found.hashes) < width * SIZE or _end(number, width, found.level) > published:
        raise NotFound("The log has no such tile, not yet or no longer.")
    return _forever("public", found.hashes[: width * SIZE])


@get(
    "/audit/log/tile/entries/{path:path}",
    opt=allow(Role.DPO, Role.AUDITOR, Role.ADMIN),
    sync_to_thread=True,
    operation_id="entryBundle",
    tags=TAGS,
)
def entry_bundle(
    path: FromPath[str],
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    caller: NamedDependency[Caller],
) -> Response[bytes]:
    """A bundle of leaves (C2SP tlog-tiles): `<N>[.p/<W>]`, each leaf after its length in two bytes. That it was read is
    logged."""
    number, width = parse_path(path.lstrip("/"))
    begin = number * WIDTH
    chosen = select(Entry.leaf).where(Entry.index >= begin, Entry.index < begin + width).order_by(Entry.index)
    with database.read() as session:
        leaves = session.scalars(chosen).all()
        published = log.published(session)
    if len(leaves) < width or _end(number, width) > published:
        raise NotFound("The log has no such bundle, not yet or no longer.")
    log.looked_at(database, caller.name, None, {"bundle": str(number), "width": str(width)})
    return _forever("private", b"".join(len(leaf).to_bytes(2) + leaf for leaf in leaves))


def _end(number: int, width: int, level: int = 0) -> int:
    """The index after the last entry that a tile is about."""
    return (number * WIDTH + width) << HEIGHT * level


def plain(content: str) -> Response[str]:
    return Response(content, media_type=MediaType.TEXT, headers={"Cache-Control": "no-cache"})


def _forever(whose: str, content: bytes) -> Response[bytes]:
    """A tile of a width never changes; `whose` says which caches may keep it."""
    headers = {"Cache-Control": f"{whose}, max-age=31536000, immutable"}
    return Response(content, media_type="application/octet-stream", headers=headers)


HANDLERS = [checkpoint, tile, entry_bundle]
