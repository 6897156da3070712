"""`keys`: what is wrapped under what, rotation, the root key's end."""

from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from privacy_svc.cli.common import ACTOR, Cli, progress, table

if TYPE_CHECKING:
    from privacy_svc.runtime import Runtime
    from privacy_svc.vault import KeyStatus


@click.group()
def command() -> None:
    """Generations and counts of keys, rotation, the root key's end. Keys themselves are never shown.

    \b
    Examples:
      privacy-svc keys status
      privacy-svc keys roll-epoch
      privacy-svc keys rotate people
    """


@command.command()
@click.pass_obj
def status(cli: Cli) -> None:
    """Root epochs, page keys, people's keys, the blind index; what is overdue (then the exit code is 1)."""
    with cli.runtime(check_stores=False, check_fences=False) as runtime, runtime.database.read() as session:
        found = runtime.vault.status(session)
    cli.show(asdict(found), lambda: _tell(found))
    if found.overdue:
        raise SystemExit(1)


def _tell(found: "KeyStatus") -> None:
    click.echo(f"key provider  {found.provider}")
    rows = [asdict(e) for e in found.epochs]
    table(rows, ["epoch", "created_at", "retired_at", "destroy_at", "destroyed_at", "page_keys", "index_roots"])
    counts = ", ".join(f"{n:,} {use}" for use, n in sorted(found.keys.items())) or "none"
    click.echo(f"page keys     {found.pages:,}, of them to be replaced {found.replace_due:,}")
    click.echo(f"living keys   {counts}")
    by_generation = ", ".join(f"{g}: {n:,}" for g, n in sorted(found.data_generations.items())) or "none"
    click.echo(f"generations   data keys {by_generation}")
    index = ", ".join(f"{g}{'' if done else ' (being filled)'}" for g, done in found.index_generations.items())
    click.echo(f"blind index   generation {index}")
    ended = f"of {found.evidence_ended:,} the evidence is gone too"
    click.echo(f"erased        {found.erased:,} people, {ended}; {found.readmitted:,} more were readmitted")
    if found.unexported:
        click.echo(f"ledger        {found.unexported:,} entries wait to be written outside the database")
    for late in found.overdue:
        click.secho(f"overdue       {late}", fg="red")


@command.command("roll-epoch")
@click.pass_obj
def roll_epoch(cli: Cli) -> None:
    """Begin a new root key and move everything under it. The worker does it by itself, once a day by default."""
    with cli.runtime(check_stores=False) as runtime:
        epoch = runtime.vault.roll_epoch(runtime.database)
        runtime.note_key_event("EPOCH_ROLLED", ACTOR, {"epoch": epoch})
    cli.show({"epoch": epoch}, lambda: click.echo(f"Root key epoch {epoch} is in use; nothing is under an older one."))


@command.command("destroy-epoch")
@click.argument("epoch", type=int)
@click.option("--now", "at_once", is_flag=True, help="Before its window is over.")
@click.confirmation_option(
    "--yes", prompt="Backups of the key tables from before its end cannot be opened any more. Go on?"
)
@click.pass_obj
def destroy_epoch(cli: Cli, epoch: int, *, at_once: bool) -> None:
    """Destroy a root key that nothing needs any more. The worker does it by itself when its window is over.

    \b
    Example:
      privacy-svc keys destroy-epoch 3 --now
    """
    with cli.runtime(check_stores=False) as runtime:
        if not at_once:
            _refuse_early(runtime, epoch)
        done = runtime.vault.destroy_epoch(runtime.database, epoch)
        runtime.note_key_event("EPOCH_DESTROYED", ACTOR, {"epoch": epoch, "receipt": done.receipt})
    data = {"epoch": epoch, "destroyed_at": done.destroyed_at, "receipt": done.receipt}
    cli.show(data, lambda: click.echo(f"Root key epoch {epoch} is destroyed: {done.receipt}"))


def _refuse_early(runtime: "Runtime", epoch: int) -> None:
    with runtime.database.read() as session:
        found = [e for e in runtime.vault.status(session).epochs if e.epoch == epoch]
    from privacy_svc.db import now
    from privacy_svc.errors import Conflict

    if found and found[0].destroy_at is not None and now() < found[0].destroy_at:
        raise Conflict(
            f"Root key epoch {epoch} is kept until {found[0].destroy_at:%Y-%m-%d %H:%M} UTC, so that a backup can be "
            "restored; --now destroys it before that."
        )


@command.command()
@click.pass_obj
def scrub(cli: Cli) -> None:
    """Take old copies of key rows out of the database's files.

    On PostgreSQL the key tables are rewritten and locked meanwhile, about a second for 100,000 people. Each roll of
    the root key does the part that needs no lock.
    """
    with cli.runtime(check_stores=False) as runtime:
        runtime.vault.scrub(runtime.database, rewrite=True)
    cli.show({"done": True}, lambda: click.echo("No old copies of key rows are left in the database's files."))


@command.command()
@click.argument("what", type=click.Choice(["pages", "people", "index"]))
@click.option("--older-than", type=int, default=0, show_default=True, help="Only keys older than this many days.")
@click.option("--settle", type=int, help="Minutes until an older key may be destroyed, in place of backup_days.")
@click.pass_obj
def rotate(cli: Cli, what: str, older_than: int, settle: int | None) -> None:
    """Replace page keys, people's data keys or the blind index's key, while the service serves.

    Can be stopped and run again. People's older keys are destroyed by a later run, or by the worker, once nothing
    needs them any more, backups of the store included (backup_days); until then nobody gets a third.

    \b
    Examples:
      privacy-svc keys rotate pages
      privacy-svc keys rotate people --older-than 365
      privacy-svc keys rotate index
    """
    with cli.runtime(check_stores=what != "pages") as runtime, progress() as show:
        wait = None if settle is None else timedelta(minutes=settle)
        data = _rotate(runtime, what, timedelta(days=older_than), wait, show)
    cli.show(data, lambda: click.echo(", ".join(f"{k.replace('_', ' ')}: {v:,}" for k, v in data.items())))


def _rotate(
    runtime: "Runtime", what: str, older_than: timedelta, settle: timedelta | None, show: object
) -> dict[str, int]:
    from privacy_svc.db import now
    from privacy_svc.store import begin_index, fill_index, finish_rotation, replace_keys

    sealer = replace(runtime.sealer(ACTOR), progress=show)  # type: ignore[arg-type]
    before = now() - older_than
    if what == "pages":
        return {"page_keys_replaced": runtime.vault.replace_old_pages(runtime.database, before)}
    if what == "people":
        made = replace_keys(sealer, before)
        done = finish_rotation(sealer, runtime.holders, settle)
        runtime.vault.replace_all_due(runtime.database)
        return {
            "new_keys": made,
            "values_sealed_anew": done.resealed,
            "older_keys_destroyed": done.retired,
            "people_with_an_older_key": done.waiting,
            "people_with_a_value_that_does_not_open": done.spoiled,
        }
    begin_index(sealer)
    return {"index_entries": fill_index(sealer)}
