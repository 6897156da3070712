"""`demo`: a company from an empty folder, its story told while it happens, then served."""

import shutil
import socket
import sys
from dataclasses import replace
from pathlib import Path

import click

from privacy_svc.cli.common import Cli
from privacy_svc.errors import Misconfigured
from privacy_svc.settings import FILE, Settings

SEED = 20261101


@click.command()
@click.option("--customers", default=1000, show_default=True, type=click.IntRange(10, 100_000), help="Invented people.")
@click.option("--no-serve", is_flag=True, help="End after the story.")
@click.pass_obj
def command(cli: Cli, customers: int, *, no_serve: bool) -> None:
    """Build a demo company (a shop's CRM with invented people), run the whole story, then serve it.

    Everything is made in the home folder (./var); ./policies and ./audits are copied from the examples
    where they are missing. A home folder that is not a demo's is left alone.

    \b
    Examples:
      privacy-svc demo
      privacy-svc demo --customers 200 --no-serve
    """
    from privacy_svc.cli.demo_parts import Company
    from privacy_svc.cli.demo_story import tell

    settings = _prepare(cli.settings)
    stays = sys.stdout.isatty() and not no_serve
    with Company.build(settings, customers, SEED, stays=stays) as company:
        tell(company)
        if stays:
            click.echo("\nServing until Ctrl-C.")
            company.wait()


def _prepare(settings: Settings) -> Settings:
    """An empty demo home. Raises Misconfigured rather than touch a home that holds somebody's data."""
    marker = settings.home / FILE
    begun = settings.home.exists() and any(settings.home.iterdir())
    if begun and (not marker.exists() or "demo = true" not in marker.read_text(encoding="utf-8")):
        raise Misconfigured(f"{settings.home} holds something that is not a demo: choose another --home.")
    _refuse_used(settings)
    if begun:
        shutil.rmtree(settings.home)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    marker.write_text("demo = true\n", encoding="utf-8")
    port = _free(settings.host, settings.port)
    return replace(settings, demo=True, port=port, base_url="", home=_whole(settings.home))


def _refuse_used(settings: Settings) -> None:
    """Before anything is removed: keys of a server's database are wrapped by a home folder's, an earlier demo's or not.
    Raises Misconfigured."""
    from sqlalchemy import inspect

    from privacy_svc.db import Database
    from privacy_svc.vault import Vault

    if settings.embedded:
        return
    database = Database(settings.privacy_database_url)
    try:
        with database.read() as session:
            used = inspect(session.connection()).has_table("index_roots") and Vault.in_use(session)
    finally:
        database.engine.dispose()
    if used:
        raise Misconfigured(
            "The privacy database holds keys, an earlier demo's or a service's, and a demo begins with none. Nothing "
            "was changed: name an empty one in PRIVACY_DATABASE_URL, or none for a demo in a file of its own."
        )


def _whole(path: Path) -> Path:
    return path.resolve()


def _free(host: str, wanted: int) -> int:
    """The wanted port, or another one where somebody listens on it."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Misconfigured(f"No port is free on {host}.")
