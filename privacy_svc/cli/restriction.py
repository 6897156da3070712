"""`restriction`: whose data may only be stored, and how that ends (GDPR Art. 18)."""

from datetime import datetime

import click
import msgspec

from privacy_svc.cli.common import Cli, table
from privacy_svc.cli.request_deciding import AS, INSTANT

COLUMNS = ("subject", "since", "ends_at", "told_at", "told_how", "announced_by")


@click.group()
def command() -> None:
    """Restrictions of processing (GDPR Art. 18). Before one is lifted, the person is told.

    \b
    Examples:
      privacy-svc restriction list
      privacy-svc restriction announce 1001 --reason "The address is corrected." --as piet
      privacy-svc restriction lift 1001 --as piet
    """


@command.command("list")
@click.pass_obj
def list_(cli: Cli) -> None:
    """Those that stand, the oldest first."""
    from privacy_svc.rights import Limits

    with cli.runtime(check_stores=False) as runtime:
        rows = [msgspec.to_builtins(r) for r in Limits(runtime.requests).restrictions()]
    cli.show(rows, lambda: table(rows, COLUMNS, empty="nobody's data are restricted"))


@command.command()
@click.argument("customer")
@click.option("--reason", required=True, help="Why it ends, in words for the person.")
@click.option("--ends-at", type=INSTANT, help="When; a week from now where you do not say.")
@click.option("--told-at", type=INSTANT, help="You have told them already, then; without it a letter is mailed.")
@click.option("--how", default="mail", show_default=True, help="With --told-at: post, phone …")
@AS
@click.pass_obj
def announce(
    cli: Cli, customer: str, reason: str, ends_at: datetime | None, told_at: datetime | None, how: str, person: str
) -> None:
    """Tell CUSTOMER (the CRM's own key) that their restriction ends. Nothing is lifted yet.

    \b
    Examples:
      privacy-svc restriction announce 1001 --reason "The address is corrected." --as piet
      privacy-svc restriction announce 1001 --reason "The claim is settled." --ends-at 2026-12-15T00:00:00+01:00 \\
        --told-at 2026-12-01T10:00:00+01:00 --how post --as piet
    """
    from privacy_svc.http import CustomerRef
    from privacy_svc.rights import Limits

    with cli.runtime() as runtime:
        view = Limits(runtime.requests).announce(
            CustomerRef(id=customer), reason, person, ends_at=ends_at, told_at=told_at, how=how
        )
    cli.show(msgspec.to_builtins(view), lambda: click.echo(f"Told by {view.told_how}: it ends at {view.ends_at}."))


@command.command()
@click.argument("customer")
@AS
@click.pass_obj
def lift(cli: Cli, customer: str, person: str) -> None:
    """Lift CUSTOMER's restriction, from the day on that they were told.

    \b
    Example:
      privacy-svc restriction lift 1001 --as piet
    """
    from privacy_svc.http import CustomerRef
    from privacy_svc.rights import Limits

    with cli.runtime() as runtime:
        version = Limits(runtime.requests).lift(CustomerRef(id=customer), person)
        connectors = runtime.policies.current.connectors.values()
        placed = [c for c in connectors if c.serves("restriction")]
    elsewhere = [c.title for c in placed]
    by_hand = [c.title for c in placed if c.manual is None and c.restriction_end is None]
    said = f"Lifted here. A worker tells where it was placed too: {', '.join(elsewhere)}." if elsewhere else "Lifted."
    said += f" By hand, their files have no restriction_end: {', '.join(by_hand)}." if by_hand else ""
    cli.show({"state_version": version, "elsewhere": elsewhere, "by_hand": by_hand}, lambda: click.echo(said))
