"""`retention`: what is over by its date."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from privacy_svc.cli.common import ACTOR, Cli, confirm, progress, table

if TYPE_CHECKING:
    from privacy_svc.runtime import Runtime

COLUMNS = ("rule", "of", "collection", "over_since", "due", "held", "restricted", "busy", "never")
OVER = ("kept_values", "came_back", "people", "payloads", "log_entries")


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
    carries out like any other. Rows with a `retention` rule of the data map are erased in the store. What erasures left
    by law (`keep` in the data map) is emptied, and the evidence keys of erased people (`evidence_kept`) end, on the
    dates in their certificates; so do entries of the log (`log_kept`). Asks first.

    \b
    Examples:
      privacy-svc retention run --dry-run
      privacy-svc retention run --yes
    """
    with cli.runtime(check_stores=False) as runtime:
        counted = _rules(runtime, rule, dry_run=True)
        over = _over(runtime) if rule is None else dict.fromkeys(OVER, 0)
        if not dry_run:
            _ask(runtime, counted, over, yes=yes)
            counted = _rules(runtime, rule, dry_run=False)
            over |= _end(runtime) if rule is None else {}
    data = {**over, "dry_run": dry_run, "rules": counted}
    cli.show(data, lambda: _tell(counted, over, dry_run=dry_run))


def _rules(runtime: "Runtime", rule: str | None, *, dry_run: bool) -> list[dict[str, Any]]:
    from privacy_svc.rights import Expiry

    with progress() as update:
        return Expiry(runtime.requests).run(ACTOR, dry_run=dry_run, rule=rule, progress=update)


def _over(runtime: "Runtime") -> dict[str, int | None]:
    """What has reached a date that stands in a certificate or in the policy."""
    from privacy_svc.rights import Aftermath

    values, back = Aftermath(runtime.requests).kept_over()
    people, entries = Aftermath(runtime.requests).evidence_over(), runtime.log_over() or 0
    return {"kept_values": values, "came_back": back, "people": people, "payloads": None, "log_entries": entries}


def _end(runtime: "Runtime") -> dict[str, int | None]:
    from privacy_svc.rights import Aftermath

    kept = Aftermath(runtime.requests).end_kept(ACTOR)  # before the key that sealed some of them
    done = Aftermath(runtime.requests).end_evidence(ACTOR)
    entries = runtime.prune_log(ACTOR)
    ended = {"kept_values": kept.rows, "people": done.people, "payloads": done.payloads, "log_entries": entries}
    return {**ended, "refused": kept.refused + done.refused}


def _ask(
    runtime: "Runtime", counted: Sequence[Mapping[str, Any]], over: Mapping[str, int | None], *, yes: bool
) -> None:
    ending = any(over[name] for name in ("kept_values", "people", "log_entries"))
    if ending and (why := runtime.log.caution(runtime.database, over["log_entries"] or 0)):
        confirm(f"{_said(over)} would end for good. {why}", yes=yes)
    if due := sum(c["due"] for c in counted):
        said = ", ".join(f"{c['due']:,} {c['of']} by {c['rule']}" for c in counted if c["due"])
        confirm(f"{due:,} would be erased for good: {said}.", yes=yes)


def _tell(counted: Sequence[Mapping[str, Any]], over: Mapping[str, int | None], *, dry_run: bool) -> None:
    table(counted, COLUMNS, empty="no rules")
    click.echo(f"{_said(over)} {'would end' if dry_run else 'ended'}.")
    if over["came_back"]:
        click.echo(f"Of {over['came_back']:,} people who came back, what was kept of before stays: look at it.")
    if over.get("refused"):
        click.echo(f"Of {over['refused']:,} people nothing could be ended: see `rights:retention:failed` in the log.")


def _said(over: Mapping[str, int | None]) -> str:
    values, people, entries = over["kept_values"] or 0, over["people"] or 0, over["log_entries"] or 0
    return f"{values:,} kept values, evidence of {people:,} erased people, and {entries:,} entries of the log"
