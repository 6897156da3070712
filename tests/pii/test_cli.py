"""`privacy-svc pii`."""

import shutil
import sqlite3
from pathlib import Path

from click.testing import CliRunner

from privacy_svc.cli.common import Cli
from privacy_svc.cli.pii import command
from privacy_svc.examples import folder
from privacy_svc.settings import Settings


def test_redact_reads_standard_input() -> None:
    """A dash reads standard input; the address is gone from the output."""
    done = CliRunner().invoke(command, ["redact", "-"], input="Write to ana@mail.example\n", obj=Cli())
    assert done.exit_code == 0, done.output
    assert "ana@" not in done.output


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
