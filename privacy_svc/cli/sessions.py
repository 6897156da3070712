"""`sessions`: who of the staff is signed in to the console, and signing them out."""

import click

from privacy_svc.cli.common import ACTOR, Cli, table


@click.group()
def command() -> None:
    """Who of the staff is signed in, in which sessions. Customers see and end theirs in the Privacy Centre.

    \b
    Examples:
      privacy-svc sessions list
      privacy-svc sessions end SESSION
    """


@command.command("list")
@click.pass_obj
def list_(cli: Cli) -> None:
    """Sessions that have not ended, the last used first."""
    from privacy_svc.identity import list_sessions

    with cli.runtime(check_stores=False) as runtime, runtime.database.read() as session:
        rows = [
            {"session": s.id, "name": s.name, "role": s.role, "since": s.created_at, "last used": s.last_used_at}
            for s in list_sessions(session)
        ]
    names = ["session", "name", "role", "since", "last used"]
    cli.show(rows, lambda: table(rows, names, empty="nobody is signed in"))


@command.command()
@click.argument("session_id", metavar="SESSION")
@click.pass_obj
def end(cli: Cli, session_id: str) -> None:
    """The browser is signed out at once."""
    from privacy_svc.identity import revoke_session

    with cli.runtime(check_stores=False) as runtime, runtime.database.write() as session:
        revoke_session(session, runtime.log, session_id, ACTOR)
    cli.show({"ended": session_id}, lambda: click.echo("The session has ended."))
