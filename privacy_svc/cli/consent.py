"""`consent`: what people agreed to, as files and lists."""

import click

from privacy_svc.cli.consent_import import export, load, suppressions


@click.group()
def command() -> None:
    """Consents: import an old table, export, the suppression list.

    \b
    Examples:
      privacy-svc consent import old.csv --dry-run
      privacy-svc consent export --out consents.csv
      privacy-svc consent suppressions
    """


command.add_command(load)
command.add_command(export)
command.add_command(suppressions)
