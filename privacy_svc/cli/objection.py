"""`objection`: grounds against one (GDPR Art. 21(1)). It is raised by `request open --right objection`."""

from datetime import datetime

import click

from privacy_svc.cli.common import Cli
from privacy_svc.cli.request_deciding import AS, INSTANT


@click.group()
def command() -> None:
    """Objections (GDPR Art. 21). One to direct marketing stands whatever you have against it.

    \b
    Example:
      privacy-svc objection override 1001 fraud.prevention --grounds "The account was used for fraud." --as piet
    """


@command.command()
@click.argument("customer")
@click.argument("purpose")
@click.option("--grounds", required=True, help="Your compelling legitimate grounds, in words for the person.")
@click.option("--told-at", type=INSTANT, help="You have told them already, then; without it a letter is mailed.")
@AS
@click.pass_obj
def override(cli: Cli, customer: str, purpose: str, grounds: str, told_at: datetime | None, person: str) -> None:
    """Go on with PURPOSE although CUSTOMER (the CRM's own key) objected. They are told, with authority and remedy.

    \b
    Example:
      privacy-svc objection override 1001 profiling --grounds "We must know who defaults." --as piet
    """
    from privacy_svc.http import CustomerRef
    from privacy_svc.rights import Limits

    with cli.runtime() as runtime:
        limits = Limits(runtime.requests)
        version = limits.override(CustomerRef(id=customer), purpose, grounds, person, told_at=told_at)
    cli.show({"state_version": version}, lambda: click.echo("The person was told; the use goes on."))
