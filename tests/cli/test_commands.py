"""The command line: help, exit codes, one-line errors."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from privacy_svc.cli.root import COMMANDS, root
from privacy_svc.examples import folder
from privacy_svc.home import opened
from privacy_svc.http import Role
from privacy_svc.identity import SessionEnded, caller_of_session, create_link, redeem_link
from privacy_svc.settings import load
from tests.e2e.service import Installation


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    """`--help` of every command works and shows how it is called."""
    shown = CliRunner().invoke(root, [name, "--help"])
    assert shown.exit_code == 0, shown.output
    assert f"privacy-svc {name}" in shown.output


def test_root_help_lists_all_commands() -> None:
    """`privacy-svc --help` lists every command and where to start."""
    shown = CliRunner().invoke(root, ["--help"]).output
    assert all(name in shown for name in COMMANDS)
    assert "privacy-svc demo" in shown


def test_help_loads_nothing_heavy() -> None:
    """The root help imports no framework, no ORM, no detector: it is there at once."""
    heavy = ("litestar", "sqlalchemy", "presidio_analyzer", "dbos")
    code = f"import sys; from privacy_svc.cli.root import root; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unmapped_home_is_refused(tmp_path: Path) -> None:
    """Without `init` a command says so and exits with 2."""
    assert "privacy-svc init" in Installation(tmp_path).run("seal", "status", expect=2)


def test_an_existing_data_map_is_kept(installed: Installation) -> None:
    """`init` again writes its draft beside the present data map and does not touch it."""
    before = (installed.folder / "policies/datasets/shop.yml").read_text()
    assert before == (folder("policies") / "datasets/shop.yml").read_text()
    assert (installed.folder / "policies/datasets/shop.yml.draft").exists()


def test_a_store_needs_a_plain_name(installed: Installation) -> None:
    """A name that could break the settings file is refused before anything is written."""
    before = (installed.home / "privacy.toml").read_text()
    installed.run("init", "--store", "sqlite:///shop.sqlite", "--name", 'x"]\n', expect=2)
    assert (installed.home / "privacy.toml").read_text() == before


def test_policy_mistakes_name_file_and_line(installed: Installation) -> None:
    """A mistake in a policy file is exit code 2 with file, line and the nearest right word."""
    path = installed.folder / "policies" / "modules.yml"
    good = path.read_text()
    path.write_text(good.replace("service.support", "service.suport"))
    said = installed.run("policy", "check", expect=2)
    assert "modules.yml:" in said
    assert "service.support" in said
    assert "Traceback" not in said
    path.write_text(good.replace("finance.invoicing, ", ""))
    assert "finance.invoicing" in installed.run("policy", "check", expect=1)
    path.write_text(good)
    assert json.loads(installed.run("--json", "policy", "check"))["purposes"] == 16


def test_tables_that_nobody_mapped_are_told(installed: Installation) -> None:
    """`policy check` names every one, and is exit code 1 where one has columns called like personal data."""
    store = next(installed.folder.glob("*.sqlite"))
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("CREATE TABLE parts (id INTEGER, name TEXT)")
        assert json.loads(installed.run("--json", "policy", "check"))["tables_not_mapped"] == ["shop.parts"]
        connection.execute("CREATE TABLE leads (id INTEGER, email TEXT, score INTEGER)")
        said = json.loads(installed.run("--json", "policy", "check", expect=1))
        connection.execute("DROP TABLE parts")
        connection.execute("DROP TABLE leads")
    assert [(f["kind"], f["about"]) for f in said["findings"]] == [("table_unmapped", "shop.leads")]
    assert "email" in said["findings"][0]["detail"]


def test_policy_tests(installed: Installation) -> None:
    """`policy test` passes on the example, and a policy that decides otherwise is exit code 1."""
    report = json.loads(installed.run("--json", "policy", "test", "--full-coverage"))
    assert report["tests"] > 100
    path = installed.folder / "policies" / "purposes.yml"
    good = path.read_text()
    path.write_text(good.replace("user.contact.phone_number: last4", "user.contact.phone_number: null"))
    assert "expected last4, got null" in installed.run("policy", "test", expect=1)
    path.write_text(good)


def test_policy_changes(installed: Installation) -> None:
    """`policy diff` and `simulate` tell a loosening, as an error where asked for; of two folders or a kept version."""
    looser = installed.folder / "looser"
    shutil.copytree(installed.folder / "policies", looser)
    modules = looser / "modules.yml"
    modules.write_text(modules.read_text().replace("[sales.phone]", "[sales.phone, service.support]"))
    told = json.loads(installed.run("--json", "policy", "diff", "policies", "looser"))
    assert {c["direction"] for c in told["changes"]} == {"loosened", "reason"}
    assert "purpose_not_granted" in installed.run(
        "policy", "diff", "policies", "looser", "--fail-on-loosening", expect=1
    )
    assert "no decision changes" in installed.run("policy", "diff", told["old"])
    installed.run("policy", "diff", "looser", "policies", "--fail-on-loosening")
    assert "in force here" in installed.run("policy", "diff", told["new"], expect=2)
    shown = installed.run("policy", "simulate", "looser", "--fail-on-loosening", expect=1)
    assert "service.support" in shown
    assert json.loads(installed.run("--json", "policy", "simulate", "policies"))["changes"] == []


def test_policy_versions(installed: Installation) -> None:
    """What was in force is listed, printed, written out as it was and compared, also once the folder says otherwise."""
    (then,) = json.loads(installed.run("--json", "policy", "versions"))
    assert then["in_force"] is True
    assert "now" in installed.run("policy", "versions")
    path = installed.folder / "policies" / "modules.yml"
    good = path.read_text()
    path.write_text(good.replace("[sales.phone]", "[sales.phone, service.support]"))
    listed = json.loads(installed.run("--json", "policy", "versions"))
    assert [(v["in_force"], v["version"] == then["version"]) for v in listed] == [(True, False), (False, True)]
    assert installed.run("log", "search", "--type", "policy:set:loaded").count("policies") == 2
    short = then["version"][:15]
    assert installed.run("policy", "show", "--version", short, "--file", "modules.yml") == good
    assert "[sales.phone, service.support]" in installed.run("policy", "show")
    shown = installed.run("policy", "show", "--version", short)
    assert then["version"] in shown
    assert good.strip() in shown
    installed.run("policy", "show", "--version", short, "--out", "then")
    assert json.loads(installed.run("--json", "policy", "diff", "then", short))["new"] == then["version"]
    assert "no decision changes" in installed.run("policy", "diff", "then", short)
    assert "service.support" in installed.run("policy", "diff", short)
    assert "+++ new/modules.yml" in installed.run("policy", "diff", short, "--text")
    assert "there already" in installed.run("policy", "show", "--out", "then", expect=2)
    assert "modules.yml" in installed.run("policy", "show", "--file", "module.yml", expect=2)
    assert "policy versions" in installed.run("policy", "show", "--version", "sha256:" + "0" * 64, expect=2)
    path.write_text(good)


def test_clients(installed: Installation) -> None:
    """A client is added, listed and revoked; a module that the policy does not know is refused."""
    token = json.loads(installed.run("--json", "clients", "add", "analytics", "--role", "module"))["token"]
    assert token not in installed.run("clients", "list")
    installed.run("clients", "revoke", "analytics")
    assert "modules.yml has no module" in installed.run("clients", "add", "nobody", "--role", "module", expect=2)


def test_sessions(installed: Installation) -> None:
    """Who is signed in is listed, and signed out by the session's id; one that is not there is told."""
    assert "nobody is signed in" in installed.run("sessions", "list")
    with (
        opened(load(home=installed.home, policies=installed.folder / "policies")) as runtime,
        runtime.database.write() as session,
    ):
        secret = redeem_link(session, runtime.log, create_link(session, runtime.log, Role.DPO, "dora"), "192.0.2.1")
    (found,) = json.loads(installed.run("--json", "sessions", "list"))
    assert (found["name"], found["role"]) == ("dora", "dpo")
    installed.run("sessions", "end", found["session"])
    with (
        opened(load(home=installed.home, policies=installed.folder / "policies")) as runtime,
        runtime.database.read() as session,
        pytest.raises(SessionEnded),
    ):
        caller_of_session(session, secret)
    assert "no such session" in installed.run("sessions", "end", found["session"], expect=2)


