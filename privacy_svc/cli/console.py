"""`console`: sign in to the DPO's console on the embedded default."""

import click

from privacy_svc.cli.common import Cli, staff_name


@click.command()
@click.option("--as", "person", callback=staff_name, required=True, help="Who signs in; the log says so.")
@click.option("--role", default="dpo", show_default=True, type=click.Choice(["dpo", "admin", "auditor"]))
@click.pass_obj
def command(cli: Cli, person: str, role: str) -> None:
    """Print a link that signs one person in, once, within 15 minutes.

    \b
    Example:
      privacy-svc console --as piet
    """
    from privacy_svc.http import Role
    from privacy_svc.identity import LINK_PATH, create_link

    with cli.runtime(check_stores=False) as runtime, runtime.database.write() as session:
        token = create_link(session, runtime.log, Role(role), person, modules=runtime.policies.current.modules)
    url = f"{cli.settings.base_url}{LINK_PATH}?token={token}"
    cli.show({"url": url}, lambda: click.echo(url))
