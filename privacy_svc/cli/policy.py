"""`policy`: do the files fit together?"""

import sys
from dataclasses import asdict

import click

from privacy_svc.cli.common import Cli, table


@click.group()
def command() -> None:
    """The organisation's policy files.

    \b
    Example:
      privacy-svc policy check
    """


@command.command()
@click.pass_obj
def check(cli: Cli) -> None:
    """Read all files; say what is wrong with file and line (exit code 2), or what there is.

    What fits and yet does nothing is told with exit code 1: rules no request reaches, purposes nobody may use,
    categories nobody maps, fields nobody may read.
    """
    from privacy_svc.policy import findings, load_policies

    found = load_policies(cli.settings.policies)
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
    }
    rows = [asdict(f) for f in findings(found)]
    cli.show({**data, "findings": rows}, lambda: _tell(data, rows))
    sys.exit(1 if rows else 0)


def _tell(data: dict[str, object], rows: list[dict[str, object]]) -> None:
    click.secho("The policies fit together.", fg="green")
    for name, value in data.items():
        click.echo(f"  {name.replace('_', ' '):16} {', '.join(value) if isinstance(value, list) else value}")
    if rows:
        click.secho(f"\n{len(rows)} findings: what is written and does nothing", fg="yellow")
        table(rows, ("kind", "about", "detail"))
