"""What `log export` and `log proof` write, checked by `verify FILE` as somebody who has only the file and the key."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_consent import COLUMNS, table
from tests.e2e.service import Installation


@pytest.fixture
def exported(installed: Installation) -> list[str]:
    for name in ("marketing", "support"):
        if name not in installed.tokens:
            installed.client(name, "module")
    return installed.run("log", "export").rstrip("\n").split("\n")


def key(installed: Installation) -> str:
    return str(json.loads(installed.run("--json", "log", "key"))["key"])


Change = Callable[[list[str]], list[str]]
CHANGES: dict[str, Change] = {
    "cut in the middle": lambda lines: lines[: len(lines) // 2],
    "without its end": lambda lines: lines[:-1],
    "an entry left out": lambda lines: lines[:1] + lines[2:],
    "an entry twice": lambda lines: [*lines[:2], *lines[1:]],
    "a leaf changed": lambda lines: [lines[0], lines[1].replace('\\"actor\\":\\"', '\\"actor\\":\\"x', 1), *lines[2:]],
    "something behind it": lambda lines: [*lines, "{}"],
    "no JSON": lambda lines: [*lines[:1], "{", *lines[2:]],
}


def test_an_export_holds(installed: Installation, exported: list[str], tmp_path: Path) -> None:
    """With the public key alone: exit code 0, and how many entries it proves."""
    (tmp_path / "copy").write_text("\n".join(exported) + "\n")
    said = json.loads(installed.run("--json", "verify", str(tmp_path / "copy"), "--key", key(installed)))
    assert (said["ok"], said["entries"]) == (True, len(exported) - 2)
    assert (said["first"], said["filters"]) == (0, {})
    some = tmp_path / "some"
    some.write_text(installed.run("log", "export", "--type", "identity:client", "--from", "2026-01-01"))
    told = installed.run("verify", str(some), "--key", key(installed))
    assert "filters    type identity:client, from 2026-01-01T00:00:00.000000Z" in told


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_export_does_not(installed: Installation, exported: list[str], tmp_path: Path, name: str) -> None:
    """Exit code 1 and one line that says which line is wrong."""
    assert CHANGES[name](exported) != exported
    (tmp_path / "changed").write_text("\n".join(CHANGES[name](exported)) + "\n")
    said = installed.run("verify", str(tmp_path / "changed"), "--key", key(installed), expect=1)
    assert "does not hold" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("opened", ['{"a":', "["])
def test_what_is_nested_too_deeply_does_not_hold(installed: Installation, tmp_path: Path, opened: str) -> None:
    """Exit code 1 and a line, no crash: neither while it is read nor while its signature is checked."""
    shut = "}" if "{" in opened else "]"
    signature = json.dumps({"algorithm": "Ed25519", "key": key(installed), "value": "AAAA"})
    for depth in (600, 990, 100_000):
        text = f'{{"a": {opened * depth}0{shut * depth}, "signature": {signature}}}'
        (tmp_path / "deep.json").write_text(text)
        said = installed.run("verify", str(tmp_path / "deep.json"), "--key", key(installed), expect=1)
        assert "does not hold" in said


def test_a_look_at_a_proof_is_logged(installed: Installation) -> None:
    """Of an entry about somebody; nothing where the customer is not known."""
    installed.run("consent", "import", str(table(installed.folder, "one.csv", [7])), *COLUMNS)
    about, *_ = json.loads(installed.run("--json", "log", "search", "--customer", "7"))["events"]
    installed.run("log", "proof", str(about["index"]), "--customer", "nobody-of-this-name", expect=2)
    installed.run("log", "proof", str(about["index"]))
    found = json.loads(installed.run("--json", "log", "search", "--type", "auditlog:entry:read"))["events"]
    looked = [(e["subject_id"], e["payload"]["proof"]) for e in found if "proof" in e["payload"]]
    assert looked == [(about["subject_id"], str(about["index"]))]


def test_a_proof_holds_for_its_own_key_alone(installed: Installation, exported: list[str], tmp_path: Path) -> None:
    """A single entry's proof checks out, and not under somebody else's key or with another index."""
    assert exported
    proof = installed.run("log", "proof", "0")
    (tmp_path / "proof").write_text(proof)
    assert json.loads(installed.run("--json", "verify", str(tmp_path / "proof"), "--key", key(installed)))["index"] == 0
    told = installed.run("verify", str(tmp_path / "proof"), "--key", key(installed))
    assert ("\n  type       identity:" in told or "\n  type       policy:" in told, "None" in told) == (True, False)
    (tmp_path / "proof").write_text(proof.replace("index 0", "index 1"))
    assert "does not hold" in installed.run("verify", str(tmp_path / "proof"), "--key", key(installed), expect=1)


def test_the_log_is_searched(installed: Installation, exported: list[str]) -> None:
    """By type and actor, newest first, page by page, as a table and as JSON; a search is an entry itself."""
    assert exported
    found = json.loads(installed.run("--json", "log", "search", "--type", "identity", "--actor", "command-line"))
    assert {(e["type"], e["actor"]) for e in found["events"]} == {("identity:client:added", "command-line")}
    indices = [e["index"] for e in found["events"]]
    assert indices == sorted(indices, reverse=True)
    first = json.loads(installed.run("--json", "log", "search", "--type", "identity", "--limit", "1"))
    assert [e["index"] for e in first["events"]] == indices[:1] == [first["cursor"]]
    then = ("log", "search", "--type", "identity", "--cursor", str(first["cursor"]))
    assert [e["index"] for e in json.loads(installed.run("--json", *then))["events"]] == indices[1:]
    assert "identity:client:added" in installed.run(*then)
    assert "no such entries" in installed.run("log", "search", "--actor", "nobody")
    assert "auditlog:entry:read" in installed.run("log", "search", "--limit", "1")
    at = found["events"][0]["at"]
    for shown in (at, at.replace("+00:00", "Z")):
        since = json.loads(installed.run("--json", "log", "search", "--type", "identity", "--from", shown))["events"]
        until = json.loads(installed.run("--json", "log", "search", "--type", "identity", "--to", shown))["events"]
        assert found["events"][0]["index"] in {e["index"] for e in since} - {e["index"] for e in until}
    assert "is no time" in installed.run("log", "search", "--from", "yesterday", expect=2)


def test_help_is_told_whole(installed: Installation) -> None:
    """No summary of a command is cut."""
    assert "..." not in installed.run("log", "--help").partition("Commands:")[2]
    assert "..." not in installed.run("log", "key", "--help").partition("Commands:")[2]


def test_the_key_is_replaced(installed: Installation, exported: list[str], tmp_path: Path) -> None:
    """What the old key signed is checked with the old one, and with none given; what came after with the new one; a
    handover leads from the old to the new."""
    old, proof, export = key(installed), tmp_path / "proof", tmp_path / "export"
    proof.write_text(installed.run("log", "proof", "0"))
    export.write_text("\n".join(exported) + "\n")
    said = json.loads(installed.run("--json", "log", "key", "rotate", "--reason", "yearly"))
    new = key(installed)
    assert (said["old"], said["new"]) == (old, new)
    assert old != new
    for file in (proof, export):
        assert json.loads(installed.run("--json", "verify", str(file), "--key", old))["ok"]
        assert json.loads(installed.run("--json", "verify", str(file)))["key_until"]
        assert "does not hold" in installed.run("verify", str(file), "--key", new, expect=1)
    installed.run("log", "search")
    proof.write_text(installed.run("log", "proof", "0"))
    assert "key_until" not in json.loads(installed.run("--json", "verify", str(proof)))
    assert "does not hold" in installed.run("verify", str(proof), "--key", old, expect=1)
    history = json.loads(installed.run("--json", "log", "key", "history"))
    assert [k["key"] for k in history["keys"]] == [old, new]
    assert history["keys"][0]["until"] == history["keys"][1]["from"]
    assert new in installed.run("log", "key", "history")
    (tmp_path / "handover").write_text(json.dumps(history["handovers"][0]))
    assert json.loads(installed.run("--json", "verify", str(tmp_path / "handover"), "--key", old))["new"] == new
    assert json.loads(installed.run("--json", "log", "verify"))["ok"]


def test_what_is_no_text_does_not_hold(installed: Installation, exported: list[str], tmp_path: Path) -> None:
    """One byte changed may make it none: exit code 1, as for any other change."""
    (tmp_path / "changed").write_bytes("\n".join(exported).encode() + b"\xff\n")
    said = installed.run("verify", str(tmp_path / "changed"), "--key", key(installed), expect=1)
    assert "does not hold: it is not a text" in said


NOTHING_OF_OURS = {
    "empty": b"",
    "a program": b"print('hello')\n\n# its end\n",
    "a document without a signature": b'{"entries": [{"at": "2026-01-01"}]}',
    "no text": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("raw", NOTHING_OF_OURS.values(), ids=NOTHING_OF_OURS)
def test_what_is_nothing_of_ours_is_wrong_use(installed: Installation, tmp_path: Path, raw: bytes) -> None:
    """Exit code 2 and what can be checked, as of a key or a kept checkpoint that is none: no proof is broken."""
    file = tmp_path / "file"
    file.write_bytes(raw)
    assert f"{file} is nothing that this service signs" in installed.run("verify", str(file), expect=2)
    assert "is no checkpoint" in installed.run("log", "verify", "--checkpoint", str(file), expect=2)


def test_a_key_that_is_none_is_wrong_use(installed: Installation, exported: list[str], tmp_path: Path) -> None:
    """Exit code 2, and the option is named."""
    (tmp_path / "copy").write_text("\n".join(exported) + "\n")
    assert "--key" in installed.run("verify", str(tmp_path / "copy"), "--key", "junk", expect=2)


def test_a_kept_checkpoint_that_was_changed_is_a_finding(installed: Installation, tmp_path: Path) -> None:
    """Of the form of one, and not ours: exit code 1."""
    kept, note = tmp_path / "kept", installed.run("log", "checkpoint")
    kept.write_text(note.replace("— ", "— x", 1))
    told = json.loads(installed.run("--json", "log", "verify", "--checkpoint", str(kept), expect=1))
    assert {f["kind"] for f in told["findings"]} == {"unsigned"}
