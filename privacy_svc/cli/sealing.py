"""`seal`, `seal status` and `unseal`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from privacy_svc.cli.common import ACTOR, Cli, progress, table

if TYPE_CHECKING:
    from privacy_svc.store import IndexPlan


@click.group(invoke_without_command=True)
@click.option("--dataset", help="Only this dataset.")
@click.option("--dry-run", is_flag=True, help="Say what would be sealed and what stands in the way; change nothing.")
@click.pass_context
def command(ctx: click.Context, dataset: str | None, *, dry_run: bool) -> None:
    """Encrypt the mapped fields in the store itself, row by row, and index what the data map indexes.

    Can be stopped with Ctrl-C and run again at any time: it goes on where it stopped, and seals
    rows that the CRM has written in clear since. Columns and indexes that cannot be sealed are
    all named, with the reason and the way out, before anything is changed.

    \b
    Examples:
      privacy-svc seal --dry-run
      privacy-svc seal --dataset shop
      privacy-svc seal status
    """
    if ctx.invoked_subcommand is None:
        cli: Cli = ctx.obj
        if dry_run:
            _status(cli, dataset, check=True)
        else:
            _seal(cli, dataset)


@command.command()
@click.option("--dataset", help="Only this dataset.")
@click.pass_obj
def status(cli: Cli, dataset: str | None) -> None:
    """Count sealed and clear values per collection, and what each index would give."""
    _status(cli, dataset, check=False)


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


def _status(cli: Cli, dataset: str | None, *, check: bool) -> None:
    from privacy_svc.store import check_sealable, plan_indexes, seal_status, sealing_notes

    with cli.runtime() as runtime:
        sealer = runtime.sealer(ACTOR)
        if check:
            check_sealable(sealer, sealer.collections(dataset))
        tallies, plans = seal_status(sealer, dataset), plan_indexes(sealer, dataset)
        notes = {c.path: sealing_notes(runtime.stores, c) for c in sealer.collections(dataset)}
    counts = [{"collection": t.collection, "rows": t.rows, "sealed": t.already, "clear": t.sealed} for t in tallies]
    indexes = [_index(p) for p in plans]

    def show() -> None:
        _print(Cli(), counts)
        if indexes:
            click.echo()
            table(indexes, list(indexes[0]))
        for path, said in notes.items():
            for note in said:
                click.echo(f"{path}: {note}")

    cli.show([{**c, "indexes": _of(indexes, c), "notes": notes[str(c["collection"])]} for c in counts], show)


def _of(indexes: Sequence[dict[str, Any]], counts: dict[str, object]) -> list[dict[str, Any]]:
    return [i for i in indexes if i["index of"].startswith(f"{counts['collection']}.")]


def _index(plan: "IndexPlan") -> dict[str, Any]:
    return {
        "index of": plan.path,
        "by": plan.normaliser,
        "rows": plan.rows,
        "values": plan.values,
        "rows a lookup": f"{plan.each:.1f}",
        "most": plan.most,
        "false positives": f"{plan.false_positives:.0e}",
        "verdict": plan.refusal or "good",
    }


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
