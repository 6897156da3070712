"""`retention`: what is over by its date."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from privacy_svc.cli.common import ACTOR, Cli, confirm, progress, table

if TYPE_CHECKING:
    from privacy_svc.runtime import Runtime

COLUMNS = ("rule", "of", "collection", "over_since", "due", "held", "restricted", "busy", "never")


@click.group()
def command() -> None:
    """What is over by the policy's dates: people, rows, evidence, log entries.

    \b
    Examples:
      privacy-svc retention run --dry-run
      privacy-svc --json retention run --dry-run --rule support-notes
      privacy-svc retention run --rule people:customer
    """


@command.command()
@click.option("--dry-run", is_flag=True, help="Say how much would go, by rule; change nothing.")
@click.option("--rule", help="Only this one: its name in the data map, or people:customer.")
@click.option("--yes", is_flag=True, help="Ask nothing: the clock and the policy's periods are right.")
@click.pass_obj
def run(cli: Cli, *, dry_run: bool, rule: str | None, yes: bool) -> None:
    """End all that is over. Nobody's under a legal hold, whose data are restricted, or who has a request under way.

    People whose every purpose has passed its `retention` get a request for erasure of the policy's own, which a worker
    carries out like any other. Rows with a `retention` rule of the data map are erased in the store. The evidence keys
    of erased people (`evidence_kept`) end, and entries of the log (`log_kept`). Asks first.

    \b
    Examples:
      privacy-svc retention run --dry-run
      privacy-svc retention run --yes
    """
    with cli.runtime(check_stores=False) as runtime:
        counted = _rules(runtime, rule, dry_run=True)
        people, payloads, entries = 0, None, 0
        if rule is None:
            people, entries = runtime.requests.evidence_over(), runtime.log_over() or 0
        if not dry_run:
            _ask(runtime, counted, people, entries, yes=yes)
            counted = _rules(runtime, rule, dry_run=False)
            if rule is None:
                done = runtime.requests.end_evidence(ACTOR)
                people, payloads, entries = done.people, done.payloads, runtime.prune_log(ACTOR)
    data = {"people": people, "payloads": payloads, "log_entries": entries, "dry_run": dry_run, "rules": counted}
    cli.show(data, lambda: _tell(counted, people, entries, dry_run=dry_run))


def _rules(runtime: "Runtime", rule: str | None, *, dry_run: bool) -> list[dict[str, Any]]:
    from privacy_svc.rights import Expiry

    with progress() as update:
        return Expiry(runtime.requests).run(ACTOR, dry_run=dry_run, rule=rule, progress=update)


def _ask(runtime: "Runtime", counted: Sequence[Mapping[str, Any]], people: int, entries: int, *, yes: bool) -> None:
    if (people or entries) and (why := runtime.log.caution(runtime.database, entries)):
        said = f"Evidence of {people:,} erased people and {entries:,} entries of the log would end for good."
        confirm(f"{said} {why}", yes=yes)
    if due := sum(c["due"] for c in counted):
        said = ", ".join(f"{c['due']:,} {c['of']} by {c['rule']}" for c in counted if c["due"])
        confirm(f"{due:,} would be erased for good: {said}.", yes=yes)


def _tell(counted: Sequence[Mapping[str, Any]], people: int, entries: int, *, dry_run: bool) -> None:
    table(counted, COLUMNS, empty="no rules")
    verb = "would end" if dry_run else "ended"
    click.echo(f"Evidence of {people:,} erased people {verb}, and {entries:,} entries of the log.")