def test_wrong_use_is_exit_code_two(installed: Installation) -> None:
    """An unknown dataset, a mistyped command and a declined question exit with 2 and say what to do."""
    assert "'shop'" in installed.run("seal", "--dataset", "shp", expect=2)
    assert "Did you mean 'seal'" in installed.run("sael", expect=2)
    assert "nothing more was done" in installed.run("unseal", expect=2)


def test_seal_dry_run_changes_nothing(installed: Installation) -> None:
    """`seal --dry-run` counts and leaves the store's bytes alone."""
    store = installed.folder / "shop.sqlite"
    before = store.read_bytes()
    rows = json.loads(installed.run("--json", "seal", "--dry-run"))
    assert sum(r["clear"] for r in rows) > 100
    assert store.read_bytes() == before


def test_log_verify_and_proof(installed: Installation) -> None:
    """The log verifies, a proof of an entry checks offline, and a forged one does not (exit code 1)."""
    installed.run("clients", "add", "prover", "--role", "auditor")
    installed.run("log", "verify")
    proof = installed.run("log", "proof", "0")
    (installed.folder / "good.tlog-proof").write_text(proof)
    installed.run("verify", "good.tlog-proof")
    key = installed.run("log", "key").strip()
    installed.run("verify", "good.tlog-proof", "--key", key)
    (installed.folder / "bad.tlog-proof").write_text(proof.replace("index 0", "index 1"))
    assert "does not hold" in installed.run("verify", "bad.tlog-proof", expect=1)
    kept = installed.folder / "kept"
    kept.write_text(installed.run("log", "checkpoint"))
    installed.run("log", "verify", "--checkpoint", str(kept))


