"""`request`: the life of a request from the command line, as real processes."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from privacy_svc.cli.request import command
from privacy_svc.cli.root import root
from tests.e2e.service import Installation


@pytest.mark.parametrize("name", sorted(set(command.commands) - {"package", "certificate"}))
def test_every_subcommand_shows_how_it_is_called(name: str) -> None:
    """The help of each has an example."""
    shown = CliRunner().invoke(root, ["request", name, "--help"])
    assert shown.exit_code == 0, shown.output
    assert f"privacy-svc request {name}" in shown.output


@pytest.mark.parametrize("words", [["--new"], ["--revoke"], ["--new", "--revoke", "--as", "dora"]])
def test_a_link_is_changed_by_somebody_and_one_way(words: list[str]) -> None:
    """Without a name, or both at once, it is wrong use."""
    shown = CliRunner().invoke(root, ["request", "link", "ID", *words])
    assert shown.exit_code == 2
    assert "--revoke" in shown.output


def test_from_opening_to_a_refusal(installed: Installation) -> None:
    """Opened, asked, answered, verified, refused: the clock, the timeline in German, what the list shows."""

    def run(*words: str) -> dict[str, object]:
        shown = json.loads(installed.run("--json", "request", *words, "--as", "dora"))
        assert isinstance(shown, dict)
        return shown

    received = (datetime.now(UTC) - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    asked_at = (datetime.now(UTC) - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    who = ("--customer-id", "1", "--channel", "letter", "--received-at", received, "--language", "de")
    request = str(run("open", "--right", "erasure", *who)["id"])
    question = ("--about", "identity", "--question", "Which city?", "--reason", "doubts")
    assert run("ask", request, *question, "--asked-at", asked_at, "--how", "phone")["paused_since"]
    [listed] = json.loads(installed.run("--json", "request", "list", "--open", "--order", "due"))
    assert (listed["id"], listed["waiting_for"]) == (request, "identity")
    assert "the clock stands still" in installed.run("request", "show", request)
    assert run("answer", request, "--text", "Kiel")["paused_days"] == 2
    assert run("verify", request, "--staff-reason", "knows the city")["state"] == "awaiting_approval"
    assert "evidence" in installed.run(
        "request", "refuse", request, "--ground", "A12ManifestlyUnfounded", "--explanation", "x", "--as", "d", expect=2
    )
    refused = run("refuse", request, "--ground", "A17LegalClaims", "--explanation", "Sie verklagen uns.")
    assert (refused["state"], refused["refused_by"]) == ("refused", "dora")
    assert "Der Antrag wurde abgelehnt" in installed.run("request", "show", request, "--language", "de")
    assert "there are received" in installed.run("request", "list", "--state", "lost", expect=2)
