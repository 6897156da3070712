"""Killed before any commit of a rotation, the store reads, and the rotation ends as if undisturbed."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from privacy_svc.db import Database, now
from privacy_svc.http import CustomerRef
from privacy_svc.runtime import Runtime
from privacy_svc.settings import Settings
from privacy_svc.store import Stores, begin_index, fill_index, finish_rotation, replace_keys, seal, unseal
from tests.factories import check_log, make_log, make_vault
from tests.killing import killed_before_commit
from tests.shop import ANA
from tests.store.test_rotating import generations
from tests.store.test_sealing import dump

AT_ONCE = timedelta(0)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # forking, from Python 3.12 on


def fresh(shop: Runtime) -> Runtime:
    """The same service with connections of its own."""
    settings: Settings = shop.settings
    database = Database(shop.database.engine.url.render_as_string(hide_password=False))
    organisation = shop.policies.current.organisation
    vault = make_vault(settings.home, database, organisation.id, organisation.phone_region)
    log = make_log(settings.home, vault)
    return Runtime(settings, shop.policies, database, vault, log.signer, log, Stores(settings.stores))


def people(shop: Runtime, begun: object) -> None:
    sealer = shop.sealer("test")
    replace_keys(sealer, begun)  # type: ignore[arg-type]
    while finish_rotation(sealer, shop.holders, AT_ONCE).waiting:
        pass


def index(shop: Runtime, _begun: object) -> None:
    begin_index(shop.sealer("test"))
    fill_index(shop.sealer("test"))


def epoch(shop: Runtime, _begun: object) -> None:
    shop.vault.roll_epoch(shop.database)


def pages(shop: Runtime, begun: object) -> None:
    shop.vault.replace_old_pages(shop.database, begun)  # type: ignore[arg-type]


@pytest.mark.parametrize("rotate", [people, index, epoch, pages], ids=lambda f: f.__name__)
def test_killed_at_every_commit(shop: Runtime, tmp_path: Path, rotate: Callable[[Runtime, object], None]) -> None:
    """Killed before its first commit, then before its second, and so on until it ends: at each stop Ana is found; at
    the end there is one generation, the log verifies, and the original rows come back."""
    before = dump(shop)
    seal(shop.sealer("test"))
    begun, number, kills = now(), 1, 0
    while killed_before_commit(number, lambda: rotate(fresh(shop), begun)):
        number, kills = number + 1, kills + 1
        with shop.database.read() as session:
            assert shop.directory.find(session, CustomerRef(email=ANA["email"])) is not None
    assert kills >= 1
    rotate(shop, begun)
    assert len(generations(shop)) == 1
    with shop.database.write() as session:
        shop.vault.replace_due(session)
        status = shop.vault.status(session)
    assert (status.replace_due, list(status.index_generations.values())) == (0, [True])
    assert [e.page_keys + e.index_roots for e in status.epochs][:-1] == [0] * (len(status.epochs) - 1)
    check_log(shop.database, shop.log)
    unseal(shop.sealer("test"))
    assert dump(shop) == before
