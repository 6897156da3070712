"""Page and index keys on lease: used for a while without the provider, never longer."""

from pathlib import Path

import pytest

from privacy_svc.db import Database
from privacy_svc.errors import Erased, KeyUnavailable
from privacy_svc.vault import Key, Lease, Vault
from privacy_svc.vault.lease import LeasedKeys
from tests.factories import make_vault
from tests.vault.test_vault import opened, sealed, subject


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Provider:
    """Counts how often it is asked; away when told so, `waits` seconds before it says so."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.asked, self.away, self.waits = clock, 0, False, 0.0
        self.key = Key.new()

    def __call__(self) -> Key:
        self.asked += 1
        self.clock.now += self.waits
        if self.away:
            raise KeyUnavailable("away")
        return self.key


def get(leased: LeasedKeys, provider: Provider, name: str = "page") -> Key:
    return leased.valid(name) or leased.renew(name, provider)


def test_the_provider_is_asked_once_a_lease() -> None:
    """Within the lease a key is used without asking; after it the provider is asked again."""
    clock = Clock()
    provider, leased = Provider(clock), LeasedKeys(Lease(lease=900), clock)
    for at in (0, 450, 899):
        clock.now = at
        assert get(leased, provider) is provider.key
    assert provider.asked == 1
    clock.now = 900
    get(leased, provider)
    assert provider.asked == 2


@pytest.mark.parametrize("grace", [0, 300])
def test_the_lease_ends_hard(grace: float) -> None:
    """A provider that stays away ends the reading after lease and grace, and not before."""
    clock = Clock()
    provider, leased = Provider(clock), LeasedKeys(Lease(lease=900, grace=grace), clock)
    get(leased, provider)
    provider.away = True
    for at in (899, 899 + grace):
        clock.now = at
        assert get(leased, provider) is provider.key
    clock.now = 900 + grace
    for _ in range(2):
        with pytest.raises(KeyUnavailable):
            get(leased, provider)
    provider.away = False
    assert get(leased, provider) is provider.key


def test_a_provider_that_hangs_is_left_alone() -> None:
    """After one question that waited in vain, nobody else waits for the length of the pause."""
    clock = Clock()
    provider, leased = Provider(clock), LeasedKeys(Lease(pause=5), clock)
    provider.away, provider.waits = True, 3.0
    for _ in range(50):
        with pytest.raises(KeyUnavailable):
            get(leased, provider)
    assert provider.asked == 1
    clock.now += 5
    provider.away, provider.waits = False, 0.0
    assert get(leased, provider) is provider.key


def test_one_missing_epoch_does_not_stop_the_others() -> None:
    """A quick no for one key does not keep the provider from being asked for another."""
    clock = Clock()
    missing, there = Provider(clock), Provider(clock)
    leased = LeasedKeys(Lease(), clock)
    missing.away = True
    with pytest.raises(KeyUnavailable):
        get(leased, missing, "lost")
    assert get(leased, there, "found") is there.key


def test_reading_within_the_lease_only(database: Database, vault: Vault, tmp_path: Path) -> None:
    """With the keys away a vault that has read goes on reading, one whose lease is over is unavailable, and erasure
    works in both."""
    one, other = subject(database, vault), subject(database, vault)
    text = sealed(database, vault, one)
    over = make_vault(tmp_path, lease=Lease(lease=0))
    (tmp_path / "keys").rename(tmp_path / "gone")
    assert opened(database, vault, one, text) == "Ana"
    with pytest.raises(KeyUnavailable):
        opened(database, over, one, text)
    with database.write() as session:
        over.erase(session, one)
    with pytest.raises(Erased):
        opened(database, over, one, text)
    with pytest.raises(Erased):
        opened(database, vault, one, text)
    with pytest.raises(KeyUnavailable), database.read() as session:
        over.cipher(session, other)
