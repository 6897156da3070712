"""Key providers: one contract, kept by all of them; then what is each one's own."""

import base64
import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber
from pkcs11 import GeneralError, KeyType, TokenFlag

from privacy_svc.db import Database
from privacy_svc.errors import Conflict, Erased, KeyUnavailable, Misconfigured
from privacy_svc.settings import Settings
from privacy_svc.vault import (
    FileKeyProvider,
    Key,
    Schedule,
    Tampered,
    Vault,
    create_provider,
    open_provider,
)
from privacy_svc.vault.model import RootEpoch
from privacy_svc.vault.providers.opening import EXAMPLES
from privacy_svc.vault.providers.process import PerProcess
from tests import keepers
from tests.factories import make_vault
from tests.keepers import Folder, Keeper, Kms, Setting, Token, Transit
from tests.transit_server import TransitServer
from tests.vault.test_vault import opened, sealed, subject

RACER = """
import random, sys, time
from pathlib import Path
from privacy_svc.errors import Conflict, KeyUnavailable
from privacy_svc.vault import open_provider
from tests.keepers import Setting
provider = open_provider(Setting(sys.argv[1]), Path(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
made = 0
while made < 3:
    try:
        print(provider.roll(), flush=True)
        made += 1
    except (Conflict, KeyUnavailable):
        time.sleep(random.random() / 20)
"""


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = keepers.softhsm_tokens(tmp_path_factory.mktemp("softhsm"))
    if found is None:
        pytest.skip("no SoftHSM 2: install Debian's softhsm2")
    return found


@pytest.fixture(scope="module")
def kms_server() -> Iterator[Any]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    server._port = server.get_host_and_port()[1]  # the same after it was away
    with keepers.pending_keys_are_refused():
        yield server
    server.stop()


@pytest.fixture(scope="module")
def transit_server() -> Iterator[TransitServer]:
    with TransitServer(keepers.TOKEN) as server:
        yield server


