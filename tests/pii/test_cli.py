"""`privacy-svc pii`."""

import shutil
import sqlite3
from pathlib import Path

from click.testing import CliRunner

from privacy_svc.cli.common import Cli
from privacy_svc.cli.connecting import connect
from privacy_svc.cli.pii import command
from privacy_svc.examples import folder
from privacy_svc.settings import Settings


def test_redact_reads_standard_input() -> None:
    """A dash reads standard input; the address is gone from the output."""
    done = CliRunner().invoke(command, ["redact", "-"], input="Write to ana@mail.example\n", obj=Cli())
    assert done.exit_code == 0, done.output
    assert "ana@" not in done.output


def test_redact_changes_nothing_else(tmp_path: Path) -> None:
    """Line ends, a byte order mark and a missing last line end come out as they went in."""
    file = tmp_path / "note.txt"
    file.write_bytes("\ufeffAn\r\nana@mail.example\r\nZeile\rund \u00fc".encode())
    done = CliRunner().invoke(command, ["redact", str(file)], obj=Cli())
    assert done.stdout_bytes == "\ufeffAn\r\n[EMAIL_ADDRESS]\r\nZeile\rund \u00fc".encode()


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    """A Latin-1 file is refused with the place and the way out, without a traceback and without its text."""
    file = tmp_path / "note.txt"
    file.write_bytes("J\u00f6rg".encode("latin-1"))
    for name in ("detect", "redact"):
        done = CliRunner().invoke(command, [name, str(file)], obj=Cli())
        assert (done.exit_code, "byte 1" in done.output, "iconv" in done.output) == (2, True, True)


def test_regions() -> None:
    """An unknown country is refused; small letters are the same country."""
    done = CliRunner().invoke(command, ["detect", "--region", "de,ZZ", "-"], input="x", obj=Cli())
    assert (done.exit_code, "ZZ" in done.output) == (2, True)
    found = [
        CliRunner().invoke(command, ["detect", "--region", region, "-"], input="call 0711 2842222", obj=Cli()).output
        for region in ("de", "DE", "at, de")
    ]
    assert len(set(found)) == 1
    assert "PHONE_NUMBER" in found[0]


def test_scan(tmp_path: Path) -> None:
    """A column nobody mapped that looks personal is listed, with exit code 1; a store without one gives 0."""
    store, policies = tmp_path / "extra.sqlite", tmp_path / "policies"
    shutil.copytree(folder("policies"), policies)
    with sqlite3.connect(store) as connection:
        connection.execute("CREATE TABLE leads (id INTEGER PRIMARY KEY, e_mail TEXT, colour TEXT)")
    connection.close()
    cli = Cli(_settings=Settings(home=tmp_path, policies=policies, stores={"extra": f"sqlite:///{store}"}))
    found = CliRunner().invoke(command, ["scan"], obj=cli)
    assert found.exit_code == 1, found.output
    assert "e_mail" in found.output
    assert "colour" not in found.output
    with sqlite3.connect(store) as connection:
        connection.execute("DROP TABLE leads")
    connection.close()
    assert CliRunner().invoke(command, ["scan"], obj=cli).exit_code == 0


def test_a_proposal_can_be_pasted(tmp_path: Path) -> None:
    """What `scan --propose` shows for a new table and column makes, pasted into the data map, the scan content."""
    store, policies = tmp_path / "crm.sqlite", tmp_path / "policies"
    with sqlite3.connect(store) as connection:
        connection.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, colour TEXT)")
    connection.close()
    made = connect(Settings(home=tmp_path, policies=policies, audits=tmp_path / "audits"), "crm", f"sqlite:///{store}")
    with sqlite3.connect(store) as connection:
        connection.execute("ALTER TABLE customers ADD mobile_phone TEXT")
        connection.execute("ALTER TABLE customers ADD size TEXT")
        connection.execute("CREATE TABLE leads (id INTEGER PRIMARY KEY, first_name TEXT, e_mail TEXT)")
    connection.close()
    cli = Cli(_settings=Settings(home=tmp_path, policies=policies, stores={"crm": f"sqlite:///{store}"}))
    shown = CliRunner().invoke(command, ["scan", "--propose"], obj=cli)
    assert shown.exit_code == 1, shown.output
    head, _, column = shown.output.partition("      # The table is mapped already: add these to its fields.\n")
    column, _, leads = column.partition("      # Each row")
    assert head.startswith("# for policies/datasets/crm.yml\n")
    assert "size" not in shown.output
    fields = column.split("        fields:\n")[1]
    text = made.draft.read_text()
    at = text.index("        fields:\n") + len("        fields:\n")
    made.draft.write_text(text[:at] + fields + text[at:] + f"      # Each row{leads}")
    done = CliRunner().invoke(command, ["scan"], obj=cli)
    assert done.exit_code == 0, done.output
    assert CliRunner().invoke(command, ["scan", "--propose"], obj=cli).output == ""
