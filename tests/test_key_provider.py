"""A home whose root keys live elsewhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from privacy_svc.errors import KeyUnavailable, Misconfigured
from privacy_svc.examples import folder
from privacy_svc.home import create_home, open_runtime
from privacy_svc.settings import Settings
from tests import keepers
from tests.keepers import Transit
from tests.transit_server import TransitServer


@pytest.fixture
def transit(tmp_path: Path) -> Iterator[Transit]:
    with TransitServer(keepers.TOKEN) as server:
        yield Transit(tmp_path, server)


def settings(home: Path, transit: Transit) -> Settings:
    return Settings(home=home, policies=folder("policies"), key_provider=transit.setting)


def test_a_home_with_keys_elsewhere(tmp_path: Path, transit: Transit) -> None:
    """`init` makes the root key there and none in the home; the service opens it, and a second `init` does too."""
    here = settings(tmp_path / "home", transit)
    create_home(here).close()
    assert [p.name for p in (here.home / "keys").iterdir()] == ["signing.key"]
    for again in (create_home(here), open_runtime(here, check_stores=False)):
        assert again.vault.provider.epochs() == [1]
        again.close()


def test_a_home_while_its_keys_are_away(tmp_path: Path, transit: Transit) -> None:
    """Neither opened nor made anew; with the provider back it opens."""
    here = settings(tmp_path / "home", transit)
    create_home(here).close()
    with transit.away():
        for again in (create_home, lambda h: open_runtime(h, check_stores=False)):
            with pytest.raises(KeyUnavailable):
                again(here)
    open_runtime(here, check_stores=False).close()


def test_a_second_home_does_not_take_the_keys(tmp_path: Path, transit: Transit) -> None:
    """A new home over a provider that holds keys is refused, before it holds anything itself."""
    create_home(settings(tmp_path / "home", transit)).close()
    with pytest.raises(Misconfigured, match="already holds keys"):
        create_home(settings(tmp_path / "other", transit))
    assert not (tmp_path / "other" / "keys").exists()


def test_another_provider_is_noticed(tmp_path: Path, transit: Transit) -> None:
    """A home whose setting is lost opens no file keys in place of its own, and makes none."""
    here = settings(tmp_path / "home", transit)
    create_home(here).close()
    for again in (create_home, lambda h: open_runtime(h, check_stores=False)):
        with pytest.raises(KeyUnavailable):
            again(Settings(home=here.home, policies=here.policies))
    assert [p.name for p in (here.home / "keys").iterdir()] == ["signing.key"]


@pytest.mark.parametrize("key", [bytes(range(32)), b"short"], ids=["another key", "no key"])
def test_a_swapped_root_key_is_refused(tmp_path: Path, key: bytes) -> None:
    """The service does not start on it: it would open nothing, and wrap new keys under a stranger."""
    here = Settings(home=tmp_path / "home", policies=folder("policies"))
    runtime = create_home(here)
    with runtime.database.write() as session:
        runtime.vault.create_subject(session)
    runtime.close()
    (here.home / "keys" / "epoch-1.key").write_bytes(key)
    with pytest.raises(Misconfigured, match="swapped or damaged"):
        open_runtime(here, check_stores=False)


def test_an_init_that_failed_can_be_run_again(tmp_path: Path, transit: Transit) -> None:
    """The provider did not answer at first: nothing is left that would be taken for a home without its keys."""
    here = settings(tmp_path / "home", transit)
    with transit.away(), pytest.raises(KeyUnavailable):
        create_home(here)
    create_home(here).close()
    open_runtime(here, check_stores=False).close()
