"""`--format` and `--out`, the same for every command that hands out a document."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from privacy_svc.audits import Format

FORMAT = click.option(
    "--format", "form", type=click.Choice(["json", "csv", "html"]), help="A document instead of a table."
)
OUT = click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the document to a file. [JSON]"
)


def write(make: Callable[["Format"], str], form: str | None, out: Path | None) -> bool:
    """The document, to the file or to standard output; False where none was asked for."""
    from privacy_svc.audits import Format

    if form is None and out is None:
        return False
    document = make(Format[(form or "json").upper()])
    if out is None:
        click.echo(document, nl=not document.endswith("\n"))
    else:
        # CSV has its own line ends, RFC 4180.
        out.write_text(document, encoding="utf-8", newline="")
        click.echo(f"written to {out}", err=True)
    return True
