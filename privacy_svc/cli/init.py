"""`init`: connect an existing customer store."""

from typing import TYPE_CHECKING

import click

from privacy_svc.cli.common import Cli

if TYPE_CHECKING:
    from privacy_svc.cli.connecting import Connected


@click.command()
@click.option("--store", required=True, help="SQLAlchemy URL of the customer store, e.g. sqlite:///crm.sqlite")
@click.option("--name", default="crm", show_default=True, help="What the store is called in the data map.")
@click.pass_obj
def command(cli: Cli, store: str, name: str) -> None:
    """Read a store's schema and a sample, and draft its data map; create the privacy database and the keys.

    Nothing in the store is changed. An existing data map is never overwritten: the new draft is
    written beside it, to compare.

    \b
    Examples:
      privacy-svc init --store sqlite:///chinook.sqlite
      privacy-svc init --store postgresql://crm@localhost/crm --name crm
    """
    from privacy_svc.cli.connecting import connect

    connected = connect(cli.settings, name, store)
    data = {
        "data_map": str(connected.draft),
        "home": str(cli.settings.home),
        "policies": str(cli.settings.policies),
        "persons": connected.persons,
        "fields": connected.fields,
        "personal_fields": connected.personal_fields,
        "sealed_fields": connected.sealed_fields,
    }
    cli.show(data, lambda: _tell(connected))


def _tell(connected: "Connected") -> None:
    for collection, kind in connected.persons.items():
        click.echo(f"Each row of {click.style(collection, bold=True)} is a person: {kind}.")
    found = f"{connected.personal_fields} of {connected.fields} columns hold personal data"
    click.echo(f"{found}; {connected.sealed_fields} of them are proposed for encryption. The store was not changed.")
    if connected.kept:
        click.secho(f"There was a data map already; the new draft is {connected.draft}: compare them.", fg="yellow")
    else:
        click.echo(f"The data map is {connected.draft}. Read it, correct it: every line says why it is there.")
    click.echo(NEXT)


NEXT = """
Next:
  privacy-svc policy check                         does everything fit together?
  privacy-svc clients add support --role module    a token for a CRM module
  privacy-svc serve                                the API, the Privacy Centre, the console
  privacy-svc seal --dry-run                       what would be encrypted in the store"""
