"""`connectors`: other systems that take part in requests, and what people do where there is no interface."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from privacy_svc.cli.common import Cli, table
from privacy_svc.cli.request_deciding import AS

if TYPE_CHECKING:
    from privacy_svc.rights import WorkView

COLUMNS = ("request", "place", "kind", "state", "opened_at", "tries", "next_try_at", "problem", "done_by")


@click.group()
def command() -> None:
    """Other systems that hold people's data (policies/connectors), and tasks for people.

    \b
    Examples:
      privacy-svc connectors check
      privacy-svc connectors tasks
      privacy-svc connectors done REQUEST paper_archive --evidence "shredded, protocol 17" --as katrin
    """


@command.command()
@click.argument("connector", required=False)
@click.pass_obj
def check(cli: Cli, connector: str | None) -> None:
    """Read the files and call each system's `ping`; nothing of anybody is sent. Exit code 1 where one does not answer.

    \b
    Examples:
      privacy-svc connectors check
      privacy-svc --json connectors check mailtool
    """
    from privacy_svc.rights import Elsewheres

    with cli.runtime(check_stores=False) as runtime:
        rows = Elsewheres(runtime.requests).check(connector)
    columns = ("connector", "title", "by", "problem")
    cli.show(rows, lambda: table(rows, columns, empty="policies/connectors holds no file"))
    if any(r["problem"] for r in rows):
        sys.exit(1)


@command.command()
@click.argument("request_id", metavar="REQUEST", required=False)
@click.pass_obj
def tasks(cli: Cli, request_id: str | None) -> None:
    """What open requests wait for; of one REQUEST, all its parts.

    \b
    Example:
      privacy-svc connectors tasks
    """
    from privacy_svc.rights import Elsewheres

    with cli.runtime(check_stores=False) as runtime:
        elsewhere = Elsewheres(runtime.requests)
        found = elsewhere.of(request_id) if request_id else elsewhere.open()
    _show(cli, found)


@command.command()
@click.argument("request_id", metavar="REQUEST")
@click.argument("place")
@AS
@click.pass_obj
def show(cli: Cli, request_id: str, place: str, person: str) -> None:
    """Who a task is about, and what is to be done. Each look is logged.

    \b
    Example:
      privacy-svc connectors show REQUEST paper_archive --as katrin
    """
    from privacy_svc.rights import Elsewheres

    with cli.runtime(check_stores=False) as runtime:
        found = Elsewheres(runtime.requests).details(request_id, place, person)
    text = f"{found.instructions}\nAbout: {', '.join(found.about) or 'nobody'}\nDone: {found.evidence or 'not yet'}"
    cli.show(msgspec.to_builtins(found), lambda: click.echo(text.strip()))


@command.command()
@click.argument("request_id", metavar="REQUEST")
@click.argument("place")
@click.option("--evidence", required=True, help="By what it is shown to be done; it is sealed.")
@AS
@click.pass_obj
def done(cli: Cli, request_id: str, place: str, evidence: str, person: str) -> None:
    """Note that a person did it, also what a system could not do. The request goes on where it was the last part.

    \b
    Example:
      privacy-svc connectors done REQUEST paper_archive --evidence "shredded, protocol 17" --as katrin
    """
    from privacy_svc.rights import Elsewheres

    with cli.runtime(check_stores=False) as runtime:
        found = Elsewheres(runtime.requests).done(request_id, place, evidence, person)
    _show(cli, found)


def _show(cli: Cli, found: "Sequence[WorkView]") -> None:
    rows = [msgspec.to_builtins(w) for w in found]
    cli.show(rows, lambda: table(rows, COLUMNS, empty="nothing is waited for"))
