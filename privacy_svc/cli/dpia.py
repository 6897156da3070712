"""`dpia`: which purposes need an impact assessment, from the policy files."""

from pathlib import Path
from typing import Any

import click

from privacy_svc.cli.common import Cli, table
from privacy_svc.cli.output import FORMAT, OUT, write


@click.command()
@FORMAT
@OUT
@click.pass_obj
def command(cli: Cli, form: str | None, out: Path | None) -> None:
    """Which purposes need a data protection impact assessment (GDPR Art. 35), and by which criteria.

    \b
    Examples:
      privacy-svc dpia
      privacy-svc dpia --format html --out dpia.html
    """
    from privacy_svc.audits import screening, screening_as
    from privacy_svc.policy import load_policies

    found = screening(load_policies(cli.settings.policies))
    if not write(lambda kind: screening_as(kind, found, demo=cli.settings.demo), form, out):
        cli.show(found, lambda: _tell(found))


_NEEDED = {True: "yes", None: "a person must answer", False: "no"}


def _tell(found: dict[str, Any]) -> None:
    rows = [
        {
            "purpose": p["id"],
            "needed": _NEEDED[p["needed"]],
            "assessment": p["assessment"] or ("-" if p["needed"] is False else "MISSING"),
            "criteria": ", ".join(p["criteria"]) or "-",
        }
        for p in found["purposes"]
    ]
    table(rows, ("purpose", "needed", "assessment", "criteria"), "no purposes")
    click.echo("Two criteria of WP 248 mean that one is needed. The files do not say: large scale, new technology.")
