"""`consent`: what people agreed to, one by one, as files and lists."""

import click

from privacy_svc.cli.consent_import import export, load
from privacy_svc.cli.consent_show import show
from privacy_svc.cli.consent_suppressions import release, suppressions


@click.group()
def command() -> None:
    """Consents: the proof of each, import of an old table, export, the suppression list.

    \b
    Examples:
      privacy-svc consent show 1001 --as-of 2026-05-31
      privacy-svc consent import old.csv --dry-run
      privacy-svc consent export --out consents.csv
      privacy-svc consent suppressions
    """


command.add_command(show)
command.add_command(load)
command.add_command(export)
command.add_command(suppressions)
command.add_command(release)
