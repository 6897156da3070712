"""`policy diff` and `policy simulate`: what another version would decide."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from privacy_svc.cli.common import ACTOR, Cli, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from privacy_svc.policy import Change, PolicySet

FAIL = click.option("--fail-on-loosening", is_flag=True, help="Exit code 1 where anything is loosened.")
FEW = 3
"""Names of fields told in a row of a table."""


@click.command()
@click.argument("old")
@click.argument("new", required=False)
@click.option("--text", "as_text", is_flag=True, help="What changed in the files' text instead.")
@FAIL
@click.pass_obj
def diff(cli: Cli, old: str, new: str | None, *, as_text: bool, fail_on_loosening: bool) -> None:
    """Which decisions change from OLD to NEW (the policies folder), over every state that could make a difference.

    Each is a folder, or the `sha256:…` of a version that was in force here (its first characters are enough).

    \b
    Examples:
      privacy-svc policy diff ../policies-of-last-year
      privacy-svc policy diff sha256:0f6e2b41 sha256:9ad04c77
      privacy-svc policy diff sha256:0f6e2b41 --text
    """
    from privacy_svc.db import now
    from privacy_svc.policy import compare, load_policies, text_changes

    before = _policies(cli, old)
    after = _policies(cli, new) if new else load_policies(cli.settings.policies)
    versions = {"old": before.version, "new": after.version}
    if as_text:
        lines = list(text_changes(before.files, after.files))
        cli.show({**versions, "text": lines}, lambda: click.echo("\n".join(lines) or "no file changes"))
        return
    changes = compare(before, after, now())
    _show(cli, {**versions, "changes": [asdict(c) for c in changes]}, changes, "states")
    sys.exit(_code(changes, fail_on_loosening))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--sample", type=click.IntRange(min=1), help="So many people of each collection. [all]")
@FAIL
@click.pass_obj
def simulate(cli: Cli, folder: Path, sample: int | None, fail_on_loosening: bool) -> None:
    """How many of the customers there are would be decided otherwise under the policies in FOLDER, and why."""
    from privacy_svc.policy import load_policies

    candidate = load_policies(folder)
    with cli.runtime() as runtime:
        found = runtime.simulation.run(candidate, ACTOR, sample)
    _show(cli, asdict(found), found.changes, "people")
    sys.exit(_code(found.changes, fail_on_loosening))


def _policies(cli: Cli, where: str) -> "PolicySet":
    from privacy_svc.policy import kept_policy, load_policies, recall

    if not where.startswith("sha256:"):
        return load_policies(Path(where))
    with cli.runtime(check_stores=False) as runtime, runtime.database.read() as session:
        version = kept_policy(session, where).version
        found = recall(session, version)
    assert found is not None
    return found


def _code(changes: "Sequence[Change]", fail: bool) -> int:
    from privacy_svc.policy import Direction

    return 1 if fail and any(c.direction is Direction.LOOSENED for c in changes) else 0


def _show(cli: Cli, data: Any, changes: "Sequence[Change]", counted: str) -> None:
    rows = [
        {
            **asdict(c),
            "direction": str(c.direction),
            "modules": ", ".join(c.modules),
            "fields": _few(c.fields),
            counted: c.count,
        }
        for c in changes
    ]
    columns = ("direction", "purpose", "modules", "before", "after", counted, "fields")
    cli.show(data, lambda: table(rows, columns, "no decision changes"))


def _few(fields: tuple[str, ...]) -> str:
    more = f" and {len(fields) - FEW} more" if len(fields) > FEW else ""
    return ", ".join(fields[:FEW]) + more
