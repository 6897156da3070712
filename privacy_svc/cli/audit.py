"""`audit`: the DPO's programmes of checks."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from privacy_svc.cli.common import ACTOR, Cli, table

if TYPE_CHECKING:
    from privacy_svc.audits import Audits
    from privacy_svc.runtime import Runtime


@click.group()
def command() -> None:
    """Run the DPO's audit programmes, kept as files in ./audits.

    \b
    Examples:
      privacy-svc audit list
      privacy-svc audit run quarterly --format html --out audit.html
    """


def _audits(runtime: "Runtime") -> "Audits":
    from privacy_svc.audits import Audits

    return Audits(runtime.database, runtime.policies, runtime.log, runtime.signer, runtime.settings)


@command.command()
@click.argument("programme", default="daily")
@click.option("--format", "form", type=click.Choice(["json", "csv", "html"]), help="Write the signed report so.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else printed.")
@click.pass_obj
def run(cli: Cli, programme: str, form: str | None, out: Path | None) -> None:
    """Run one programme. Exit code 1 when a check finds something or could not be run."""
    from privacy_svc.audits import Format, report_as

    with cli.runtime() as runtime:
        runtime.log.integrate(runtime.database)
        report = _audits(runtime).run(programme, ACTOR)
    if form is not None:
        _put(report_as(Format[form.upper()], report), out)
    else:
        cli.show(report, lambda: _tell(report))
    sys.exit(0 if all(r["status"] == "pass" for r in report["results"]) else 1)


def _put(text: str, out: Path | None) -> None:
    if out is None:
        click.echo(text)
    else:
        out.write_text(text, encoding="utf-8")
        click.echo(f"{out} written.", err=True)


def _tell(report: dict[str, Any]) -> None:
    for result in report["results"]:
        mark, colour = {"pass": ("✓", "green"), "finding": ("✗", "red")}.get(result["status"], ("!", "yellow"))
        click.echo(f"{click.style(mark, fg=colour)} {result['title']}")
        if result["status"] != "pass":
            click.echo(f"    {result.get('finding') or result.get('detail') or result['status']}")
            click.echo(f"    {result['remedy']}")
    click.echo(f"\nreport {report['id']}, signed")


@command.command("list")
@click.pass_obj
def list_(cli: Cli) -> None:
    """Programmes and their checks."""
    with cli.runtime(check_stores=False) as runtime:
        programmes = _audits(runtime).programmes()
    rows = [
        {"programme": p.id, "check": c.id, "severity": str(c.severity), "title": c.title}
        for p in programmes.values()
        for c in p.checks
    ]
    cli.show(rows, lambda: table(rows, ("programme", "check", "severity", "title")))
