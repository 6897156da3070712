"""`hold`: whose data must be kept for now, and why (GDPR Art. 17(3))."""

from datetime import datetime

import click
import msgspec

from privacy_svc.cli.common import Cli, table
from privacy_svc.cli.request_deciding import AS, INSTANT

COLUMNS = ("id", "subject", "article", "placed_at", "placed_by", "until", "lost")


@click.group()
def command() -> None:
    """Legal holds: while one stands, neither an erasure nor a period's end touches the person's data.

    \b
    Examples:
      privacy-svc hold list
      privacy-svc hold place 1001 --reason "The claim of 3 May." --as piet
      privacy-svc hold lift HOLD --as piet
    """


@command.command("list")
@click.pass_obj
def list_(cli: Cli) -> None:
    """Those that stand, the oldest first. One that is lost is told by the log alone: somebody changed the database."""
    from privacy_svc.rights import Holds

    with cli.runtime(check_stores=False) as runtime:
        rows = [msgspec.to_builtins(h) for h in Holds(runtime.requests).holds()]
    cli.show(rows, lambda: table(rows, COLUMNS, empty="nobody's data are held"))


@command.command()
@click.argument("customer")
@click.option("--reason", required=True, help="Why the data must be kept; sealed.")
@click.option("--article", default="17(3)(e)", show_default=True, help="The exemption: 17(3)(a) to 17(3)(e).")
@click.option("--until", type=INSTANT, help="When it ends by itself.")
@AS
@click.pass_obj
def place(cli: Cli, customer: str, reason: str, article: str, until: datetime | None, person: str) -> None:
    """Hold the data of CUSTOMER (the CRM's own key).

    \b
    Example:
      privacy-svc hold place 1001 --reason "The claim of 3 May." --until 2029-12-31T00:00:00+01:00 --as piet
    """
    from privacy_svc.http import CustomerRef
    from privacy_svc.rights import Holds

    with cli.runtime() as runtime:
        placed = Holds(runtime.requests).place_hold(
            CustomerRef(id=customer), reason=reason, article=article, until=until, actor=person
        )
    cli.show(msgspec.to_builtins(placed), lambda: click.echo(placed.id))


@command.command()
@click.argument("hold_id", metavar="HOLD")
@AS
@click.pass_obj
def show(cli: Cli, hold_id: str, person: str) -> None:
    """A hold with its reason; the look is logged.

    \b
    Example:
      privacy-svc hold show HOLD --as piet
    """
    from privacy_svc.rights import Holds

    with cli.runtime(check_stores=False) as runtime:
        found = Holds(runtime.requests).hold(hold_id, person)
    said = f"{found.hold.article}, since {found.hold.placed_at:%Y-%m-%d}: {found.reason or 'its evidence has ended'}"
    cli.show(msgspec.to_builtins(found), lambda: click.echo(said))


@command.command()
@click.argument("hold_id", metavar="HOLD")
@AS
@click.pass_obj
def lift(cli: Cli, hold_id: str, person: str) -> None:
    """The data need not be held any more.

    \b
    Example:
      privacy-svc hold lift HOLD --as piet
    """
    from privacy_svc.rights import Holds

    with cli.runtime(check_stores=False) as runtime:
        Holds(runtime.requests).lift_hold(hold_id, person)
    cli.show({"lifted": hold_id}, lambda: click.echo("Lifted."))
