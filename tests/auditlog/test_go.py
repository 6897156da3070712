"""Go's own transparency log code accepts our note, proofs and tiles, and rejects changed ones."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from privacy_svc.auditlog.merkle import consistency_proof, inclusion_proof
from privacy_svc.auditlog.model import Entry, SignedCheckpoint, Tile
from privacy_svc.auditlog.tiles import SIZE, Tiles, tile_path
from tests.auditlog.conftest import Logbook

SOURCE = Path(__file__).parent / "goverifier"
MODULES = Path("/usr/share/gocode")
HOW = "no Go with golang.org/x/mod: install Debian's golang-go and golang-golang-x-mod-dev"
ENTRIES = 300
Checked = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("go") is None or not (MODULES / "src/golang.org/x/mod/sumdb").exists():
        pytest.skip(HOW)
    folder = tmp_path_factory.mktemp("go")
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(MODULES), "GOCACHE": str(folder / "cache")}
    program = folder / "verifier"
    subprocess.run(["go", "build", "-o", program, "main.go"], cwd=SOURCE, env=environment, check=True, timeout=300)
    return program


def told(book: Logbook) -> dict[str, Any]:
    """What anybody can fetch of a log: key, two checkpoints, proofs, tiles, and the entries."""
    with book.database.read() as session:
        first, *_, last = session.scalars(select(SignedCheckpoint).order_by(SignedCheckpoint.size)).all()
        nodes = Tiles(session).node
        entries = session.scalars(select(Entry).order_by(Entry.index)).all()
        tiles = session.scalars(select(Tile)).all()
        return {
            "Key": book.log.signer.vkey,
            "Checkpoint": last.note,
            "Before": first.note,
            "Growth": _texts(consistency_proof(first.size, last.size, nodes)),
            "Leaves": _texts([e.leaf for e in entries]),
            "Proofs": [_texts(inclusion_proof(e.index, last.size, nodes)) for e in entries],
            "Tiles": {_path(t): base64.b64encode(t.hashes).decode() for t in tiles},
        }


def _path(tile: Tile) -> str:
    return f"tile/8/{tile.level}/{tile_path(tile.number, len(tile.hashes) // SIZE)}"


def _texts(raw: list[bytes]) -> list[str]:
    return [base64.b64encode(r).decode() for r in raw]


def run(verifier: Path, what: dict[str, Any]) -> Checked:
    return subprocess.run([verifier], input=json.dumps(what), capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def log(book: Logbook) -> dict[str, Any]:
    person = book.person()
    for count in (7, ENTRIES - 7):
        for _ in range(count):
            book.write(person)
        book.integrate()
    return told(book)


def test_go_accepts_our_log(verifier: Path, log: dict[str, Any]) -> None:
    """The note, the proof of each entry, the growth between two checkpoints, and the tiles, partial ones too."""
    assert len(log["Leaves"]) == ENTRIES
    done = run(verifier, log)
    assert (done.stdout, done.returncode) == ("ok\n", 0), done.stderr


def test_go_rejects_a_changed_log(verifier: Path, log: dict[str, Any]) -> None:
    """A changed leaf, proof, growth, tile, note or key is told by its name."""
    changes: dict[str, tuple[str, Any]] = {
        "entry 5": ("Leaves", [*log["Leaves"][:5], *_texts([b"other"]), *log["Leaves"][6:]]),
        "entry 9": ("Proofs", [*log["Proofs"][:9], log["Proofs"][10], *log["Proofs"][10:]]),
        "consistency": ("Growth", log["Growth"][1:]),
        "tiles": ("Tiles", {path: _flipped(data) for path, data in log["Tiles"].items()}),
        "checkpoint": ("Checkpoint", log["Checkpoint"].replace(f"\n{ENTRIES}\n", f"\n{ENTRIES + 1}\n")),
        "older checkpoint": ("Before", log["Before"].replace("\n7\n", "\n6\n")),
    }
    for name, (field, value) in changes.items():
        done = run(verifier, {**log, field: value})
        assert done.returncode == 1, name
        assert done.stdout.startswith(name), done.stdout


def _flipped(text: str) -> str:
    raw = base64.b64decode(text)
    return base64.b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode()
