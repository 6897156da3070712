"""What the demo leaves to its reader: addresses, tokens, commands to go on with."""

import shutil
import sys
from pathlib import Path

import click

from privacy_svc.cli.demo_parts import Company


def go_on(company: Company) -> None:
    url, home, serving = company.settings.base_url, company.settings.home, company.stays
    shown = home.relative_to(home.cwd()) if home.is_relative_to(home.cwd()) else home
    command = _command() if str(shown) == "var" else f"{_command()} --home {shown}"
    beside = "" if company.settings.embedded else f", and beside it {command} worker"
    again = "" if serving else f" (after: {command} serve{beside})"
    click.echo(f"""
Look around{again}
  {url}/          the Privacy Centre, as anybody sees it
  {url}/me        and as a customer: sign in as {company.customer_address()};
                                 the code is in the newest file of {shown}/outbox
  {company.console_link()}
                                 the console (one sign-in, within 15 minutes)
  {url}/schema    every call of the API

Tokens (Authorization: Bearer …)""")
    for name, token in company.tokens.items():
        click.echo(f"  {name:10} {token}")
    click.echo(f"""
Go on
  {command} request list              the requests of this story
  {command} verify {shown}/ana-erasure.json
  {command} log verify
  {command} seal status
  {_command()} init --store URL      your own store""")


def _command() -> str:
    """How the reader calls us: by name where it is on the path, else as they did."""
    if shutil.which("privacy-svc"):
        return "privacy-svc"
    called = Path(sys.argv[0])
    if called.name != "privacy-svc":
        return "python -m privacy_svc"
    return str(called.relative_to(Path.cwd())) if called.is_relative_to(Path.cwd()) else str(called)
