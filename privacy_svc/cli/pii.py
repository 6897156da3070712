"""`pii`: personal data in a text, and columns of the stores that look personal and are not in the data map."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, BinaryIO

import click

from privacy_svc.cli.common import Cli, table

if TYPE_CHECKING:
    from privacy_svc.pii import Style


def _regions(_context: click.Context, _option: click.Parameter, named: str) -> str:
    from phonenumbers import SUPPORTED_REGIONS

    regions = [region.strip().upper() for region in named.split(",")]
    unknown = [region for region in regions if region not in SUPPORTED_REGIONS]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)} is no country: write ISO 3166 codes such as DE or DE,AT,CH.")
    return ",".join(regions)


LANGUAGE = click.option("--language", default="en", show_default=True, help="ISO 639 code of the text's language.")
REGION = click.option(
    "--region", default="DE", show_default=True, callback=_regions, help="Whose phone numbers need no country code."
)
FILE = click.argument("file", type=click.File("rb"), default="-")


@click.group()
def command() -> None:
    """Find and redact personal data in text; find columns nobody mapped.

    \b
    Examples:
      privacy-svc pii detect note.txt
      echo "Call +49 30 23125 001" | privacy-svc pii redact -
      privacy-svc pii scan
      privacy-svc pii scan --propose
    """


@command.command()
@FILE
@LANGUAGE
@REGION
@click.pass_obj
def detect(cli: Cli, file: BinaryIO, language: str, region: str) -> None:
    """Places and kinds of personal data in FILE, `-` for standard input."""
    from privacy_svc.pii import detect as find
    from privacy_svc.pii import use_model

    use_model(cli.settings.pii_model)
    rows = [asdict(f) for f in find(_text(file), language, region)]
    cli.show(rows, lambda: table(rows, ("entity", "start", "end", "score", "category"), "no personal data found"))


@command.command()
@FILE
@LANGUAGE
@REGION
@click.option("--style", type=click.Choice(["label", "mask", "drop"]), default="label", show_default=True)
@click.pass_obj
def redact(cli: Cli, file: BinaryIO, language: str, region: str, style: "Style") -> None:
    """FILE without the personal data found in it."""
    from privacy_svc.pii import detect as find
    from privacy_svc.pii import redact as take_out
    from privacy_svc.pii import use_model

    use_model(cli.settings.pii_model)
    text = _text(file)
    result = take_out(text, find(text, language, region), style)
    cli.show({"text": result}, lambda: click.echo(result.encode(), nl=False))


def _text(file: BinaryIO) -> str:
    """As it is: its lines' ends stay what they are."""
    try:
        return file.read().decode()
    except UnicodeDecodeError as error:
        why = f"byte {error.start} is not UTF-8. Convert the file first, for example by `iconv -f latin1 -t utf-8`."
        raise click.BadParameter(why, param_hint="FILE") from None


@command.command()
@click.option("--propose", is_flag=True, help="Show what to add to the data map, as YAML.")
@click.pass_obj
def scan(cli: Cli, *, propose: bool) -> None:
    """Columns of the connected stores that look personal and are not in the data map.

    Exit code 1 if there are any: run it in CI, so that no new column with personal data goes unmapped.
    """
    from privacy_svc.policy import Dataset, load_policies
    from privacy_svc.store import next_id, open_store, read_schema, unmapped_personal
    from privacy_svc.store import propose as proposal

    data_map = load_policies(cli.settings.policies).data_map
    rows: list[dict[str, object]] = []
    drafts: dict[str, str] = {}
    for name, url in sorted(cli.settings.stores.items()):
        engine = open_store(url, read_only=True)
        try:
            schema = read_schema(engine)
        finally:
            engine.dispose()
        dataset = data_map.by_key.get(name) or Dataset(name, name, ())
        rows += [{"dataset": name, **asdict(found)} for found in unmapped_personal(schema, dataset)]
        if propose:
            drafts[name] = proposal(schema, dataset, next_id(data_map))
    if propose:
        cli.show(drafts, lambda: click.echo(_files(drafts), nl=False))
    else:
        cli.show(rows, lambda: table(rows, ("dataset", "table", "column", "category", "why"), "every one is mapped"))
    sys.exit(1 if rows else 0)


def _files(drafts: dict[str, str]) -> str:
    return "".join(f"# for policies/datasets/{name}.yml\n{text}" for name, text in drafts.items() if text)
