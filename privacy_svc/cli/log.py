"""`log`: check and hand out the audit log."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from privacy_svc.cli.common import ACTOR, Cli, confirm, progress
from privacy_svc.cli.log_key import key
from privacy_svc.cli.log_reading import HALTED, customer_of, enter_what_waits, export, search, types

if TYPE_CHECKING:
    from privacy_svc.auditlog import Report
    from privacy_svc.runtime import Runtime


WHOLE = "The log is whole: every entry is as it was written."
GAPS = " But a restore left gaps in what entries say, as counted below."


@click.group()
def command() -> None:
    """The audit log that nobody can quietly rewrite.

    \b
    Examples:
      privacy-svc log verify
      privacy-svc log checkpoint
      privacy-svc log proof 42 > entry-42.tlog-proof
      privacy-svc log types
      privacy-svc log search --type consent --from 2026-10-01
      privacy-svc log export --type rights > requests.ndjson
      privacy-svc log proof 42 --customer 1001 > among.json
      privacy-svc log key rotate --reason "yearly"
    """


command.add_command(search)
command.add_command(export)
command.add_command(types)
command.add_command(key)


@command.command(short_help="Check the whole log, and its checkpoints.")
@click.option(
    "--checkpoint",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint somebody kept: the log must still contain it.",
)
@click.pass_obj
def verify(cli: Cli, checkpoint: Path | None) -> None:
    """Recompute the tree from the stored entries and check every checkpoint; exit code 1 with findings. Erasures must
    hold in the database as the fence ledger tells them.

    Nothing is changed or signed, so a log that was tampered with, or put back, is told as it stands.
    """
    known = _kept(checkpoint) if checkpoint else None
    with cli.runtime(check_stores=False, check_fences=False, check_policies=False) as runtime:
        report = runtime.log.verify(runtime.database, known=known)
        others = {"undone": _undone(runtime), "holds": _lost_holds(runtime)}
    ok = report.ok and not any(others.values())
    cli.show({**asdict(report), "ok": ok, **others}, lambda: _tell(report, others))
    sys.exit(0 if ok else 1)


def _kept(file: Path) -> str:
    from privacy_svc.auditlog import is_checkpoint

    note = file.read_text(encoding="utf-8", errors="replace")
    if not is_checkpoint(note):
        raise click.BadParameter(
            f"{file} is no checkpoint: `privacy-svc log checkpoint` writes one.", param_hint="--checkpoint"
        )
    return note


def _undone(runtime: "Runtime") -> str:
    """What the fence ledger says of the log's erasures, which name nobody; in words, empty where all of them hold."""
    from privacy_svc.errors import Misconfigured

    try:
        with runtime.database.read() as session:
            runtime.vault.refuse_undone(session)
    except Misconfigured as error:
        return str(error)
    return ""


def _lost_holds(runtime: "Runtime") -> str:
    """Legal holds that the log tells, and their table does not; in words, empty where there is none."""
    from privacy_svc.rights import lost_holds

    found = [hold.id for hold in lost_holds(runtime.database, runtime.log)]
    if not found:
        return ""
    return (
        "Legal holds that the log tells, and the table of holds does not, or otherwise: somebody changed the database. "
        f"They go on stopping erasures; look at `privacy-svc hold list`: {', '.join(found)}"
    )


def _tell(report: "Report", others: Mapping[str, str]) -> None:
    """`others`: what of the rest of the database is not as the log says."""
    for told in filter(None, others.values()):
        click.secho(told, fg="red")
    if report.halted is not None:
        click.secho(f"{HALTED}: {report.halted}", fg="yellow")
    if report.ok:
        gaps = bool(report.lost or report.unproven)
        click.secho(WHOLE + (GAPS if gaps else ""), fg="yellow" if gaps else "green")
    else:
        click.secho("The log is not whole.", fg="red")
        _tell_findings(report)
    _tell_log(report)


def _tell_findings(report: "Report") -> None:
    for finding in report.findings:
        place = "" if finding.index is None else f" (entry {finding.index})"
        click.secho(f"  {finding.kind}: {finding.detail}{place}", fg="red")
    if report.more:
        click.secho(f"  and {report.more:,} findings more", fg="red")


def _tell_log(report: "Report") -> None:
    if report.first and report.ok:
        click.echo(f"  begins at entry {report.first:,}: the older ones were deleted as their retention was over")
    click.echo(f"  {report.size:,} entries, {report.checkpoints:,} checkpoints compared with them")
    if report.older:
        click.echo(f"  {report.older:,} older checkpoints, of what was deleted, compared with each other")
    if report.erased:
        click.echo(f"  {report.erased:,} payloads erased with their people, as they should be")
    if report.lost:
        click.secho(f"  {report.lost:,} payloads lost in a restore: they were in no backup", fg="yellow")
    if report.unproven:
        told = f"  {report.unproven:,} payloads and names erased in a restore without a key: unproven whose"
        click.secho(told, fg="yellow")
    click.echo(f"  root {report.root}")
    if not report.ok:
        for part in report.ranges:
            click.echo(f"  entries {part.first:,} to {part.until - 1:,}: {part.state.replace('_', ' ')}")


