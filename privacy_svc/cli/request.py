"""`request`: a person's rights, worked off from the command line."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from privacy_svc.cli.common import Cli, table

if TYPE_CHECKING:
    from privacy_svc.rights import RequestView

RIGHTS = ("access", "rectification", "erasure", "restriction", "portability", "objection", "automated_decision")
COLUMNS = ("id", "right", "state", "received_at", "due_at", "overdue")
AS = click.option("--as", "person", required=True, help="Your name: the log says who decided.")


@click.group()
def command() -> None:
    """Rights requests (GDPR Art. 15 to 22).

    \b
    Examples:
      privacy-svc request open --right access --customer-email ana@example.org --as katrin
      privacy-svc request verify ID --code 123456 --as katrin
      privacy-svc request approve ID --as piet
      privacy-svc request package ID --out ana.zip --as piet
    """


@command.command("open")
@click.option("--right", required=True, type=click.Choice(RIGHTS))
@click.option("--customer-id", help="The CRM's own key.")
@click.option("--customer-email", help="The person's e-mail address.")
@click.option("--customer-phone", help="The person's phone number.")
@click.option("--received-at", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), help="When it came, if not now.")
@click.option("--channel", default="staff", show_default=True, help="How it came: phone, letter, e-mail …")
@click.option("--set", "changes", multiple=True, metavar="FIELD=VALUE", help="Rectification: what is right.")
@click.option("--purpose", help="Objection: the purpose, or direct_marketing.")
@AS
@click.pass_obj
def open_(cli: Cli, /, right: str, changes: tuple[str, ...], person: str, **given: Any) -> None:
    """Note a request. The person is mailed a code to show who they are."""
    from privacy_svc.http import CustomerRef
    from privacy_svc.rights import Right, Wanted

    names = {n: v for n in ("id", "email", "phone") if (v := given.pop(f"customer_{n}"))}
    details: dict[str, Any] = {"changes": dict(_change(c) for c in changes)} if changes else {}
    purpose = given.pop("purpose")
    details |= {"purpose": purpose} if purpose else {}
    received: datetime | None = given["received_at"]
    wanted = Wanted(Right(right), CustomerRef(**names), received, given["channel"], details)
    with cli.runtime() as runtime:
        view = runtime.requests.open(wanted, person)
    _one(cli, view)


def _change(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r} is not FIELD=VALUE")
    return name, value


@command.command("list")
@click.option("--state", help="Only this state.")
@click.option("--right", type=click.Choice(RIGHTS))
@click.option("--limit", default=50, show_default=True)
@click.pass_obj
def list_(cli: Cli, state: str | None, right: str | None, limit: int) -> None:
    """Requests by deadline."""
    from privacy_svc.rights import Filter, Right, State

    wanted = Filter(State(state) if state else None, Right(right) if right else None, limit=limit)
    with cli.runtime() as runtime:
        page = runtime.requests.list(wanted)
    rows = [msgspec.structs.asdict(r) for r in page.requests]
    cli.show(rows, lambda: table(rows, COLUMNS, empty="no requests"))


@command.command()
@click.argument("request_id", metavar="ID")
@click.pass_obj
def show(cli: Cli, request_id: str) -> None:
    """One request with its timeline."""
    with cli.runtime() as runtime:
        view, lines = runtime.requests.show(request_id), runtime.requests.timeline(request_id)
    rows = [msgspec.structs.asdict(line) for line in lines]
    data = {**msgspec.structs.asdict(view), "timeline": rows}
    cli.show(data, lambda: _print_all(view, rows))


def _print_all(view: "RequestView", timeline: list[dict[str, Any]]) -> None:
    _print(view)
    click.echo()
    table(timeline, ("at", "text", "actor"))


@command.command()
@click.argument("request_id", metavar="ID")
@click.option("--code", help="The code the person was mailed.")
@click.option("--staff-reason", help="Or how you verified the person yourself.")
@AS
@click.pass_obj
def verify(cli: Cli, request_id: str, code: str | None, staff_reason: str | None, person: str) -> None:
    """The person has shown who they are."""
    if (code is None) == (staff_reason is None):
        raise click.UsageError("Give --code, or --staff-reason.")
    with cli.runtime() as runtime:
        if code is not None:
            view = runtime.requests.verify(request_id, code, person)
        else:
            view = runtime.requests.vouch(request_id, str(staff_reason), person)
    _one(cli, view)


@command.command()
@click.argument("request_id", metavar="ID")
@AS
@click.pass_obj
def approve(cli: Cli, request_id: str, person: str) -> None:
    """Let it run. A failed request goes on where it failed. A worker carries it out."""
    with cli.runtime() as runtime:
        _one(cli, runtime.requests.approve(request_id, person))


@command.command()
@click.argument("request_id", metavar="ID")
@click.option("--ground", required=True, help="A DPV code such as A12ManifestlyUnfounded.")
@click.option("--explanation", required=True, help="In words for the person.")
@AS
@click.pass_obj
def refuse(cli: Cli, request_id: str, ground: str, explanation: str, person: str) -> None:
    """Refuse on a ground, with a letter that names the authority and the remedy."""
    from privacy_svc.errors import BadRequest
    from privacy_svc.rights import Ground

    known = [g.value for g in Ground]
    if ground not in known:
        raise BadRequest(f"{ground!r} is no ground; there are {', '.join(known)}.")
    with cli.runtime() as runtime:
        _one(cli, runtime.requests.refuse(request_id, Ground(ground), explanation, person))


@command.command()
@click.argument("request_id", metavar="ID")
@click.option("--reason", required=True, type=click.Choice(["complexity", "number"]))
@AS
@click.pass_obj
def extend(cli: Cli, request_id: str, reason: str, person: str) -> None:
    """Two more months, once, within the first one; the person is told (Art. 12(3))."""
    from privacy_svc.rights import Extension

    with cli.runtime() as runtime:
        _one(cli, runtime.requests.extend(request_id, Extension(reason), person))


@command.command()
@click.argument("customer")
@click.option("--reason", required=True, help="Why the person is back; it goes into the log.")
@AS
@click.pass_obj
def readmit(cli: Cli, customer: str, reason: str, person: str) -> None:
    """An erased customer came back. What was erased stays erased; consents from before do not count.

    \b
    Example:
      privacy-svc request readmit 1001 --reason "signed up again on 2026-11-02" --as katrin
    """
    from privacy_svc.http import CustomerRef

    with cli.runtime() as runtime:
        done = runtime.requests.readmit(CustomerRef(id=customer), reason, person)
    data = {"subject": done.subject, "state_version": done.state_version}
    cli.show(data, lambda: click.echo(f"Readmitted, with a new key; state version {done.state_version}."))


@command.command()
@click.argument("request_id", metavar="ID")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@AS
@click.pass_obj
def package(cli: Cli, request_id: str, out: Path, person: str) -> None:
    """Write the package of an access or portability request. The download is logged."""
    with cli.runtime() as runtime:
        content = runtime.requests.package(request_id, person)
    _write(out, content)
    cli.show({"file": str(out), "bytes": len(content)}, lambda: click.echo(f"{out}: {len(content):,} bytes"))


@command.command()
@click.argument("request_id", metavar="ID")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else printed.")
@click.pass_obj
def certificate(cli: Cli, request_id: str, out: Path | None) -> None:
    """The signed certificate of an erasure, rectification or restriction; `privacy-svc verify` checks it offline."""
    with cli.runtime() as runtime:
        text = runtime.requests.certificate(request_id)
    if out is None:
        click.echo(text)
    else:
        _write(out, text.encode())
        click.echo(f"{out} (check it: privacy-svc verify {out})", err=True)


def _write(path: Path, content: bytes) -> None:
    """Readable by its owner only; never over another file."""
    try:
        with path.open("xb") as file:
            path.chmod(0o600)
            file.write(content)
    except FileExistsError:
        click.echo(f"error: {path} exists already.", err=True)
        sys.exit(2)


def _one(cli: Cli, view: "RequestView") -> None:
    cli.show(msgspec.structs.asdict(view), lambda: _print(view))


def _print(view: "RequestView") -> None:
    click.echo(f"{view.right} request {click.style(view.id, bold=True)}: {view.state.replace('_', ' ')}")
    click.echo(
        f"received {view.received_at:%Y-%m-%d %H:%M}, due {view.due_at:%Y-%m-%d}{' OVERDUE' if view.overdue else ''}"
    )
    if view.failure:
        click.secho(f"failed: {view.failure}", fg="red")
