"""`policy`: do the files fit together, do they decide what is expected, what would others decide, and what was in
force?"""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from privacy_svc.cli.common import Cli, table
from privacy_svc.cli.policy_changes import diff, simulate
from privacy_svc.cli.policy_kept import show, versions

if TYPE_CHECKING:
    from privacy_svc.policy import DataMap, PolicySet, TestRun


@click.group()
def command() -> None:
    """The organisation's policy files.

    \b
    Example:
      privacy-svc policy check
      privacy-svc policy test
      privacy-svc policy diff old-policies
      privacy-svc policy simulate new-policies
      privacy-svc policy show --version sha256:0f6e2b41
    """


command.add_command(diff)
command.add_command(simulate)
command.add_command(versions)
command.add_command(show)


@command.command()
@click.pass_obj
def check(cli: Cli) -> None:
    """Read all files; say what is wrong with file and line (exit code 2), or what there is.

    What fits and yet does nothing is told with exit code 1: rules no request reaches, purposes nobody may use,
    categories nobody maps, fields nobody may read. So is what a connected store has and the files do not name: tables
    with columns that are called like personal data. A note is for your knowledge, and no finding.

    A purpose that is for more than under the policy in force here, while consents of before would go on counting, is
    refused with exit code 2, as the service refuses it.
    """
    from privacy_svc.policy import findings, load_policies, notes

    found = load_policies(cli.settings.policies)
    compared = _compared(cli, found)
    tables, missed = _beside(cli.settings.stores, found.data_map)
    fields = [f for c in found.data_map.collections() for f in c.fields]
    data = {
        "version": found.version,
        "purposes": len(found.purposes),
        "modules": len(found.modules),
        "notices": len(found.notices),
        "datasets": [d.key for d in found.data_map.datasets],
        "fields": len(fields),
        "personal_fields": sum(f.personal for f in fields),
        "sealed_fields": sum(f.seal for f in fields),
        "tables_not_mapped": tables,
    }
    rows = [*(asdict(f) for f in findings(found)), *missed, *compared]
    hints = [asdict(n) for n in notes(found)]
    cli.show({**data, "findings": rows, "notes": hints}, lambda: _tell(data, rows, hints))
    sys.exit(1 if rows else 0)


def _compared(cli: Cli, found: "PolicySet") -> list[dict[str, object]]:
    """With the policy in force here. Raises Misconfigured."""
    from privacy_svc.errors import PrivacyError
    from privacy_svc.home import last_in_force
    from privacy_svc.policy import refuse_widened

    try:
        before = last_in_force(cli.settings)
    except PrivacyError as error:
        return [{"kind": "policy_not_compared", "about": "the policy in force", "detail": error.detail}]
    if before is not None:
        refuse_widened(before, found, cli.settings.policies.resolve().name)
    return []


def _beside(urls: Mapping[str, str], data_map: "DataMap") -> tuple[list[str], list[dict[str, object]]]:
    """Tables of the connected stores that the files do not name, and findings about them."""
    from privacy_svc.errors import Misconfigured, StoreUnavailable
    from privacy_svc.store import Stores, unmapped_tables

    tables: list[str] = []
    missed: list[dict[str, object]] = []
    for name, url in sorted(urls.items()):
        stores = Stores({name: url})
        try:
            there = unmapped_tables(stores, data_map)
        except (StoreUnavailable, Misconfigured) as error:
            missed.append({"kind": "store_not_looked_at", "about": name, "detail": error.detail})
            continue
        finally:
            stores.close()
        tables += [t.path for t in there]
        missed += [
            {
                "kind": "table_unmapped",
                "about": t.path,
                "detail": f"no request reaches it, and it has {', '.join(t.personal)}: map it, see `pii scan`",
            }
            for t in there
            if t.personal
        ]
    return tables, missed


@command.command()
@click.option("--full-coverage", is_flag=True, help="Exit code 1 also where a rule is not hit both ways.")
@click.pass_obj
def test(cli: Cli, full_coverage: bool) -> None:
    """Run the tests beside the policies, tests/*.yml: exit code 1 when one fails.

    Also told: which rules no test shows permitting, or denying.
    """
    from privacy_svc.policy import load_policies, read_cases, run_cases

    folder = cli.settings.policies
    policies = load_policies(folder)
    run = run_cases(policies, read_cases(folder, policies))
    cli.show(asdict(run) | {"version": policies.version}, lambda: _tell_run(run))
    sys.exit(1 if run.failures or (full_coverage and run.unhit) else 0)


def _tell_run(run: "TestRun") -> None:
    hit = run.rules - len(run.unhit)
    told = f"{run.tests} tests, {len(run.failures)} failed; {hit} of {run.rules} sides of rules hit"
    click.secho(told, fg="red" if run.failures else "yellow" if run.unhit else "green")
    for rows, columns in ((run.failures, ("place", "name", "detail")), (run.unhit, ("rule", "side"))):
        if rows:
            table([asdict(r) for r in rows], columns)


def _tell(data: dict[str, object], rows: list[dict[str, object]], hints: list[dict[str, object]]) -> None:
    click.secho("The policies fit together.", fg="green")
    for name, value in data.items():
        click.echo(f"  {name.replace('_', ' '):16} {', '.join(value) if isinstance(value, list) else value}")
    if rows:
        what = "what is written and does nothing, or is there and not written"
        click.secho(f"\n{len(rows)} findings: {what}", fg="yellow")
        table(rows, ("kind", "about", "detail"))
    for hint in hints:
        click.echo(f"  note: {hint['about']} {hint['detail']}")