@command.command(short_help="The newest signed checkpoint.")
@click.pass_obj
def checkpoint(cli: Cli) -> None:
    """The newest signed checkpoint. Keep it somewhere else: `log verify --checkpoint FILE` holds the log to it."""
    with cli.runtime(check_stores=False, check_policies=False) as runtime:
        enter_what_waits(runtime)
        with runtime.database.read() as session:
            note = runtime.log.checkpoint(session)
    cli.show({"checkpoint": note, "key": runtime.signer.vkey}, lambda: click.echo(note, nl=False))


@command.command(short_help="The proof of one entry.")
@click.argument("index", type=click.IntRange(min=0))
@click.option("--customer", help="For an entry about many people: prove that this customer is one of them.")
@click.pass_obj
def proof(cli: Cli, index: int, customer: str | None) -> None:
    """The proof of one entry (C2SP tlog-proof); `privacy-svc verify FILE` checks it offline. A look at an entry about
    people is logged.

    \b
    Examples:
      privacy-svc log proof 42 > entry-42.tlog-proof
      privacy-svc log proof 42 --customer 1001 > among.json
    """
    with cli.runtime(check_stores=customer is not None, check_policies=False) as runtime:
        enter_what_waits(runtime)
        text, subject_id = _looked_at(runtime, index, customer)
        document = _membership(runtime, index, text, subject_id) if customer and subject_id else {"proof": text}
    shown = json.dumps(document, indent=2) + "\n" if customer else text
    cli.show(document, lambda: click.echo(shown, nl=False))


def _looked_at(runtime: "Runtime", index: int, customer: str | None) -> tuple[str, str | None]:
    """The proof, and whom it is about."""
    with runtime.database.read() as session:
        subject_id = customer_of(runtime, session, customer) if customer is not None else None
        text, found = runtime.log.proof(session, index), runtime.log.place_of(session, str(index))
    if found is not None and (found.about_people or subject_id):
        runtime.log.looked_at(runtime.database, ACTOR, subject_id or found.subject_id, {"proof": str(index)})
    return text, subject_id


def _membership(runtime: "Runtime", index: int, proof: str, subject_id: str) -> dict[str, Any]:
    from privacy_svc.auditlog import membership_document

    with runtime.database.read() as session:
        return membership_document(proof, runtime.log.membership(session, index, subject_id))


@command.command(short_help="Delete entries older than log_kept.")
@click.option("--dry-run", is_flag=True, help="Say how many entries would go; change nothing.")
@click.option("--yes", is_flag=True, help="Ask nothing: the clock and log_kept are right.")
@click.pass_obj
def prune(cli: Cli, *, dry_run: bool, yes: bool) -> None:
    """Delete entries older than `log_kept` in policies/organisation.yml; the worker does it by itself.

    Whole tiles of 256 entries, from the beginning, up to the first entry about somebody under a legal hold. What is
    left is proven as before, and an entry says up to where the others went. It can be stopped and run again. Where more
    would go than the worker takes in a day, or nothing was logged for a week, it asks first, and without a terminal it
    needs --yes.

    \b
    Example:
      privacy-svc log prune --dry-run
    """
    with cli.runtime(check_stores=False) as runtime:
        count = over = runtime.log_over()
        if over is None:
            raise click.UsageError("policies/organisation.yml says no log_kept, e.g. P4Y: entries are kept for good.")
        if not dry_run:
            if over and (why := runtime.log.caution(runtime.database, over)):
                confirm(f"{over:,} entries of the log would be deleted for good. {why}", yes=yes)
            with progress() as told:
                count = runtime.prune_log(ACTOR, progress=lambda gone: told("deleting entries", gone, over))
    done = "would be deleted" if dry_run else "deleted"
    cli.show({"entries": count, "deleted": not dry_run}, lambda: click.echo(f"{count:,} entries {done}."))


@command.command(short_help="Sign again after a halt.")
@click.option("--reason", required=True, help="What was found; it is written into the log.")
@click.pass_obj
def resume(cli: Cli, reason: str) -> None:
    """Sign again, after a witness had seen another log, or the record outside the database was cut or lost, and a
    person has looked. That record is written anew from the database, and the log says so.

    While the witness says the same, the log is halted again: first mend what it has found, or have its operator do so.

    \b
    Example:
      privacy-svc log resume --reason "The witness had lost its state; ticket 4711."
    """
    with cli.runtime(check_stores=False, check_policies=False, check_record=False) as runtime:
        lacking = runtime.log.resume(runtime.database, reason, actor=ACTOR)
        runtime.log.integrate(runtime.database)
    told = f" The record outside the database was written anew: {lacking}." if lacking else ""
    cli.show({"halted": False, "outside": lacking}, lambda: click.echo("The log is signed again." + told))
