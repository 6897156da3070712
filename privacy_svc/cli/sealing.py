"""`seal`, `seal status` and `unseal`."""

from collections.abc import Sequence
from dataclasses import replace

import click

from privacy_svc.cli.common import ACTOR, Cli, progress, table


@click.group(invoke_without_command=True)
@click.option("--dataset", help="Only this dataset.")
@click.option("--dry-run", is_flag=True, help="Say what would be sealed; change nothing.")
@click.pass_context
def command(ctx: click.Context, dataset: str | None, *, dry_run: bool) -> None:
    """Encrypt the mapped fields in the store itself, row by row, and index what the data map indexes.

    Can be stopped with Ctrl-C and run again at any time: it goes on where it stopped, and seals
    rows that the CRM has written in clear since.

    \b
    Examples:
      privacy-svc seal --dry-run
      privacy-svc seal --dataset shop
      privacy-svc seal status
    """
    if ctx.invoked_subcommand is None:
        cli: Cli = ctx.obj
        if dry_run:
            _status(cli, dataset)
        else:
            _seal(cli, dataset)


@command.command()
@click.option("--dataset", help="Only this dataset.")
@click.pass_obj
def status(cli: Cli, dataset: str | None) -> None:
    """Count sealed and clear values per collection."""
    _status(cli, dataset)


def _seal(cli: Cli, dataset: str | None) -> None:
    from privacy_svc.store import seal

    with cli.runtime() as runtime, progress() as show:
        tallies = seal(replace(runtime.sealer(ACTOR), progress=show), dataset)
    rows = [
        {
            "collection": t.collection,
            "rows": t.rows,
            "sealed": t.sealed,
            "already": t.already,
            "without a person": t.unowned,
        }
        for t in tallies
    ]
    _print(cli, rows)


def _status(cli: Cli, dataset: str | None) -> None:
    from privacy_svc.store import check_sealable, seal_status

    with cli.runtime() as runtime:
        sealer = runtime.sealer(ACTOR)
        check_sealable(runtime.stores, sealer.policies.data_map, sealer.collections(dataset))
        tallies = seal_status(sealer, dataset)
    _print(cli, [{"collection": t.collection, "rows": t.rows, "sealed": t.already, "clear": t.sealed} for t in tallies])


@click.command()
@click.option("--dataset", help="Only this dataset.")
@click.confirmation_option("--yes", prompt="Personal data will stand in clear in the store again. Go on?")
@click.pass_obj
def unseal(cli: Cli, dataset: str | None) -> None:
    """Give every sealed value back as it was. Erased people's values cannot be, and stay as they are.

    \b
    Example:
      privacy-svc unseal --dataset shop
    """
    from privacy_svc.store import unseal as run

    with cli.runtime() as runtime, progress() as show:
        tallies = run(replace(runtime.sealer(ACTOR), progress=show), dataset)
    _print(cli, [{"collection": t.collection, "rows": t.rows, "opened": t.sealed, "erased": t.erased} for t in tallies])


def _print(cli: Cli, rows: Sequence[dict[str, object]]) -> None:
    columns = list(rows[0]) if rows else []
    cli.show(rows, lambda: table(rows, columns, empty="The data map seals nothing."))
