"""`consent suppressions`, `consent release`: the list of addresses that are not to be used."""

import click

from privacy_svc.cli.common import Cli, table
from privacy_svc.cli.request_deciding import AS


@click.command()
@click.pass_obj
def suppressions(cli: Cli) -> None:
    """How many addresses are not to be used again, by kind, scope and reason. Which they are, nobody can say."""
    from privacy_svc.consent import count_suppressions

    with cli.runtime(check_stores=False) as runtime, runtime.database.read() as session:
        rows = count_suppressions(session)
    columns = ("kind", "scope", "reason", "entries", "oldest", "newest")
    cli.show(rows, lambda: table(rows, columns, empty="No address is suppressed."))


@click.command()
@click.option("--kind", type=click.Choice(["email", "phone"]), default="email", show_default=True)
@click.option("--reason", required=True, help="What you know: it stands in the log. Do not name the person.")
@AS
@click.pass_obj
def release(cli: Cli, kind: str, reason: str, person: str) -> None:
    """Take an address off the suppression list where nobody knows whose entry it is: those from before entries had
    owners, which no person can take back any more. The address is asked for, or read from stdin.

    What people who were erased left stays, until whoever has the address consents anew; what somebody said stays
    until they say otherwise.

    \b
    Example:
      privacy-svc consent release --reason "wrote to us, wants the newsletter again" --as piet
    """
    from privacy_svc.consent import release_unowned_suppressions
    from privacy_svc.http import Contact

    contact = Contact(kind, click.prompt("Address", err=True))  # no argument: these stand in the list of processes

    with cli.runtime(check_stores=False) as runtime, runtime.database.write() as session:
        found = release_unowned_suppressions(session, runtime.vault, runtime.log, contact, person, reason)
    told = {"released": found.released, "left": found.left}
    cli.show(told, lambda: click.echo(f"{found.released} entries are gone, {found.left} stand."))
