"""`audit`: run the DPO's programmes and keep their signed reports."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from privacy_svc.cli.common import ACTOR, Cli, staff_name, table
from privacy_svc.cli.output import FORMAT, OUT, write

if TYPE_CHECKING:
    from privacy_svc.audits import Audits
    from privacy_svc.runtime import Runtime

COLORS = {"pass": "green", "finding": "red", "accepted": "magenta", "error": "yellow", "not_applicable": "blue"}


@click.group()
def command() -> None:
    """The DPO's audits. They read only; each run is signed, kept and logged.

    \b
    Examples:
      privacy-svc audit list
      privacy-svc audit run daily --as dora
      privacy-svc audit run quarterly --format html --out audit.html
    """


@command.command()
@click.argument("programme", default="quarterly")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]), help="A past time, in UTC. [now]")
@click.option("--as", "person", callback=staff_name, default="", help="Your name: report and log say who ran it.")
@FORMAT
@OUT
@click.pass_obj
def run(cli: Cli, programme: str, as_of: Any, person: str, form: str | None, out: Path | None) -> None:
    """Run PROGRAMME [quarterly]; exit code 1 if a check found something or could not run."""
    from datetime import UTC

    from privacy_svc.audits import report_as

    with cli.runtime(check_stores=False) as runtime:
        report = _audits(runtime).run(programme, person or ACTOR, as_of and as_of.replace(tzinfo=UTC))
    if not write(lambda kind: report_as(kind, report, demo=cli.settings.demo), form, out):
        cli.show(report, lambda: _tell(report))
    sys.exit(1 if report["summary"]["finding"] or report["summary"]["error"] else 0)


@command.command(name="list")
@click.pass_obj
def list_(cli: Cli) -> None:
    """The programmes of the audits folder with their checks."""
    from privacy_svc.audits import BUILTINS, load_programmes

    rows = [
        {"programme": p.id, "check": c.id, "severity": str(c.severity), "law": ", ".join(c.law), "title": c.title}
        for p in load_programmes(cli.settings.audits, BUILTINS).values()
        for c in p.checks
    ]
    cli.show(rows, lambda: table(rows, ("programme", "check", "severity", "law", "title"), "no programmes"))


def _audits(runtime: "Runtime") -> "Audits":
    from privacy_svc.audits import Audits

    return Audits(runtime.database, runtime.policies, runtime.log, runtime.signer, runtime.settings)


def _tell(report: dict[str, Any]) -> None:
    for result in report["results"]:
        status = result["status"]
        click.secho(f"{status:8}", fg=COLORS[status], nl=False)
        click.echo(f"{result['severity']:9} {result['check']}")
        if status != "pass":
            click.echo(f"         {result['statement']} ({', '.join(result['law'])})")
            for found in result["evidence"]:
                click.echo(f"           {found['id']}" + (f"  since {found['since']}" if found["since"] else ""))
        if result["remedy"]:
            click.echo(f"         Remedy: {result['remedy']}")
        for a in result["accepted"]:
            click.echo(f"         Accepted from {a['since']} until {a['until']} by {a['by']}: {a['id']}")
    for area in report["areas"]:
        before = "" if area["before"] is None else f"  ({area['score'] - area['before']:+d})"
        click.echo(f"{area['area']:16} {area['score']:3} of 100{before}")
    for what, words in (("gone", "No longer asked"), ("changed", "Changed")):
        if report["altered"][what]:
            click.echo(f"{words} since the run before: {', '.join(report['altered'][what])}")
    counts = report["summary"]
    click.echo(
        f"{counts['pass']} passed, {counts['finding']} with findings, {counts['accepted']} accepted, "
        f"{counts['error']} could not run, {counts['not_applicable']} cannot be asked yet"
    )
    click.echo(f"signed report {report['id']}")