def test_a_halted_log_is_resumed(installed: Installation) -> None:
    """By a command that says why, which is an entry; not where nothing was halted."""
    assert "is not halted" in installed.run("log", "resume", "--reason", "nothing", expect=2)
    installed.run("log", "export")
    with closing(sqlite3.connect(installed.home / "privacy.sqlite3")) as database, database:
        database.execute("UPDATE audit_tree SET halted = 'The witness has seen 50 entries of this log, 4 are here.'")
    assert "50 entries" in installed.run("log", "export", expect=2)
    assert "signed again" in installed.run("log", "resume", "--reason", "it had lost its state")
    assert "it had lost its state" in installed.run("log", "export", "--type", "auditlog:tree:resumed")


def test_two_services_on_one_home(installed: Installation) -> None:
    """A second `serve` on the same home is refused and the first goes on."""
    with installed.serving():
        assert "Another `privacy-svc serve`" in installed.run("serve", "--port", "1", expect=2)
        assert installed.call("", "GET", "/health/ready").status_code == 200


def test_a_demo_leaves_other_homes_alone(installed: Installation) -> None:
    """`demo` refuses a home that holds an organisation's data."""
    assert "not a demo" in installed.run("demo", expect=2)
    installed.run("log", "verify")


def test_a_schema_change_is_said_at_start(installed: Installation) -> None:
    """A column that is gone from the store is named before anything runs."""
    path = installed.folder / "policies/datasets/shop.yml"
    good = path.read_text()
    path.write_text(good.replace("- name: delivery_address", "- name: delivery_adress"))
    said = installed.run("serve", expect=2)
    assert "shop.orders.delivery_adress" in said
    assert "delivery_address" in said
    path.write_text(good)


def test_a_wider_purpose_is_refused_at_start(installed: Installation) -> None:
    """`policy check` and a start refuse what a reload refuses; who reads the log may, which is no way around it."""
    path = installed.folder / "policies/purposes.yml"
    good, was = path.read_text(), "categories: [user.name.first, user.contact.phone_number,"
    assert was in good
    path.write_text(good.replace(was, "categories: [user.name, user.contact.phone_number,"))
    for command in (("policy", "check"), ("log", "verify"), ("serve",), ("policy", "check")):
        said = installed.run(*command, expect=0 if command[0] == "log" else 2)
        if command[0] != "log":
            assert "marketing.sms: consents to notice offers" in said
            assert "they cover user.name too" in said
    path.write_text(good)


def test_recipients_and_their_secrets(installed: Installation) -> None:
    """A secret is shown once, kept sealed, and made only for a recipient there is; a token is never shown."""
    listed = {r["recipient"]: r for r in json.loads(installed.run("--json", "recipients", "list"))}
    assert (listed["mail_provider"]["told by"], listed["mail_provider"]["secrets"]) == ("a person", 0)
    made = json.loads(installed.run("--json", "recipients", "secret", "mail_provider"))["secret"]
    assert made.startswith("whsec_")
    assert "planted-token" not in installed.run("recipients", "token", "ad_network", "--token", "planted-token")
    again = {r["recipient"]: r["secrets"] for r in json.loads(installed.run("--json", "recipients", "list"))}
    assert (again["mail_provider"], again["ad_network"]) == (1, 1)
    stored = b"".join(p.read_bytes() for p in installed.home.rglob("*") if p.is_file())
    assert not [secret for secret in (made.encode(), b"planted-token") if secret in stored]
    installed.run("recipients", "secret", "mail_providers", expect=2)
    installed.run("clients", "add", "nobody", "--role", "sender", expect=2)


def test_retention_says_what_would_go(installed: Installation) -> None:
    """Nothing is over in a new home: said alike by the dry run and the run."""
    said = "0 kept values, evidence of 0 erased people, and 0 entries of the log {}."
    assert said.format("would end") in installed.run("retention", "run", "--dry-run")
    assert said.format("ended") in installed.run("retention", "run")
