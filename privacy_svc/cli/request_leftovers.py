"""`request leftover`, `leftovers`, `attach`: what a search after an erasure found, and files that prove a request."""

from pathlib import Path
from typing import Any

import click
import msgspec

from privacy_svc.cli.common import Cli, table
from privacy_svc.cli.request_deciding import AS, ONE
from privacy_svc.cli.request_view import one


@click.command()
@ONE
@click.option("--place", required=True, help="Where the search found something, as `request show` names it.")
@click.option("--row", help="Only the row with this key, as `request leftovers` names it.")
@click.option("--redact", "decision", flag_value="redact", help="Take it out of the text that stands there.")
@click.option("--accept", "decision", flag_value="accept", help="It is not theirs, or has to stay: say why.")
@click.option("--reason", required=True, help="For an authority.")
@AS
@click.pass_obj
def leftover(cli: Cli, /, request_id: str, place: str, decision: str | None, person: str, **said: Any) -> None:
    """Decide about a value that an erasure left somewhere; then approve the request again.

    Without --row it is about the whole place; to redact one passes over rows of customers who have the same value
    themselves, such as a namesake's own notes.

    \b
    Examples:
      privacy-svc request leftover ID --place shop.tickets.body --redact --reason "their address in a reply" --as piet
      privacy-svc request leftover ID --place shop.notes.note --row 17 --accept --reason "a namesake" --as piet
    """
    from privacy_svc.rights import Decision

    if decision is None:
        raise click.UsageError("Give --redact or --accept.")
    with cli.runtime() as runtime:
        what = place, Decision(decision), said["reason"], person
        one(cli, runtime.requests.decide_leftover(request_id, *what, row=said["row"]))


@click.command()
@ONE
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@AS
@click.pass_obj
def attach(cli: Cli, request_id: str, file: Path, person: str) -> None:
    """Add a file that proves what the request says: PDF, PNG, JPEG or text. It is sealed.

    \b
    Example:
      privacy-svc request attach ID marriage-certificate.pdf --as katrin
    """
    with cli.runtime() as runtime:
        done = runtime.requests.attach(request_id, file.name, file.read_bytes(), person)
    data = msgspec.structs.asdict(done)
    cli.show(data, lambda: click.echo(f"{done.id}: {done.size:,} bytes"))


@click.command()
@click.pass_obj
def leftovers(cli: Cli) -> None:
    """Values that erasures left somewhere, of all requests that failed on them, and what was decided.

    \b
    Example:
      privacy-svc request leftovers
    """
    with cli.runtime(check_stores=False) as runtime:
        rows = [msgspec.to_builtins(x) for x in runtime.requests.leftovers()]
    columns = ("request", "place", "row", "detail", "decision")
    shown = [line for x in rows for line in _lines(x)]
    cli.show(rows, lambda: table(shown, columns, empty="nothing is left to be decided about"))


def _lines(left: dict[str, Any]) -> list[dict[str, Any]]:
    """The place, and its rows below it."""
    whose = {True: "of another customer who has it too", False: ""}
    of = {"request": left["request"], "place": left["place"]}
    rows = [{**of, "row": r["key"], "detail": whose[r["namesake"]], "decision": r["decision"]} for r in left["rows"]]
    return [{**left, "row": "all"}, *rows]


LEFTOVERS = (leftover, leftovers, attach)
