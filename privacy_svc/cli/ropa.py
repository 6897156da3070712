"""`ropa`: the register of processing activities."""

from pathlib import Path

import click

from privacy_svc.cli.common import Cli


@click.command()
@click.option("--format", "form", default="json", show_default=True, type=click.Choice(["json", "csv", "html"]))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else printed.")
@click.pass_obj
def command(cli: Cli, form: str, out: Path | None) -> None:
    """The register of processing activities (Art. 30), from the policies as they are.

    \b
    Example:
      privacy-svc ropa --format html --out register.html
    """
    from privacy_svc.audits import Format, register, register_as
    from privacy_svc.policy import load_policies

    text = register_as(Format[form.upper()], register(load_policies(cli.settings.policies)))
    if out is None:
        click.echo(text)
    else:
        out.write_text(text, encoding="utf-8")
        click.echo(f"{out} written.", err=True)
