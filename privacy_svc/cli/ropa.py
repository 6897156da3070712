"""`ropa`: the register of processing activities, from the policy in force."""

from pathlib import Path
from typing import Any

import click

from privacy_svc.cli.common import Cli, table
from privacy_svc.cli.output import FORMAT, OUT, write


@click.command()
@FORMAT
@OUT
@click.pass_obj
def command(cli: Cli, form: str | None, out: Path | None) -> None:
    """The register of processing activities (GDPR Art. 30), and what is missing in it.

    What is encrypted is read from the service's own database.

    \b
    Examples:
      privacy-svc ropa
      privacy-svc ropa --format html --out register.html
    """
    from privacy_svc.audits import register, register_as
    from privacy_svc.store import complete_paths

    with cli.runtime(check_stores=False) as runtime, runtime.database.read() as session:
        found = register(runtime.policies.current, complete_paths(session))
    if not write(lambda kind: register_as(kind, found, demo=cli.settings.demo), form, out):
        cli.show(found, lambda: _tell(found))


def _tell(found: dict[str, Any]) -> None:
    click.echo(f"{found['controller']['name']}, policy {found['policy']}")
    table(found["activities"], ("id", "article", "retention", "purpose"), "no activities")
    for gap in found["missing"]:
        click.secho("missing ", fg="yellow", nl=False)
        click.echo(f"{gap['activity']} {gap['field']} ({gap['article']}): {gap['detail']}")
