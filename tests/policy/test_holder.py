"""The policy in force follows its files, and stays when they do not fit."""

import os
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from structlog.testing import capture_logs

from privacy_svc.db import now
from privacy_svc.errors import Misconfigured
from privacy_svc.policy import PolicyHolder, load_policies
from tests.policy.small import FILES, compiled

HOUR = 3600.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "policies"
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def test_a_change_is_taken_up(folder: Path) -> None:
    """A new file content is the policy at the next look."""
    holder = PolicyHolder(folder, interval=0, quiet=0)
    assert holder.current.version == compiled().version
    (folder / "modules.yml").write_text(FILES["modules.yml"].replace("title: Mail", "title: Letters"))
    assert holder.current.modules["mail"].title == "Letters"
    assert holder.fault is None


def _retitled(folder: Path) -> None:
    (folder / "modules.yml").write_text(FILES["modules.yml"].replace("title: Mail", "title: Letters"))


def _copied_with_old_times(folder: Path) -> None:
    """As `rsync -a` does it: written beside, dated back, renamed."""
    copy = folder / ".modules.yml.7fK2"
    copy.write_text(FILES["modules.yml"].replace("title: Mail", "title: Letters"))
    os.utime(copy, (1, 1))
    copy.rename(folder / "modules.yml")


def _taken_away(folder: Path) -> None:
    """As `git checkout` begins, where what is left fits together."""
    (folder / "datasets/shop.yml").unlink()


@pytest.mark.parametrize("copy_half", [_retitled, _copied_with_old_times, _taken_away])
def test_half_a_copy_never_comes_into_force(folder: Path, copy_half: Callable[[Path], None]) -> None:
    """However the first half came, and though it fits: the rest is waited for, and then all of it is taken at once."""
    another = FILES["datasets/crm.yml"].replace("key: crm", "key: shop").replace("id: 10", "id: 20")
    (folder / "datasets/shop.yml").write_text(another)
    holder = PolicyHolder(folder, interval=0, quiet=HOUR)
    before = holder.current
    with time_machine.travel(now() + timedelta(seconds=HOUR + 1)):
        assert holder.current is before, "nothing changed since the start"
    copy_half(folder)
    assert holder.current is before
    (folder / "purposes.yml").write_text(FILES["purposes.yml"].replace("retention: P1Y", "retention: P2Y"))
    assert holder.current is before
    with time_machine.travel(now() + timedelta(seconds=HOUR + 1)):
        assert holder.current.version != before.version
        assert holder.current.purposes["news"].retention == "P2Y"


def test_half_a_copy_is_no_fault(folder: Path) -> None:
    """Nobody is alarmed while files are being copied; what does not fit once they are there is told."""
    holder = PolicyHolder(folder, interval=0, quiet=HOUR)
    (folder / "purposes.yml").unlink()
    assert (holder.current.version, holder.fault) == (compiled().version, None)
    with time_machine.travel(now() + timedelta(seconds=HOUR + 1)):
        assert holder.current.version == compiled().version
        assert "purposes.yml" in str(holder.fault)


