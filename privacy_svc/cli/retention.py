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
    """End all that is over: what erasures left by law (`keep` in the data map), evidence of erased people
    (`evidence_kept`), entries of the log (`log_kept`).

    Kept values are emptied, and an erased person's evidence key is destroyed with the proofs and the log payloads it
    sealed, on the dates in the certificate. Nobody's under a legal hold, until it ends. Asks first where `log prune`
    does.
    """
    with cli.runtime(check_stores=False) as runtime:
        (values, back), people = runtime.requests.kept_over(), runtime.requests.evidence_over()
        payloads, entries = None, runtime.log_over() or 0
        if not dry_run:
            if (values or people or entries) and (why := runtime.log.caution(runtime.database, entries)):
                said = f"Kept values at {values:,} places, evidence of {people:,} erased people and {entries:,} entries"
                confirm(f"{said} of the log would end for good. {why}", yes=yes)
            values = runtime.requests.end_kept(ACTOR).rows  # before the key that sealed some of them
            done = runtime.requests.end_evidence(ACTOR)
            people, payloads, entries = done.people, done.payloads, runtime.prune_log(ACTOR)
    data = {"kept_values": values, "came_back": back, "people": people, "payloads": payloads, "log_entries": entries}
    cli.show({**data, "dry_run": dry_run}, lambda: _tell(data, "would end" if dry_run else "ended"))


def _tell(data: dict[str, int | None], verb: str) -> None:
    click.echo(
        f"{data['kept_values']:,} kept values {verb}, evidence of {data['people']:,} erased people, and "
        f"{data['log_entries']:,} entries of the log."
    )
    if data["came_back"]:
        click.echo(f"Of {data['came_back']:,} people who came back, what was kept of before stays: look at it.")
