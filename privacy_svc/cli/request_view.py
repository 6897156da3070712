"""A request as the command line shows it."""

from typing import TYPE_CHECKING

import click
import msgspec

from privacy_svc.cli.common import Cli

if TYPE_CHECKING:
    from privacy_svc.rights import RequestView


def one(cli: Cli, view: "RequestView") -> None:
    cli.show(msgspec.structs.asdict(view), lambda: print_request(view))


def print_request(view: "RequestView") -> None:
    click.echo(f"{view.right} request {click.style(view.id, bold=True)}: {view.state.replace('_', ' ')}")
    click.echo(
        f"received {view.received_at:%Y-%m-%d %H:%M}, due {view.due_at:%Y-%m-%d}{' OVERDUE' if view.overdue else ''}"
    )
    if view.waiting_for:
        asked = f"{view.asked_at:%Y-%m-%d}" if view.asked_at else "not sent yet"
        click.echo(f"the person is asked about {view.waiting_for} ({asked})")
    if view.paused_since:
        click.echo(f"the clock stands still since {view.paused_since:%Y-%m-%d}")
    if view.refusal_proposed_by:
        click.echo(f"a refusal ({view.ground}) waits for a second person")
    elif view.first_approved_by and not view.approved_by:
        click.echo("approved by one person; a second one has to")
    if view.merged_into:
        click.echo(f"goes on as request {view.merged_into}")
    if view.failure:
        _print_failure(view)


def _print_failure(view: "RequestView") -> None:
    """What is in the way, where, and the way out."""
    failure = view.failure or {}
    word = "waits" if view.state == "in_progress" else "failed"
    click.secho(f"{word} at {failure['step']}: {failure['detail']}", fg="red")
    for place in failure["places"]:
        click.echo(f"  {place['place']}: {place['detail']}")
    if failure["remedy"]:
        click.echo(failure["remedy"])
