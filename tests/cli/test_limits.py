"""`restriction`, `objection` and `connectors` from the command line."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from privacy_svc.cli.root import root
from tests.e2e.service import Installation

COMMANDS = (
    ("restriction", "announce"),
    ("restriction", "lift"),
    ("objection", "override"),
    ("hold", "place"),
    ("hold", "show"),
    ("hold", "lift"),
    ("request", "leftovers"),
    ("connectors", "check"),
    ("connectors", "tasks"),
    ("connectors", "show"),
    ("connectors", "done"),
    ("retention", "run"),
)
ARCHIVE = """\
connector:
  key: paper_archive
  title: The paper archive
  manual: {instructions: Cellar., who: archive@shop.example}
"""


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_shows_how_it_is_called(words: tuple[str, str]) -> None:
    """The help of each has an example."""
    shown = CliRunner().invoke(root, [*words, "--help"])
    assert shown.exit_code == 0, shown.output
    assert f"privacy-svc {' '.join(words)}" in shown.output.replace("--json ", "")


def test_what_is_restricted_is_told_and_lifted(installed: Installation) -> None:
    """Refused before it was announced and before its day; tables and JSON; a connector's task beside it."""
    policies = installed.folder / "policies" / "connectors"
    policies.mkdir()
    (policies / "archive.yml").write_text(ARCHIVE)
    assert installed.run("restriction", "list") == "nobody's data are restricted\n"
    assert "not restricted" in installed.run("restriction", "lift", "1", "--as", "piet", expect=2)
    told = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    how = ("--told-at", told, "--how", "post", "--as", "piet")
    assert "not restricted" in installed.run("restriction", "announce", "1", "--reason", "settled", *how, expect=2)
    override = ("objection", "override", "1", "direct_marketing", "--grounds", "x", "--as", "piet")
    assert "absolute" in installed.run(*override, expect=2)
    [checked] = json.loads(installed.run("--json", "connectors", "check"))
    assert (checked["connector"], checked["by"], checked["problem"]) == ("paper_archive", "a person", None)
    assert installed.run("connectors", "tasks") == "nothing is waited for\n"
    assert "no such request" in installed.run("connectors", "tasks", "4711", expect=2)


def test_a_hold_is_placed_and_lifted(installed: Installation) -> None:
    """Listed without its reason, which a look that is logged opens; lifted, it stands no more."""
    said = installed.run("hold", "place", "2", "--reason", "The claim of 3 May.", "--as", "piet").strip()
    [standing] = json.loads(installed.run("--json", "hold", "list"))
    assert (standing["id"], standing["article"], standing["placed_by"]) == (said, "17(3)(e)", "piet")
    assert "The claim" not in installed.run("hold", "list")
    assert "The claim of 3 May." in installed.run("hold", "show", said, "--as", "piet")
    assert "17(3)" in installed.run("hold", "place", "2", "--reason", "x", "--article", "6", "--as", "piet", expect=2)
    installed.run("hold", "lift", said, "--as", "piet")
    assert installed.run("hold", "list") == "nobody's data are held\n"
    assert installed.run("request", "leftovers") == "nothing is left to be decided about\n"


def test_who_was_not_told_is_told_by_other_means(installed: Installation) -> None:
    """A refusal while the mail server is away: listed, shown in clear, noted, and then owed no more."""
    settings = installed.home / "privacy.toml"
    settings.write_text('smtp_url = "smtp://127.0.0.1:1"\n' + settings.read_text())
    opened = ("request", "open", "--right", "erasure", "--customer-id", "1", "--as", "piet")
    request = json.loads(installed.run("--json", *opened))["id"]
    ground = ("--ground", "A17LegalClaims", "--explanation", "The claim of 3 May.")
    installed.run("request", "refuse", request, *ground, "--as", "piet")
    [owed] = json.loads(installed.run("--json", "request", "letters"))
    assert (owed["request"], owed["kind"], owed["problem"]) == (request, "refusal", "mail_unavailable")
    assert "The claim of 3 May." in installed.run("request", "letter", owed["id"], "--as", "piet")
    at = (datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    told = ("request", "told", owed["id"], "--told-at", at, "--how", "post", "--as", "piet")
    assert "after the letter was written" in installed.run(*told[:4], "2020-01-01T00:00:00+00:00", *told[5:], expect=2)
    installed.run(*told)
    assert installed.run("request", "letters") == "everybody was told\n"