@pytest.fixture(params=["file", "pkcs11", "aws", "transit"])
def keeper(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keeper:
    if request.param == "file":
        return Folder(tmp_path)
    if request.param == "pkcs11":
        return Token(tmp_path, request.getfixturevalue("tokens"))
    if request.param == "transit":
        return Transit(tmp_path, request.getfixturevalue("transit_server"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keepers.AWS_SECRET)
    return Kms(tmp_path, request.getfixturevalue("kms_server"))


@pytest.fixture
def pkcs11(tmp_path: Path, tokens: Path) -> Token:
    return Token(tmp_path, tokens)


@pytest.fixture
def transit(tmp_path: Path, transit_server: TransitServer) -> Transit:
    return Transit(tmp_path, transit_server)


# The contract


def test_round_trip(keeper: Keeper) -> None:
    """What one opening of the keys wrapped, another one unwraps."""
    key = Key.new()
    wrapped = keeper.create().wrap(1, key, b"here")
    assert key.reveal() not in wrapped
    assert keeper.open().unwrap(1, wrapped, b"here").reveal() == key.reveal()


def test_another_place_is_tampered(keeper: Keeper) -> None:
    """A wrapped key opens only with the binding it was wrapped with."""
    provider = keeper.create()
    wrapped = provider.wrap(1, Key.new(), b"here")
    for binding in (b"there", b"", b"here\0"):
        with pytest.raises(Tampered):
            provider.unwrap(1, wrapped, binding)


def test_another_epoch_opens_nothing(keeper: Keeper) -> None:
    """A key wrapped under one epoch does not open under another, nor under one that never was."""
    provider = keeper.create()
    wrapped = provider.wrap(1, Key.new(), b"here")
    provider.roll()
    # moto denies access where KMS says IncorrectKeyException, which test_what_kms_says has
    with pytest.raises(KeyUnavailable if isinstance(keeper, Kms) else Tampered):
        provider.unwrap(2, wrapped, b"here")
    with pytest.raises(KeyUnavailable):
        provider.unwrap(7, wrapped, b"here")
    with pytest.raises(KeyUnavailable):
        provider.wrap(7, Key.new(), b"here")
    assert provider.epochs() == [1, 2]


def test_a_changed_byte_is_tampered(keeper: Keeper) -> None:
    """A flipped bit or a cut end is never a key, and the provider goes on."""
    provider = keeper.create()
    wrapped = provider.wrap(1, Key.new(), b"here")
    first = len(wrapped) - 60 if isinstance(keeper, Kms) else 0  # KMS's own header is its own matter
    for place in range(first, len(wrapped), 5):
        changed = bytearray(wrapped)
        changed[place] ^= 0x10
        with pytest.raises(Tampered):
            provider.unwrap(1, bytes(changed), b"here")
    with pytest.raises(Tampered):
        provider.unwrap(1, wrapped[:-1], b"here")
    assert provider.unwrap(1, wrapped, b"here")


def test_rolling(keeper: Keeper) -> None:
    """Each roll is the next number; older epochs still open."""
    provider = keeper.create()
    wrapped = provider.wrap(1, Key.new(), b"here")
    assert [provider.roll(), provider.roll()] == [2, 3]
    assert (provider.epochs(), provider.current_epoch()) == ([1, 2, 3], 3)
    assert provider.unwrap(1, wrapped, b"here")


def test_destroyed_is_gone(keeper: Keeper) -> None:
    """Nothing opens under a destroyed epoch, for nobody; destroying twice is once; the receipt says when and what."""
    provider = keeper.create()
    old = provider.wrap(1, Key.new(), b"here")
    provider.roll()
    new = provider.wrap(2, Key.new(), b"here")
    done = provider.destroy(1)
    again = provider.destroy(1)
    for where in (provider, keeper.open()):
        with pytest.raises(KeyUnavailable):
            where.unwrap(1, old, b"here")
        assert where.epochs() == [2]
        assert where.unwrap(2, new, b"here")
    assert abs(done.at - datetime.now(UTC) - provider.destruction_delay) < timedelta(minutes=1)
    assert abs(again.at - done.at) < timedelta(minutes=1)
    assert "1" in done.receipt
    assert provider.roll() == 3


def test_the_epoch_in_use_stays(keeper: Keeper) -> None:
    """Destroying the newest epoch is refused, so that its number is never used a second time."""
    provider = keeper.create()
    provider.roll()
    with pytest.raises(Conflict, match="roll"):
        provider.destroy(2)
    assert provider.epochs() == [1, 2]


def test_nothing_is_made_anew(keeper: Keeper) -> None:
    """Keys are not made where there are some, and opening where there are none makes none."""
    with pytest.raises(KeyUnavailable):
        keeper.open()
    with pytest.raises(KeyUnavailable):
        keeper.open()
    provider = keeper.create()
    wrapped = provider.wrap(1, Key.new(), b"here")
    with pytest.raises(Misconfigured, match="already holds keys"):
        keeper.create()
    assert provider.epochs() == [1]
    assert provider.unwrap(1, wrapped, b"here")


def test_away_is_unavailable_and_nothing_else(keeper: Keeper) -> None:
    """A provider that does not answer is KeyUnavailable for whatever is asked, and afterwards everything is there."""
    provider = keeper.create()
    wrapped = provider.wrap(1, Key.new(), b"here")
    provider.roll()
    asked: list[Callable[[], object]] = [
        provider.current_epoch,
        provider.roll,
        lambda: provider.wrap(1, Key.new(), b"here"),
        lambda: provider.unwrap(1, wrapped, b"here"),
        lambda: provider.unwrap(1, wrapped, b"there"),
        lambda: provider.destroy(1),
        keeper.open,
    ]
    if not isinstance(keeper, Folder):  # a folder that is not there has no epochs
        asked.append(provider.epochs)
    with keeper.away():
        for ask in asked:
            with pytest.raises(KeyUnavailable):
                ask()
    assert provider.epochs() == [1, 2]
    assert provider.unwrap(1, wrapped, b"here")


def test_no_secret_is_told(keeper: Keeper, caplog: pytest.LogCaptureFixture) -> None:
    """Neither repr nor errors with their tracebacks nor logs of any level hold a page key, PIN, token or credential."""
    caplog.set_level(logging.DEBUG)
    key, said = Key.new(), list[str]()
    provider = keeper.create()
    wrapped = provider.wrap(1, key, b"here")
    provider.unwrap(1, wrapped, b"here")
    said += [repr(provider), str(provider)]
    asked: list[Callable[[], object]] = [
        lambda: provider.unwrap(1, wrapped, b"there"),
        lambda: provider.wrap(7, key, b"here"),
        lambda: provider.destroy(1),
        keeper.create,
    ]
    for ask in asked:
        with pytest.raises(Exception) as raised:  # noqa: PT011 - whatever it is
            ask()
        said += traceback.format_exception(raised.value)
    with keeper.away():
        for ask in (lambda: provider.wrap(1, key, b"here"), lambda: provider.unwrap(1, wrapped, b"here")):
            with pytest.raises(KeyUnavailable) as away:
                ask()
            said += traceback.format_exception(away.value)
    everything = "".join(said) + caplog.text
    for secret in (*keepers.SECRETS, key.reveal().hex(), base64.b64encode(key.reveal()).decode(), repr(key.reveal())):
        assert secret not in everything


def test_threads(keeper: Keeper) -> None:
    """Threads that share a provider get their own keys back."""
    provider, wrong = keeper.create(), list[object]()

    def work(number: int) -> None:
        binding = str(number).encode()
        for _ in range(10):
            key = Key.new()
            try:
                if provider.unwrap(1, provider.wrap(1, key, binding), binding).reveal() != key.reveal():
                    wrong.append(number)
            except Exception as error:  # noqa: BLE001 - told below
                wrong.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def in_child(work: Callable[[], object]) -> int:
    """The exit code of a forked child that does this."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads and fork: that is the test
        child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - a child of the test ends here
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_fork(keeper: Keeper) -> None:
    """A forked child uses the provider it inherited, and so does its parent afterwards."""
    provider, key = keeper.create(), Key.new()
    wrapped = provider.wrap(1, key, b"here")

    def work() -> None:
        assert provider.unwrap(1, wrapped, b"here").reveal() == key.reveal()
        provider.roll()

    assert in_child(work) == 0
    assert provider.current_epoch() == 2
    assert provider.unwrap(1, wrapped, b"here").reveal() == key.reveal()


def test_processes_roll_at_once(keeper: Keeper) -> None:
    """Of rolls at the same moment each makes its epoch or the same one, or is to try again: none has two keys."""
    provider, key = keeper.create(), Key.new()
    start = [sys.executable, "-c", RACER, keeper.setting, str(keeper.folder)]
    racers = [subprocess.Popen(start, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    made = {int(line) for racer in racers for line in racer.communicate(timeout=60)[0].split()}
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    assert set(provider.epochs()) == {1, *made} == set(range(1, len(made) + 2))
    other = keeper.open()
    for epoch in provider.epochs():
        assert other.unwrap(epoch, provider.wrap(epoch, key, b"here"), b"here").reveal() == key.reveal()


def test_a_vault_lives_on_it(keeper: Keeper, database: Database, tmp_path: Path) -> None:
    """Sealed, rolled and moved, erased while the provider was away, destroyed, reopened: the living open, the erased
    are gone, and backups_by counts how long the provider takes to destroy."""
    vault = make_vault(tmp_path, database, provider=keeper.create())
    with database.write() as session:
        vault.create_index_root(session)
    one, other = subject(database, vault), subject(database, vault)
    text, others = sealed(database, vault, one), sealed(database, vault, other, "Ben")
    assert vault.roll_epoch(database) == 2
    with keeper.away():
        fresh = Vault(vault.provider, vault.organisation, vault.ledger)
        with pytest.raises(KeyUnavailable):
            opened(database, fresh, other, others)
        with database.write() as session:
            assert not fresh.erase(session, one).page_replaced
        with pytest.raises(Erased):
            opened(database, vault, one, text)
    vault.schedule = Schedule(timedelta(days=1), timedelta(days=30))
    assert vault.roll_epoch(database) == 3
    with database.write() as session:
        ended = session.get_one(RootEpoch, 2).retired_at
        by = vault.backups_by(session, one)
        assert ended is not None
        assert by is not None
        assert abs(by - ended - timedelta(days=31) - vault.provider.destruction_delay) < timedelta(days=1, minutes=1)
    vault.destroy_epoch(database, 1)
    vault.destroy_epoch(database, 2)
    with database.read() as session:
        for epoch in (1, 2):
            gone = session.get_one(RootEpoch, epoch).destroyed_at
            assert gone is not None
            assert abs(gone - datetime.now(UTC) - vault.provider.destruction_delay) < timedelta(minutes=1)
    again = make_vault(tmp_path, database, provider=keeper.open())
    assert again.provider.epochs() == [3]
    assert opened(database, again, other, others) == "Ben"
    with pytest.raises(Erased):
        opened(database, again, one, text)


# The setting

BAD = [
    ("", "begins with none"),
    ("hsm", "begins with none"),
    ("pkcs11:", "token is missing"),
    ("pkcs11:token=t", "pin-source is missing"),
    ("pkcs11:token=t?pin-source=env:PIN", "module-path is missing"),
    ("pkcs11:token=t?pin-source=env:PIN&module-path=lib.so", "module-path is not"),
    ("pkcs11:token=t?pin-source=env:NONE&module-path=/bin/sh", "env:NONE is empty"),
    ("pkcs11:token=t?pin-source=file:/none&module-path=/bin/sh", "file:/none cannot be read"),
    ("pkcs11:token=t?pin-source=%7Ccommand&module-path=/bin/sh", "pin-source is not file:/path"),
    ("pkcs11:token=t?pin-value=planted-4711", "module-path, pin-source, each once"),
    ("pkcs11:token=t;token=u?pin-source=env:PIN", "each once"),
    ("pkcs11:token=t?pin-source=planted-4711&module-path=/bin/sh", "does not stand here"),
    ("aws-kms://", "names no region"),
    ("aws-kms://eu-central-1", "prefix"),
    ("aws-kms://eu-central-1/aws/x", "prefix"),
    ("aws-kms://planted-4711:x@eu-central-1/p", "names no region"),
    ("aws-kms://eu-central-1/p?window=3", "from 7 to 30"),
    ("aws-kms://eu-central-1/p?windw=9", "endpoint, window"),
    ("aws-kms://eu-central-1/p?endpoint=http://kms.example", "https"),
    ("aws-kms://eu-central-1/p?endpoint=http://localhost:1", "https"),
    ("transit+https://vault.example", "mount and the prefix"),
    ("transit+https://vault.example/transit/a/../b?token-env=PIN", "mount and the prefix"),
    ("transit+https://vault.example/transit/p%2Fq%3F?token-env=PIN", "mount and the prefix"),
    ("transit+https://vault.example/transit/p#q?token-env=PIN", "# in it"),
    ("transit+https://vault.example/transit/p", "token-file and token-env"),
    ("transit+https://vault.example/transit/p?token-env=NONE", "env:NONE is empty"),
    ("transit+https://vault.example/transit/p?token-env=PIN&ca-file=/none", "ca-file"),
    ("transit+https://vault.example:port/transit/p?token-env=PIN", "not a URL"),
    ("transit+https://planted-4711@vault.example/transit/p?token-env=PIN", "credentials"),
    ("transit+https://vault.example/transit/p?token=planted-4711", "each once"),
    ("transit+http://vault.example/transit/p?token-env=PIN", "loopback"),
    ("transit+http://10.0.0.1/transit/p?token-env=PIN", "loopback"),
    ("transit+http://127.0.0.1.example/transit/p?token-env=PIN", "loopback"),
]


@pytest.mark.parametrize(("setting", "why"), BAD)
def test_a_setting_that_does_not_fit(setting: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half-filled and dangerous settings are refused by name, with an example, and are not repeated."""
    monkeypatch.setenv("PIN", "1234")
    for choose in (open_provider, create_provider):
        with pytest.raises(Misconfigured) as refused:
            choose(Setting(setting), tmp_path / "keys")
        assert why in str(refused.value)
        assert "key_provider" in str(refused.value)
        assert "Example: " in str(refused.value)
        assert "planted-4711" not in "".join(traceback.format_exception(refused.value))
    assert list(tmp_path.iterdir()) == []


def test_the_examples_are_good(tmp_path: Path) -> None:
    """The example of each refusal names all that is needed: only what is not on this machine is missing."""
    for example in EXAMPLES.values():
        if example == "file":
            continue
        with pytest.raises((Misconfigured, KeyUnavailable), match=r"cannot be read|that is there|does not answer"):
            open_provider(Setting(example), tmp_path / "keys")


def test_files_are_the_default(tmp_path: Path) -> None:
    """Without a setting the root keys are files in the given folder."""
    assert isinstance(create_provider(Settings(home=tmp_path), tmp_path / "keys"), FileKeyProvider)
    assert isinstance(open_provider(Settings(home=tmp_path), tmp_path / "keys"), FileKeyProvider)


@pytest.mark.parametrize(
    ("setting", "module", "package", "extra"),
    [
        ("pkcs11:token=t?pin-source=env:PIN&module-path=/bin/sh", "pkcs11", "pkcs11", "pkcs11"),
        ("aws-kms://eu-central-1/p", "aws_kms", "boto3", "aws"),
        ("transit+https://vault.example/transit/p?token-env=PIN", "transit", "hvac", "transit"),
    ],
)
def test_a_missing_package(
    setting: str, module: str, package: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra's package the refusal says how to install it."""
    monkeypatch.setenv("PIN", "1234")
    monkeypatch.delitem(sys.modules, f"privacy_svc.vault.providers.{module}", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(Misconfigured, match=rf"pip install 'privacy-svc\[{extra}\]'"):
        open_provider(Setting(setting), tmp_path / "keys")


# Token, key service, transit engine


def test_the_key_in_the_token_cannot_be_read(pkcs11: Token) -> None:
    """An epoch's key is made in the token, for encryption only, and is not given out."""
    from pkcs11 import Attribute, AttributeSensitive

    provider: Any = pkcs11.create()
    key = provider._key(provider._session(), 1)
    assert (key[Attribute.SENSITIVE], key[Attribute.EXTRACTABLE], key[Attribute.LOCAL]) == (True, False, True)
    assert (key[Attribute.PRIVATE], key[Attribute.WRAP], key[Attribute.DERIVE]) == (True, False, False)
    with pytest.raises(AttributeSensitive):
        _ = key[Attribute.VALUE]


def test_a_wrong_pin_is_tried_once(pkcs11: Token, tmp_path: Path) -> None:
    """A token locks itself after a few wrong PINs: a refused one is not sent again, a corrected one is."""
    provider: Any = pkcs11.create()
    provider._library.drop()
    (tmp_path / "pin").write_text("wrong-pin")
    for _ in range(12):
        with pytest.raises(KeyUnavailable, match="refused the PIN"):
            provider.current_epoch()
    assert not provider._library.get().library.get_token(token_label="privacy").flags & TokenFlag.USER_PIN_LOCKED
    (tmp_path / "pin").write_text(keepers.PIN)
    assert provider.current_epoch() == 1


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # python-pkcs11's tidying of the dead one
def test_a_lost_session_is_replaced(pkcs11: Token) -> None:
    """After another part of the process closed the session the provider opens its own again."""
    provider: Any = pkcs11.create()
    wrapped = provider.wrap(1, Key.new(), b"here")
    provider._session().close()
    assert provider.unwrap(1, wrapped, b"here")


def test_a_token_that_comes_back(pkcs11: Token) -> None:
    """SoftHSM finds a token that was away only when initialised anew; reading does that by itself."""
    provider = pkcs11.create()
    wrapped = provider.wrap(1, Key.new(), b"here")
    with pkcs11.away(), pytest.raises(KeyUnavailable):
        provider.unwrap(1, wrapped, b"here")
    assert provider.unwrap(1, wrapped, b"here")


class FailingKey:
    """A key of a token that gives general errors, for ever or a few times."""

    def __init__(self, failures: int) -> None:
        self.failures = failures

    def encrypt(self, raw: bytes, **_: object) -> bytes:
        return raw

    def decrypt(self, raw: bytes, **_: object) -> bytes:
        self.failures -= 1
        if self.failures >= 0:
            raise GeneralError
        return raw


def test_a_general_error_is_not_a_wrong_tag() -> None:
    """SoftHSM reports a wrong tag as a general error; from a key that does not work at all it says nothing, and once
    the key works the value is asked for again."""
    from privacy_svc.vault.providers.pkcs11 import _opened

    with pytest.raises(GeneralError):
        _opened(FailingKey(99), bytes(12), b"sealed", b"here")
    assert _opened(FailingKey(1), bytes(12), b"sealed", b"here") == b"sealed"


def test_rolls_of_one_home_take_turns(pkcs11: Token, tmp_path: Path) -> None:
    """While another process makes a key in the token, a roll waits."""
    provider, made = pkcs11.create(), list[int]()
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    thread = threading.Thread(target=lambda: made.append(provider.roll()))
    thread.start()
    thread.join(0.5)
    assert made == []
    os.close(descriptor)
    thread.join()
    assert made == [2]


def test_two_keys_in_one_epoch_are_refused(pkcs11: Token) -> None:
    """A second key of one label is never picked by chance: nothing is wrapped until it is gone."""
    provider: Any = pkcs11.create()
    with pytest.raises(Conflict):
        provider._make(1)
    assert provider.wrap(1, Key.new(), b"here")
    session = provider._session()
    session.generate_key(KeyType.AES, 256, label=provider._label(1), store=True)
    with pytest.raises(KeyUnavailable, match="2 times"):
        provider.wrap(1, Key.new(), b"here")


def test_a_fork_while_another_thread_speaks() -> None:
    """The child does not wait for a lock that a thread of its parent held, nor take over its connection."""
    made = PerProcess(os.getpid)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with made.lock:
            made.get()
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()

    def work() -> None:
        signal.alarm(5)
        assert made.get() == os.getpid()

    code = in_child(work)
    done.set()
    thread.join()
    assert code == 0


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("InvalidCiphertextException", Tampered),
        ("IncorrectKeyException", Tampered),
        ("NotFoundException", KeyUnavailable),
        ("KMSInvalidStateException", KeyUnavailable),
        ("DisabledException", KeyUnavailable),
        ("AccessDeniedException", KeyUnavailable),
        ("ThrottlingException", KeyUnavailable),
        ("KMSInternalException", KeyUnavailable),
    ],
)
def test_what_kms_says(code: str, told: type[Exception]) -> None:
    """Only KMS's word that a ciphertext does not open is Tampered; all else is unavailable."""
    from privacy_svc.vault.providers.aws_kms import AwsKmsKeyProvider

    provider = AwsKmsKeyProvider("eu-central-1", "p", 7, "http://127.0.0.1:1")
    with Stubber(provider._kms) as kms:
        kms.add_client_error("decrypt", code)
        with pytest.raises(told):
            provider.unwrap(1, b"wrapped", b"here")


def test_the_loser_of_an_alias_is_not_the_epoch(
    tmp_path: Path, kms_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the alias is another key's, the new key goes; where it is ours and only the answer was lost, it stays."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keepers.AWS_SECRET)
    provider: Any = Kms(tmp_path, kms_server).create()
    with pytest.raises(Conflict):
        provider._make(1)
    assert provider.epochs() == [1]
    assert provider.wrap(1, Key.new(), b"here")
    send, lost = provider._kms.create_alias, list[object]()

    def twice(**what: Any) -> object:
        """As the client does by itself when the first answer does not arrive."""
        lost.append(send(**what))
        return send(**what)

    monkeypatch.setattr(provider._kms, "create_alias", twice)
    assert (provider.roll(), len(lost)) == (2, 1)
    assert provider.wrap(2, Key.new(), b"here")


def test_a_missing_transit_key_is_not_made(transit: Transit) -> None:
    """Vault makes a key it is asked to encrypt under; a deleted epoch must not come back so."""
    provider = transit.create()
    before = set(transit.server.keys)
    with pytest.raises(KeyUnavailable):
        provider.wrap(2, Key.new(), b"here")
    assert set(transit.server.keys) == before


def test_an_exportable_transit_key_is_refused(transit: Transit) -> None:
    """A key that can be exported lives on elsewhere after its deletion: nothing is wrapped under it."""
    provider: Any = transit.create()
    transit.server.keys[provider._name(1)]["exportable"] = True
    with pytest.raises(Misconfigured, match="exported"):
        provider.wrap(1, Key.new(), b"here")
    with pytest.raises(Misconfigured, match="exported"):
        transit.open()


def test_a_server_without_associated_data(transit: Transit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that ignores the binding is refused at opening: wrapped keys could be swapped."""
    transit.create()
    monkeypatch.setattr(transit.server, "ignores_binding", True)
    with pytest.raises(Misconfigured, match="associated data"):
        transit.open()


def test_redirects_are_not_followed(transit: Transit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A standby node's redirect is no answer: the token goes to the address of the setting only, and an order to
    delete that was redirected did not happen."""
    provider = transit.create()
    provider.roll()
    monkeypatch.setattr(transit.server, "redirects", True)
    for ask in (lambda: provider.wrap(1, Key.new(), b"here"), provider.roll, lambda: provider.destroy(1)):
        with pytest.raises(KeyUnavailable):
            ask()
    monkeypatch.setattr(transit.server, "redirects", False)
    assert provider.epochs() == [1, 2]


def test_the_token_goes_to_no_proxy(transit: Transit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies of the environment are not asked: over plain http they would read keys and token."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert transit.create().current_epoch() == 1


def test_a_renewed_token_is_read_again(transit: Transit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent may renew the token in its file; a refused one is unavailable, not tampered."""
    provider = transit.create()
    monkeypatch.setattr(transit.server, "token", "another")
    with pytest.raises(KeyUnavailable, match="Forbidden"):
        provider.current_epoch()
    (tmp_path / "token").write_text("another")
    assert provider.current_epoch() == 1


# Files


def test_modes(tmp_path: Path) -> None:
    """Keys are made readable by their owner only; a wider file or folder is refused with the command that mends it."""
    FileKeyProvider.create(tmp_path / "keys")
    path = tmp_path / "keys" / "epoch-1.key"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    for place, mode in ((path, 0o640), (path.parent, 0o755)):
        before = place.stat().st_mode
        place.chmod(mode)
        with pytest.raises(Misconfigured, match="chmod go-rwx"):
            FileKeyProvider.open(tmp_path / "keys")
        place.chmod(before)
    assert FileKeyProvider.open(tmp_path / "keys").epochs() == [1]


def test_keys_are_never_made_twice(tmp_path: Path) -> None:
    """A folder with keys is not given new ones, and a missing folder is an error instead of a new key."""
    FileKeyProvider.create(tmp_path / "keys")
    with pytest.raises(Misconfigured):
        FileKeyProvider.create(tmp_path / "keys")
    with pytest.raises(KeyUnavailable, match="restore"):
        FileKeyProvider.open(tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


def test_roll_and_destroy(tmp_path: Path) -> None:
    """A key wrapped under a destroyed epoch is gone; one under the new epoch opens; destroying twice is once."""
    provider = FileKeyProvider.create(tmp_path / "keys")
    key = Key.new()
    old = provider.wrap(1, key, b"x")
    assert provider.roll() == 2
    new = provider.wrap(2, key, b"x")
    provider.destroy(1)
    provider.destroy(1)
    with pytest.raises(KeyUnavailable):
        provider.unwrap(1, old, b"x")
    assert provider.unwrap(2, new, b"x").commitment() == key.commitment()


def test_the_epoch_in_use_is_not_destroyed(tmp_path: Path) -> None:
    """Destroying the newest epoch is refused, so that its number is never used a second time."""
    provider = FileKeyProvider.create(tmp_path / "keys")
    with pytest.raises(Conflict, match="roll"):
        provider.destroy(1)
    assert provider.current_epoch() == 1


def test_two_processes_roll_at_once(tmp_path: Path) -> None:
    """Of rolls at the same moment each makes an epoch of its own or is told to try again; no key is overwritten."""
    provider, start, made = FileKeyProvider.create(tmp_path / "keys"), threading.Barrier(8), list[int]()
    first = provider.wrap(1, Key.new(), b"x")

    def roll() -> None:
        start.wait()
        with suppress(Conflict):
            made.append(FileKeyProvider.open(tmp_path / "keys").roll())

    threads = [threading.Thread(target=roll) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made
    assert sorted(made) == list(range(2, len(made) + 2))
    assert provider.epochs() == [1, *sorted(made)]
    assert provider.unwrap(1, first, b"x")
    assert {p.name for p in (tmp_path / "keys").iterdir()} == {f"epoch-{e}.key" for e in provider.epochs()}


def test_keys_away_and_keys_broken(tmp_path: Path) -> None:
    """No folder is KeyUnavailable for whatever is asked; a key file of another size is Tampered."""
    provider = FileKeyProvider.create(tmp_path / "keys")
    (tmp_path / "keys" / "epoch-1.key").write_bytes(b"short")
    with pytest.raises(Tampered):
        provider.wrap(1, Key.new(), b"x")
    (tmp_path / "keys").rename(tmp_path / "gone")
    for ask in (provider.current_epoch, provider.roll, lambda: provider.wrap(1, Key.new(), b"x")):
        with pytest.raises(KeyUnavailable):
            ask()
    assert not (tmp_path / "keys").exists()
