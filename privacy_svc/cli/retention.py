"""`retention`: what is over by its date."""

import click

from privacy_svc.cli.common import ACTOR, Cli, confirm


@click.group()
def command() -> None:
    """What is over by the policy's dates; the worker ends it by itself, a month's worth a day.

    \b
    Example:
      privacy-svc retention run --dry-run
    """


@command.command()
@click.option("--dry-run", is_flag=True, help="Say how much would go; change nothing.")
@click.option("--yes", is_flag=True, help="Ask nothing: the clock and the policy's periods are right.")
@click.pass_obj
def run(cli: Cli, *, dry_run: bool, yes: bool) -> None:
    """End all that is over: evidence of erased people (`evidence_kept`), entries of the log (`log_kept`).

    An erased person's evidence key is destroyed on the date in the certificate, and with it the proofs and the log
    payloads it sealed. Nobody's under a legal hold, until it ends. Asks first where `log prune` does.
    """
    with cli.runtime(check_stores=False) as runtime:
        people, payloads, entries = runtime.requests.evidence_over(), None, runtime.log_over() or 0
        if not dry_run:
            if (people or entries) and (why := runtime.log.caution(runtime.database, entries)):
                said = f"Evidence of {people:,} erased people and {entries:,} entries of the log would end for good."
                confirm(f"{said} {why}", yes=yes)
            done = runtime.requests.end_evidence(ACTOR)
            people, payloads, entries = done.people, done.payloads, runtime.prune_log(ACTOR)
    data = {"people": people, "payloads": payloads, "log_entries": entries, "dry_run": dry_run}
    verb = "would end" if dry_run else "ended"
    cli.show(
        data,
        lambda: click.echo(f"Evidence of {people:,} erased people {verb}, and {entries:,} entries of the log."),
    )
