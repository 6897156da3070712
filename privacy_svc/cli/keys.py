"""`keys`: what is wrapped under what."""

from dataclasses import asdict

import click

from privacy_svc.cli.common import Cli


@click.group()
def command() -> None:
    """Generations and counts of keys. Keys themselves are never shown.

    \b
    Example:
      privacy-svc keys status
    """


@command.command()
@click.pass_obj
def status(cli: Cli) -> None:
    """Root epochs, page keys, people's keys."""
    with cli.runtime(check_stores=False) as runtime, runtime.database.read() as session:
        found = runtime.vault.status(session)
    cli.show(asdict(found), lambda: _tell(asdict(found)))


def _tell(data: dict[str, object]) -> None:
    for name, value in data.items():
        text = ", ".join(f"{k}: {v}" for k, v in value.items()) if isinstance(value, dict) else value
        click.echo(f"{name.replace('_', ' '):12} {text}")
