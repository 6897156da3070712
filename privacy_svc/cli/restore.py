"""`restore`: after a backup was restored."""

from dataclasses import asdict

import click

from privacy_svc.cli.common import ACTOR, Cli, progress

SAID = {
    "entries": "entries of the fence ledger that the database did not know",
    "erasures": "of them erasures, repeated",
    "keys": "keys given back from the copy of the key tables",
    "lost": "keys that nothing opens any more",
    "logged": "entries the audit log took back",
    "told": "of them erasures",
    "untold": "erasures that only the log knows of",
    "undone": "people whose erasure rows of a backup had undone, erased again",
    "ended": "consents ended, since their people took one back, or said no, after the backup",
    "restricted": "people whose data are restricted again",
    "cleaned": "erased people whose rows in the stores were gone over again",
}


@click.group()
def command() -> None:
    """After a backup was restored: what the database does not know, and telling it.

    Nothing is served until the erasures after the backup are repeated from the fence ledger. See docs/operations.md.

    \b
    Examples:
      privacy-svc restore check
      privacy-svc restore replay
    """


@command.command()
@click.pass_obj
def check(cli: Cli) -> None:
    """Compare the database with the whole fence ledger. Changes nothing; exit code 1 when entries are missing, or an
    erasure that the database knows of is undone in it."""
    with cli.runtime(check_stores=False, check_fences=False) as runtime:
        with runtime.database.read() as session:
            missing = runtime.vault.ledger.missing(session)
            short = runtime.vault.ledger.shorter_by(session)
            undone = len(runtime.vault.undone(session)) if not missing else 0  # else the replay tells
        unlogged = runtime.log.lacks(runtime.database)
    kinds = [line.kind.value for line in missing]
    data = {
        "missing": len(missing),
        "ledger_lacks": short,
        "log_entries": unlogged,
        "undone": undone,
        "kinds": {k: kinds.count(k) for k in dict.fromkeys(kinds)},
    }
    told = ", ".join(f"{n} {k.replace('_', ' ')}" for k, n in data["kinds"].items())  # type: ignore[attr-defined]
    good = "The database knows every entry of the fence ledger."
    cli.show(data, lambda: click.echo(f"Missing: {told}. Run `privacy-svc restore replay`." if missing else good))
    if short:
        click.secho(
            f"The ledger lacks {short:,} entries that the database has: bring back its latest copy.", fg="red", err=True
        )
    if unlogged:
        said = f"The audit log outside has {unlogged:,} entries that the database lacks"
        click.echo(f"{said}. Run `privacy-svc restore replay`.", err=True)
    if undone:
        said = f"{undone:,} erased people have keys again, or no fence any more: rows of a backup were put back"
        click.secho(f"{said}. Run `privacy-svc restore replay`.", fg="red", err=True)
    if missing or short or unlogged or undone:
        raise SystemExit(1)


@command.command()
@click.option("--new-ledger", is_flag=True, help="The ledger is lost: begin another from what the database knows.")
@click.pass_obj
def replay(cli: Cli, *, new_ledger: bool) -> None:
    """Repeat what the restored backup does not know: erasures, re-admissions, the ends of root keys.

    Also goes over the customer stores again for everybody who is erased: a store may have been restored alone.
    """
    from privacy_svc.rights import Aftermath

    with cli.runtime(check_fences=False) as runtime, progress() as show:
        if new_ledger:
            runtime.vault.ledger.create()
        done = Aftermath(runtime.requests).replay(ACTOR, show)
        runtime.vault.ledger.export(runtime.database)
        runtime.log.integrate(runtime.database)
    data = asdict(done)
    cli.show(data, lambda: click.echo("\n".join(f"{data[k]:9,} {said}" for k, said in SAID.items())))
    if done.untold:
        click.secho(
            f"The log tells of {done.untold} erasures that neither the ledger nor the database knows: somebody who was "
            "erased may be readable again. Bring back the latest copy of the ledger and replay again; without one, ask "
            "who was erased since the backup, and erase them again. Each replay says it until then.",
            fg="red",
            err=True,
        )
        raise SystemExit(1)
    if done.left:
        click.secho("Values of erased people still stand in these places: take them out there.", fg="red", err=True)
        for remains in done.left:
            click.echo(f"  {remains.place}: {remains.rows:,} rows (subject {remains.subject})", err=True)
        raise SystemExit(1)
    if done.objected:
        click.secho(
            "These people objected after the backup, and to what is lost: ask them, and record it again.",
            fg="red",
            err=True,
        )
        for person in done.objected:
            click.echo(f"  subject {person}", err=True)
    if done.objected and not done.lost:
        raise SystemExit(1)
    if done.lost:
        click.secho(
            f"{done.lost} keys cannot be opened any more: bring back the newest key snapshot.", fg="red", err=True
        )
        raise SystemExit(1)
