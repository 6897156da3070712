"""`request`: a person's rights, worked off from the command line."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from privacy_svc.cli.common import Cli, staff_name, table
from privacy_svc.cli.request_deciding import AS, DECIDING
from privacy_svc.cli.request_leftovers import LEFTOVERS
from privacy_svc.cli.request_letters import LETTERS
from privacy_svc.cli.request_view import one, print_request

if TYPE_CHECKING:
    from privacy_svc.rights import RequestView

RIGHTS = ("access", "rectification", "erasure", "restriction", "portability", "objection", "automated_decision")
COLUMNS = ("id", "right", "state", "received_at", "due_at", "overdue", "waiting_for")
INSTANT = click.DateTime(["%Y-%m-%dT%H:%M:%S%z"])


@click.group()
def command() -> None:
    """Rights requests (GDPR Art. 15 to 22).

    \b
    Examples:
      privacy-svc request open --right access --customer-email ana@example.org --as katrin
      privacy-svc request verify ID --code 123456 --as katrin
      privacy-svc request list --open --order due
      privacy-svc request approve ID --as piet
      privacy-svc request package ID --out ana.zip --as piet
    """


@command.command("open")
@click.option("--right", required=True, type=click.Choice(RIGHTS))
@click.option("--customer-id", help="The CRM's own key.")
@click.option("--customer-email", help="The person's e-mail address.")
@click.option("--customer-phone", help="The person's phone number.")
@click.option("--received-at", type=INSTANT, help="When it came, if not now.")
@click.option("--received-reason", default="", help="Why it is entered more than 60 days later.")
@click.option("--channel", default="staff", show_default=True, help="How it came: phone, letter, e-mail …")
@click.option("--set", "changes", multiple=True, metavar="FIELD=VALUE", help="Rectification: what is right.")
@click.option("--purpose", help="Objection: the purpose, or direct_marketing.")
@click.option("--language", help="To write to the person in (en, de, fr, es, pt), if not the customer store's.")
@AS
@click.pass_obj
def open_(cli: Cli, /, right: str, changes: tuple[str, ...], person: str, **given: Any) -> None:
    """Note a request. The person is mailed a code to show who they are.

    \b
    Examples:
      privacy-svc request open --right access --customer-id 1001 --channel phone --as katrin
      privacy-svc request open --right rectification --customer-id 1001 --set phone="+351 21 099 0043" --as katrin
      privacy-svc request open --right erasure --customer-email ana@example.org --channel letter \\
        --received-at 2026-11-02T09:00:00+01:00 --language de --as katrin
    """
    from privacy_svc.http import CustomerRef
    from privacy_svc.rights import Right, Wanted

    names = {n: v for n in ("id", "email", "phone") if (v := given.pop(f"customer_{n}"))}
    details: dict[str, Any] = {"changes": dict(_change(c) for c in changes)} if changes else {}
    purpose = given.pop("purpose")
    details |= {"purpose": purpose} if purpose else {}
    received: datetime | None = given["received_at"]
    how = given["channel"], details, given["language"]
    wanted = Wanted(
        Right(right), CustomerRef(**names), received, *how, staff=True, received_reason=given["received_reason"]
    )
    with cli.runtime() as runtime:
        view = runtime.requests.open(wanted, person)
    one(cli, view)


def _change(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r} is not FIELD=VALUE")
    return name, value


@command.command("list")
@click.option("--state", help="Only this state.")
@click.option("--right", type=click.Choice(RIGHTS))
@click.option("--open", "is_open", is_flag=True, help="Leave out what has ended.")
@click.option("--due-before", type=INSTANT, help="Only what is due before.")
@click.option("--order", type=click.Choice(["newest", "due"]), default="newest", show_default=True)
@click.option("--limit", default=50, show_default=True)
@click.pass_obj
def list_(cli: Cli, /, *, state: str | None, right: str | None, order: str, **wanted: Any) -> None:
    """Requests, the newest or the most urgent first.

    \b
    Examples:
      privacy-svc request list --open --order due
      privacy-svc --json request list --state awaiting_approval --due-before 2026-12-01T00:00:00+01:00
    """
    from privacy_svc.errors import BadRequest
    from privacy_svc.rights import Filter, Order, Right, State

    if state is not None and state not in list(State):
        raise BadRequest(f"{state!r} is no state; there are {', '.join(State)}.")
    asked = Filter(State(state) if state else None, Right(right) if right else None, order=Order(order), **wanted)
    with cli.runtime() as runtime:
        page = runtime.requests.list(asked)
    rows = [msgspec.structs.asdict(r) for r in page.requests]
    cli.show(rows, lambda: table(rows, COLUMNS, empty="no requests"))


@command.command()
@click.argument("request_id", metavar="ID")
@click.option("--language", default="en", show_default=True, help="Of the timeline: en, de, fr, es, pt.")
@click.pass_obj
def show(cli: Cli, request_id: str, language: str) -> None:
    """One request with its timeline.

    \b
    Example:
      privacy-svc request show ID --language de
    """
    with cli.runtime() as runtime:
        view, lines = runtime.requests.show(request_id), runtime.requests.timeline(request_id, language)
    rows = [msgspec.structs.asdict(line) for line in lines]
    data = {**msgspec.structs.asdict(view), "timeline": rows}
    cli.show(data, lambda: _print_all(view, rows))


def _print_all(view: "RequestView", timeline: list[dict[str, Any]]) -> None:
    print_request(view)
    click.echo()
    table(timeline, ("at", "text", "actor"))


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
    from privacy_svc.rights import Aftermath

    with cli.runtime() as runtime:
        done = Aftermath(runtime.requests).readmit(CustomerRef(id=customer), reason, person)
    data = {"subject": done.subject, "state_version": done.state_version}
    cli.show(data, lambda: click.echo(f"Readmitted, with a new key; state version {done.state_version}."))


@command.command()
@click.argument("request_id", metavar="ID")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@AS
@click.pass_obj
def package(cli: Cli, request_id: str, out: Path, person: str) -> None:
    """Write the package of an access or portability request. The download is logged."""
    from privacy_svc.rights import Packages

    with cli.runtime() as runtime:
        content = Packages(runtime.requests).package(request_id, person)
    _write(out, content)
    cli.show({"file": str(out), "bytes": len(content)}, lambda: click.echo(f"{out}: {len(content):,} bytes"))


@command.command()
@click.argument("request_id", metavar="ID")
@AS
@click.pass_obj
def details(cli: Cli, request_id: str, person: str) -> None:
    """What was asked for and said, old and new values of a correction, attached files; the look is logged.

    \b
    Example:
      privacy-svc request details ID --as piet
    """
    with cli.runtime() as runtime:
        found = runtime.requests.details(request_id, person)
    data = msgspec.structs.asdict(found)
    cli.show(data, lambda: click.echo(msgspec.json.format(msgspec.json.encode(data), indent=2).decode()))


@command.command("file")
@click.argument("request_id", metavar="ID")
@click.argument("file_id", metavar="FILE-ID")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@AS
@click.pass_obj
def file_(cli: Cli, request_id: str, file_id: str, out: Path, person: str) -> None:
    """Write an attached file, as `request details` lists it. The look is logged.

    \b
    Example:
      privacy-svc request file ID FILE-ID --out proof.pdf --as piet
    """
    with cli.runtime() as runtime:
        kind, content = runtime.requests.file(request_id, file_id, person)
    _write(out, content)
    data = {"file": str(out), "type": kind, "bytes": len(content)}
    cli.show(data, lambda: click.echo(f"{out}: {kind}, {len(content):,} bytes"))


@command.command()
@click.argument("request_id", metavar="ID")
@click.option("--new", "renew", is_flag=True, help="Mail the person a new one; earlier ones end.")
@click.option("--revoke", is_flag=True, help="End it now.")
@click.option(
    "--as",
    "person",
    callback=staff_name,
    default="",
    help="Your name, for --new and --revoke: the log says who did it.",
)
@click.pass_obj
def link(cli: Cli, request_id: str, renew: bool, revoke: bool, person: str) -> None:
    """How the link stands by which the person fetches their package. The link itself is in their letter alone.

    \b
    Examples:
      privacy-svc request link ID
      privacy-svc request link ID --new --as katrin
      privacy-svc request link ID --revoke --as katrin
    """
    from privacy_svc.rights import Packages

    if renew and revoke:
        raise click.UsageError("Give --new or --revoke, not both.")
    if (renew or revoke) and not person.strip():
        raise click.UsageError("--new and --revoke need --as: your name.")
    with cli.runtime() as runtime:
        packages = Packages(runtime.requests)
        if revoke:
            packages.revoke_link(request_id, person)
        found = packages.renew_link(request_id, person) if renew else packages.link(request_id)
    until = "revoked" if found.revoked_at else f"works until {found.expires_at:%Y-%m-%d}"
    cli.show(msgspec.to_builtins(found), lambda: click.echo(f"{until}; {found.used} of {found.most} downloads"))


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


for _deciding in (*DECIDING, *LEFTOVERS, *LETTERS):
    command.add_command(_deciding)
