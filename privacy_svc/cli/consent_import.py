"""`consent import`, `consent export`."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from privacy_svc.cli.common import ACTOR, Cli, progress, table

if TYPE_CHECKING:
    from privacy_svc.consent import Format, Refused, Shape

FORMAT = click.option("--format", "form", type=click.Choice(["csv", "ndjson"]), help="Of the file. [by its name]")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@FORMAT
@click.option("--dry-run", is_flag=True, help="Say what would be recorded and refused; change nothing.")
@click.option("--map", "names", multiple=True, metavar="COLUMN=NAME", help="A column's name here; empty: leave it out.")
@click.option("--set", "fixed", multiple=True, metavar="NAME=VALUE", help="For every row, such as purpose=news.")
@click.option("--timezone", help="Of times that name none, such as Europe/Berlin.")
@click.option("--refused", type=click.Path(path_type=Path, dir_okay=False), help="[FILE.refused.ndjson]")
@click.pass_obj
def load(
    cli: Cli,
    file: Path,
    form: str | None,
    names: tuple[str, ...],
    fixed: tuple[str, ...],
    timezone: str | None,
    refused: Path | None,
    *,
    dry_run: bool,
) -> None:
    """Record the consents of FILE: CSV with a header, or a JSON object a line.

    Columns: id (the CRM's own key), email or phone; purpose, state, given_at; and where there are,
    collection, expires_at, notice, notice_version, notice_language, channel, method, reference,
    evidence, guardian. Can be stopped and run again: it goes on where it stopped, and nothing is
    recorded twice. Refused rows go to a file beside it, with row number and reason and without any
    value of the row; exit code 1 if there are any.

    \b
    Examples:
      privacy-svc consent import old.csv --dry-run
      privacy-svc consent import old.csv --map "customer no=id" --map note= --set purpose=marketing.email
    """
    from privacy_svc.consent import Importer, Shape, inspect, read

    shape = Shape(_format(file, form), _pairs(names, "--map"), _pairs(fixed, "--set"))
    zone = _zone(timezone)
    beside = refused or file.with_name(f"{file.name}.refused.ndjson")
    with cli.runtime() as runtime, progress() as show, file.open("rb") as opened:
        _look_for_cycles_less()
        found = inspect(opened)
        parts = (runtime.database, runtime.vault, runtime.log, runtime.directory, runtime.policies.current, ACTOR)
        importer = Importer(*parts, zone=zone, dry_run=dry_run)
        steps = importer.steps(_digest(found.digest, shape, timezone), read(opened, shape), _tell(beside))
        totals = next(steps)
        if not totals.rows:  # else an earlier run goes on, and so does its file
            beside.unlink(missing_ok=True)
        with _asked_to_stop() as stopping:
            for totals in steps:
                show("rows", totals.rows, max(totals.rows, found.lines))
                if stopping():
                    far = f"{totals.rows:,} rows, {totals.recorded:,} recorded"
                    raise click.Abort("" if dry_run else f"Stopped after {far}. The same command goes on from there.")
    told = totals.to_json() | ({"dry_run": True} if dry_run else {})
    cli.show(told, lambda: _print(told, beside))
    sys.exit(1 if told["refused"] else 0)


@contextmanager
def _asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Ctrl-C ends it between two batches, so that what is told is what is recorded; a second one, at once."""
    asked = False

    def ask(*_: object) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def _look_for_cycles_less() -> None:
    """Thousands of objects live until their batch ends: looking for cycles among them costs a third of the time."""
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


def _format(file: Path, form: str | None) -> "Format":
    from privacy_svc.consent import Format, guess_format

    if form:
        return Format(form)
    with file.open("rb") as opened:
        return guess_format(file.name, opened.read(1000))


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    pairs = [g.rpartition("=") if option == "--map" else g.partition("=") for g in given]
    if any(not sign or not left for left, sign, _ in pairs):
        raise click.UsageError(f"{option} takes two words with = between them.")
    return {left: right for left, _, right in pairs}


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        raise click.UsageError(f"There is no time zone {name!r}; one looks like Europe/Berlin.") from None


def _digest(content: str, shape: "Shape", *more: str | None) -> str:
    """The file and how it is read: read otherwise, it is another import."""
    import hashlib

    how = repr((shape.format, sorted(shape.names.items()), sorted(shape.fixed.items()), more))
    return hashlib.sha256(f"{content} {how}".encode()).hexdigest()


def _tell(path: Path) -> Callable[[Sequence["Refused"]], None]:
    """Adds to a file that only its owner reads, made with the first refusal."""
    import msgspec

    def tell(refused: Sequence["Refused"]) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            file.write(b"".join(msgspec.json.encode(r) + b"\n" for r in refused))

    return tell


def _print(told: dict[str, Any], beside: Path) -> None:
    for name in ("rows", "recorded", "unchanged", "refused"):
        click.echo(f"{name:10} {told[name]:,}")
    if told["reasons"]:
        table([{"reason": k, "rows": n} for k, n in told["reasons"].items()], ("reason", "rows"))
        click.echo(f"each with its row number in {beside}")


@click.command()
@FORMAT
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file only its owner reads. [stdout]")
@click.pass_obj
def export(cli: Cli, form: str | None, out: Path | None) -> None:
    """All consents with their evidence, in the format that `consent import` reads. Erased people are left out.

    \b
    Example:
      privacy-svc consent export --out consents.ndjson
    """
    from privacy_svc.consent import Format, export_lines, guess_format

    kind = Format(form) if form else guess_format(out.name if out else "", b"")
    with cli.runtime() as runtime, _written(out) as file:
        parts = (runtime.database, runtime.vault, runtime.log, runtime.directory)
        for line in export_lines(*parts, ACTOR, kind):
            file.write(line)


@contextmanager
def _written(out: Path | None) -> Iterator[TextIO]:
    if out is None:
        yield sys.stdout
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(out, flags, 0o600), "w", encoding="utf-8", newline="") as file:
        yield file
    click.echo(f"written to {out}", err=True)
