"""`policy versions` and `policy show`: what was in force, to be read by whoever audits it."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import click
import msgspec

from privacy_svc.cli.common import Cli, table

if TYPE_CHECKING:
    from privacy_svc.policy import KeptPolicy


@click.command()
@click.pass_obj
def versions(cli: Cli) -> None:
    """Every policy that was in force here, the newest first, with when it first was.

    \b
    Example:
      privacy-svc policy versions
    """
    from privacy_svc.policy import kept_versions, read_files, version_of

    in_force = version_of(read_files(cli.settings.policies))
    with cli.runtime(check_stores=False) as runtime, runtime.database.read() as session:
        rows: list[dict[str, Any]] = [msgspec.structs.asdict(v) for v in kept_versions(session, in_force)]
    told = [{**r, "in_force": "now" if r["in_force"] else ""} for r in rows]
    columns = ("version", "first_seen_at", "files", "in_force")
    cli.show(rows, lambda: table(told, columns, empty="No policy was in force yet."))


@click.command()
@click.option("--version", help="sha256:… of one that was in force, or how it begins. [the policies folder]")
@click.option("--file", "only", metavar="PATH", help="One of its files, such as purposes.yml.")
@click.option("--out", type=click.Path(path_type=Path), help="A new folder that gets the files as they were.")
@click.pass_obj
def show(cli: Cli, version: str | None, only: str | None, out: Path | None) -> None:
    """Print a policy's files as they were, one after the other.

    They are checked against the version, which is the digest over them.

    \b
    Examples:
      privacy-svc policy show --version sha256:0f6e2b41
      privacy-svc policy show --version sha256:0f6e2b41 --file notices/newsletter/1.en.md
      privacy-svc policy show --version sha256:0f6e2b41 --out policies-of-then
    """
    found = _kept(cli, version) if version else None
    files, name = (found.files, found.version) if found else _folder(cli)
    if only is not None:
        files = {only: _one(files, only)}
    if out is not None:
        _write(out, files)
        click.echo(f"{name}\n{len(files)} files written to {out}", err=True)
        return
    data = {"version": name, "first_seen_at": found.first_seen_at if found else None, "files": files}
    cli.show(data, lambda: _print(name, files) if only is None else click.echo(files[only], nl=False))


def _kept(cli: Cli, version: str) -> "KeptPolicy":
    from privacy_svc.policy import kept_policy

    with cli.runtime(check_stores=False) as runtime, runtime.database.read() as session:
        return kept_policy(session, version)


def _folder(cli: Cli) -> tuple[Mapping[str, str], str]:
    from privacy_svc.policy import read_files, version_of

    found = read_files(cli.settings.policies)
    return {path: content.decode("utf-8", "replace") for path, content in found.items()}, version_of(found)


def _one(files: Mapping[str, str], path: str) -> str:
    if path not in files:
        raise click.UsageError(f"This policy has no file {path!r}; it has {', '.join(sorted(files))}.")
    return files[path]


def _write(out: Path, files: Mapping[str, str]) -> None:
    """Byte for byte, so that the folder has the same version again."""
    if out.exists():
        raise click.UsageError(f"{out} is there already: name a new folder.")
    for path, text in files.items():
        if ".." in PurePosixPath(path).parts or PurePosixPath(path).is_absolute():
            raise click.UsageError(f"{path!r} lies outside a policies folder, so nothing more was written.")
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())


def _print(name: str, files: Mapping[str, str]) -> None:
    click.secho(name, bold=True)
    for path in sorted(files):
        click.secho(f"\n── {path} ──", bold=True)
        click.echo(files[path].rstrip("\n"))
