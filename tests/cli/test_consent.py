"""`consent import`, `export`, `suppressions`, as real processes."""

import json
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from tests.e2e.service import Installation

HEAD = "customer no,purpose,state,given_at,remark\n"
COLUMNS = ("--map", "customer no=id", "--map", "remark=")


def table(folder: Path, name: str, customers: list[int]) -> Path:
    path = folder / name
    path.write_text(HEAD + "".join(f"{i},marketing.email,given,2026-05-01T08:00:00Z,secret\n" for i in customers))
    return path


def test_import_and_export(installed: Installation) -> None:
    """A dry run, the import with its refused rows beside it, again, the export and its import."""
    old = table(installed.folder, "old.csv", [1, 2, 99999])
    beside = installed.folder / "old.csv.refused.ndjson"
    dry = json.loads(installed.run("--json", "consent", "import", "old.csv", *COLUMNS, "--dry-run", expect=1))
    assert (dry["recorded"], dry["refused"], dry["dry_run"]) == (2, 1, True)
    for recorded, unchanged in ((2, 0), (0, 2)):
        done = json.loads(installed.run("--json", "consent", "import", str(old), *COLUMNS, expect=1))
        assert (done["recorded"], done["unchanged"], done["reasons"]) == (recorded, unchanged, {"unknown_customer": 1})
        [line] = beside.read_text().splitlines()
        assert json.loads(line)["row"] == 3
        assert "99999" not in line
        assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    assert "unknown_customer" in installed.run("consent", "import", "old.csv", *COLUMNS, expect=1)
    installed.run("consent", "export", "--out", "all.csv")
    assert stat.S_IMODE((installed.folder / "all.csv").stat().st_mode) == 0o600
    again = json.loads(installed.run("--json", "consent", "import", "all.csv"))
    assert (again["recorded"], again["unchanged"], again["refused"]) == (0, 2, 0)
    assert len(installed.run("consent", "export", "--format", "ndjson").splitlines()) == 2
    assert "No address" in installed.run("consent", "suppressions")
    free = ("--json", "consent", "release", "--reason", "wrote to us", "--as", "piet")
    assert json.loads(installed.run(*free, told="ana@mail.example\n")) == {"released": 0, "left": 0}
    installed.run("log", "verify")


def test_who_stops_an_import_is_told_how_far_it_came(installed: Installation) -> None:
    """Ctrl-C after some batches: how many rows are recorded, and that the same command goes on; it does."""
    rows = 20_000
    times = [
        f"2024-{1 + i // 86400 % 12:02}-01T{i // 3600 % 24:02}:{i // 60 % 60:02}:{i % 60:02}Z" for i in range(rows)
    ]
    lines = "".join(f"7,marketing.email,given,{at},\n" for at in times)
    (installed.folder / "long.csv").write_text(HEAD + lines)
    command = [sys.executable, "-m", "privacy_svc", "--json", "consent", "import", "long.csv", *COLUMNS]
    running = subprocess.Popen(
        command, cwd=installed.folder, env=installed.environment, stderr=subprocess.PIPE, text=True
    )
    database = f"file:{installed.home / 'privacy.sqlite3'}?mode=ro"
    with closing(sqlite3.connect(database, uri=True)) as looking:
        before = recorded(looking)
        while recorded(looking) == before and running.poll() is None:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
        assert running.returncode == 2, said
        told = re.search(r"Stopped after ([\d,]+) rows, ([\d,]+) recorded. The same command goes on from there.", said)
        assert told, said
        assert 0 < int(told[2].replace(",", "")) == recorded(looking) - before < rows
    done = json.loads(installed.run("--json", "consent", "import", "long.csv", *COLUMNS))
    assert done["rows"] == rows


def recorded(looking: sqlite3.Connection) -> int:
    """Over all imports."""
    return int(looking.execute("SELECT coalesce(sum(recorded), 0) FROM consent_imports").fetchone()[0])


def test_what_cannot_be_read_is_wrong_use(installed: Installation) -> None:
    """Exit code 2 with the way out: an unknown column, another encoding, a zone or a name that is none."""
    table(installed.folder, "bad.csv", [1])
    assert "--map COLUMN=" in installed.run("consent", "import", "bad.csv", expect=2)
    (installed.folder / "latin.csv").write_bytes(HEAD.encode() + "1,müller\n".encode("latin-1"))
    assert "line 2" in installed.run("consent", "import", "latin.csv", *COLUMNS, expect=2)
    assert "Europe/Berlin" in installed.run("consent", "import", "bad.csv", "--timezone", "Nowhere", expect=2)
    assert "known:" in installed.run("consent", "import", "bad.csv", "--set", "nonsense=1", expect=2)


def test_a_link_in_the_place_of_the_refused_rows_is_not_followed(installed: Installation) -> None:
    """It is replaced; what it led to stays as it was."""
    table(installed.folder, "linked.csv", [99999])
    precious = installed.folder / "precious"
    precious.write_text("kept")
    (installed.folder / "linked.csv.refused.ndjson").symlink_to(precious)
    installed.run("consent", "import", "linked.csv", *COLUMNS, expect=1)
    assert precious.read_text() == "kept"


def test_show_as_of_a_past_time(installed: Installation) -> None:
    """The consent with its text and entry, and nothing of it as known before it was imported."""
    table(installed.folder, "shown.csv", [5])
    installed.run("consent", "import", "shown.csv", *COLUMNS)
    shown = installed.run("consent", "show", "5", "--as-of", "2026-05-02")
    for part in ("marketing.email  given since 2026-05-01 10:00 until ", "nobody knows what was shown", ", known "):
        assert part in shown
    found = json.loads(installed.run("--json", "consent", "show", "5", "--purpose", "marketing.email"))
    assert [(c["state"], c["proof"]["log"]["index"] is None) for c in found["consents"]] == [("given", False)]
    assert "Nothing had been said" in installed.run(
        "consent", "show", "5", "--as-of", "2026-05-02", "--known-at", "2026-05-02"
    )
    assert "2026-05-31T09:30:00Z" in installed.run("consent", "show", "5", "--as-of", "noon", expect=2)
    installed.run("consent", "show", "99999", expect=2)