def test_a_start_takes_no_mixture(folder: Path) -> None:
    """It does not wait for a quiet folder, and takes all or nothing: files that change while they are read are read
    again."""
    changes = {path: FILES[path] + "# two\n" for path in ("modules.yml", "purposes.yml")}

    def meanwhile(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and changes and str(arguments[0]) == str(folder / "organisation.yml"):
            for path in list(changes):  # one of them was read already, the other one was not
                (folder / path).write_text(changes.pop(path))

    sys.addaudithook(meanwhile)
    assert PolicyHolder(folder).current.version == load_policies(folder).version
    assert not changes


def test_a_text_edited_under_consents_is_warned_of(folder: Path) -> None:
    """A running service says that consents now count for another text than people agreed to; a new title it loads."""
    holder = PolicyHolder(folder, interval=0, quiet=0)
    with capture_logs() as logs:
        (folder / "modules.yml").write_text(FILES["modules.yml"].replace("title: Mail", "title: Letters"))
        assert holder.current.modules["mail"].title == "Letters"
        (folder / "notices/care/1.en.md").write_text(FILES["notices/care/1.en.md"] + "And your faith.\n")
        assert "faith" in holder.current.notices["care", 1, "en"].text
    (warning,) = [entry for entry in logs if entry["log_level"] == "warning"]
    assert (warning["event"], warning["purpose"]) == ("policy.outgrown", "care")
    assert "make a new version" in warning["after"]


def test_the_same_size_and_stamp_is_noticed(folder: Path) -> None:
    """Two writes within one tick of the file system's clock, of equal length, are told apart."""
    holder = PolicyHolder(folder, interval=0, quiet=0)
    path = folder / "modules.yml"
    stamp = path.stat()
    path.write_text(FILES["modules.yml"].replace("title: Mail", "title: Post"))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert holder.current.modules["mail"].title == "Post"


def test_a_fault_keeps_the_last_good(folder: Path) -> None:
    """Files that do not fit leave the policy as it was, say why, and are taken up once mended."""
    holder = PolicyHolder(folder, interval=0, quiet=0)
    before = holder.current
    (folder / "purposes.yml").write_text(FILES["purposes.yml"].replace("retention: P1Y", "retentoin: P1Y"))
    assert holder.current is before
    assert isinstance(holder.fault, Misconfigured)
    assert holder.fault.faults[0].pointer == "policies/purposes.yml:16"
    assert holder.current is before, "and again, without reading it anew"
    (folder / "purposes.yml").write_text(FILES["purposes.yml"].replace("retention: P1Y", "retention: P2Y"))
    assert holder.current.purposes["news"].retention == "P2Y"
    assert holder.fault is None


def test_going_back_to_the_good_files_clears_the_fault(folder: Path) -> None:
    """The mended folder may be the very one in force."""
    holder = PolicyHolder(folder, interval=0, quiet=0)
    (folder / "modules.yml").write_text("modules: [")
    assert holder.current.version == compiled().version
    assert holder.fault is not None
    (folder / "modules.yml").write_text(FILES["modules.yml"])
    assert holder.current.version == compiled().version
    assert holder.fault is None


def test_a_refusal_is_told_when_it_begins_and_ends(folder: Path) -> None:
    """Once each, however often somebody looks and however the files are wrong meanwhile; the beginning stays known."""
    told = list[bool]()
    holder = PolicyHolder(folder, interval=0, quiet=0)
    holder.tell_refusals(told.append)
    assert (holder.current.version, holder.refused_since, told) == (compiled().version, None, [False])
    seen = set[datetime | None]()
    for wrong in ("modules: [", "modules: 7", "module: {}"):
        (folder / "modules.yml").write_text(wrong)
        assert holder.current is holder.current
        seen.add(holder.refused_since)
    assert (len(seen), None in seen, told) == (1, False, [False, True])
    (folder / "modules.yml").write_text(FILES["modules.yml"].replace("title: Mail", "title: Post"))
    assert holder.current.modules["mail"].title == "Post"
    assert (holder.refused_since, told) == (None, [False, True, False])


@pytest.mark.parametrize("broken", ["compile_policies", "outgrown"])
def test_an_error_of_ours_is_a_refusal_and_is_tried_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """Nobody's call fails by it; it is told once, with its kind, and the same files are taken once it is over."""
    told = list[bool]()
    holder = PolicyHolder(folder, interval=0, quiet=0)
    holder.tell_refusals(told.append)
    before = holder.current

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("Maria Muster")

    monkeypatch.setattr(f"privacy_svc.policy.holder.{broken}", fail)
    (folder / "modules.yml").write_text(FILES["modules.yml"].replace("title: Mail", "title: Letters"))
    with capture_logs() as logs:
        assert [holder.current, holder.current] == [before, before]
    assert [entry["event"] for entry in logs] == ["policy.refused"]
    assert "ZeroDivisionError" in str(holder.fault)
    assert "Muster" not in str(holder.fault)
    assert holder.refused_since is not None
    monkeypatch.undo()
    assert holder.current.modules["mail"].title == "Letters"
    assert (holder.fault, told) == (None, [False, True, False])


def test_a_folder_that_vanishes_keeps_the_last_good(folder: Path) -> None:
    """Somebody moves the folder away: the policy stays, with a fault."""
    holder = PolicyHolder(folder, interval=0, quiet=0)
    folder.rename(folder.with_name("elsewhere"))
    assert holder.current.version == compiled().version
    assert holder.fault is not None
    folder.with_name("elsewhere").rename(folder)
    assert holder.current.version == compiled().version
    assert holder.fault is None


def test_nothing_starts_without_a_policy(folder: Path) -> None:
    """The first load must succeed."""
    (folder / "modules.yml").write_text("modules: {}\nmodule: {}\n")
    with pytest.raises(Misconfigured):
        PolicyHolder(folder)


def test_files_are_looked_at_at_most_once_in_the_interval(folder: Path) -> None:
    """Within the interval the set is the same object, whatever the files say."""
    holder = PolicyHolder(folder, interval=3600)
    before = holder.current
    (folder / "modules.yml").unlink()
    assert holder.current is before
    assert holder.fault is None


def test_readers_never_wait_or_see_half_a_policy(folder: Path) -> None:
    """While files change under many readers, each sees a whole, fitting policy."""
    holder = PolicyHolder(folder, interval=0, quiet=0)
    good = {compiled().version, compiled(**{"modules.yml": FILES["modules.yml"] + "# two\n"}).version}
    seen: set[str] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(holder.current.version)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for n in range(20):
        (folder / "modules.yml").write_text(FILES["modules.yml"] + ("# two\n" if n % 2 else ""))
        (folder / "modules.yml").write_text(FILES["modules.yml"] + ("" if n % 2 else "# two\n"))
    stop.set()
    for reader in readers:
        reader.join()
    assert seen <= good


def test_a_wider_purpose_does_not_come_into_force(folder: Path) -> None:
    """While consents of before would count for it; a raised version, or a reason, and it does."""
    holder = PolicyHolder(folder, interval=0, quiet=0)
    before = holder.current
    wider = FILES["purposes.yml"].replace("user.contact.email]", "user.contact.email, user.demographic]", 1)
    (folder / "purposes.yml").write_text(wider)
    assert holder.current is before
    assert holder.fault is not None
    assert holder.fault.faults[0].pointer == "policies/purposes.yml"
    assert "news: consents to notice news, versions 2 to 2 would go on counting" in holder.fault.faults[0].detail
    (folder / "purposes.yml").write_text(
        wider.replace("covered_since: 2", "covered_since: 2\n      inherits: {user.demographic: the text says so}")
    )
    assert holder.current.purposes["news"].covers("user.demographic.language")
    assert holder.fault is None


def test_a_candidate_may_widen(folder: Path) -> None:
    """It is never in force: nobody consents under it, and what it would decide is to be seen."""
    holder = PolicyHolder(folder, interval=0, quiet=0, candidate=True)
    wider = FILES["purposes.yml"].replace("user.contact.email]", "user.contact.email, user.demographic]", 1)
    (folder / "purposes.yml").write_text(wider)
    assert holder.current.purposes["news"].covers("user.demographic.language")
