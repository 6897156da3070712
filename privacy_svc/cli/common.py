"""What all commands share: the settings, the opened service, tables or JSON, progress."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from privacy_svc import settings
from privacy_svc.settings import Settings

if TYPE_CHECKING:
    from privacy_svc.runtime import Runtime

ACTOR = "command-line"
"""How the audit log names what an operator does here."""


@dataclass
class Cli:
    """The global options, as every command gets them (`@click.pass_obj`)."""

    home: Path | None = None
    policies: Path | None = None
    as_json: bool = False
    _settings: Settings | None = field(default=None, repr=False)

    @property
    def settings(self) -> Settings:
        if self._settings is None:
            self._settings = settings.load(home=self.home, policies=self.policies)
        return self._settings

    @contextmanager
    def runtime(
        self,
        *,
        check_stores: bool = True,
        check_fences: bool = True,
        check_policies: bool = True,
        check_record: bool = True,
    ) -> Iterator["Runtime"]:
        """The opened service; what the command logged is in the tree before the command ends."""
        from privacy_svc.home import open_runtime

        runtime = open_runtime(
            self.settings,
            check_stores=check_stores,
            check_fences=check_fences,
            check_policies=check_policies,
            check_record=check_record,
        )
        if runtime.policies.fault is not None:
            click.secho(f"Read by the policies kept last: {runtime.policies.fault}", fg="yellow", err=True)
        try:
            yield runtime
        finally:
            if check_fences:  # else the log may be older than what it has signed, like the rest
                runtime.log.integrate(runtime.database)
            runtime.close()

    def show(self, data: Any, human: Callable[[], None]) -> None:
        """`data` as JSON where asked for, else what `human` prints."""
        if self.as_json:
            click.echo(json.dumps(data, default=_plain, ensure_ascii=False, indent=2))
        else:
            human()


def staff_name(_context: click.Context, _option: click.Parameter, name: str) -> str:
    """A callback of `--as`. The log keeps it in clear, also of somebody who left. Raises BadRequest."""
    from privacy_svc.identity import require_name

    if name:
        require_name(name)
    return name


def confirm(question: str, *, yes: bool) -> None:
    """Asks on a terminal, unless `yes`. Raises UsageError where nobody is there to be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} If that is meant, say --yes.")
    click.confirm(f"{question} Go on?", abort=True, err=True)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], empty: str = "nothing") -> None:
    """Rows as an aligned table without borders."""
    if not rows:
        click.echo(empty)
        return
    cells = [[_cell(r.get(c)) for c in columns] for r in rows]
    widths = [max(len(c), *(len(line[i]) for line in cells)) for i, c in enumerate(columns)]
    click.secho("  ".join(c.ljust(w) for c, w in zip(columns, widths, strict=True)).rstrip(), bold=True)
    for line in cells:
        click.echo("  ".join(v.ljust(w) for v, w in zip(line, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return str(value)


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal, a line a minute elsewhere, both on stderr."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[str, Any] = {}

        def update(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total)
            bar.update(tasks[name], completed=done, total=total)

        yield update


class _Lines:
    def __init__(self) -> None:
        self.last = time.monotonic()

    def __call__(self, name: str, done: int, total: int) -> None:
        if time.monotonic() - self.last >= 60:
            self.last = time.monotonic()
            click.echo(f"{name}: {done} of {total}", err=True)
