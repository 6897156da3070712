"""`recipients`: who received data, how they are told of changes, and what became of it (GDPR Art. 19)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from privacy_svc.cli.common import ACTOR, Cli, staff_name, table

if TYPE_CHECKING:
    from privacy_svc.rights import NoticeView

COLUMNS = ("recipient", "state", "why", "told_by", "told_at", "answer", "problem", "next_try_at")
AS = click.option("--as", "person", callback=staff_name, required=True, help="Your name: the log says who noted it.")


@click.group()
def command() -> None:
    """Recipients of personal data, and the ledger of who was told of a change (GDPR Art. 19).

    \b
    Examples:
      privacy-svc recipients list
      privacy-svc recipients secret mail_provider
      privacy-svc recipients show REQUEST
      privacy-svc recipients told REQUEST tax_adviser --how "letter of 2026-11-23" --as katrin
    """


@command.command("list")
@click.pass_obj
def list_(cli: Cli) -> None:
    """Everybody who receives data, and how they are told."""
    from privacy_svc.rights import Recipients

    with cli.runtime(check_stores=False) as runtime:
        recipients = Recipients(runtime.requests)
        secrets = recipients.secrets()
        rows = [
            {
                "recipient": party.key,
                "name": party.name,
                "role": party.role,
                "told by": party.tell.by.value if party.tell else "a person",
                "secrets": secrets.get(party.key, 0),
            }
            for party in recipients.all()
        ]
    columns = ("recipient", "name", "role", "told by", "secrets")
    cli.show(rows, lambda: table(rows, columns, empty="organisation.yml names no recipients"))


@command.command()
@click.argument("request_id", metavar="REQUEST")
@click.pass_obj
def show(cli: Cli, request_id: str) -> None:
    """A request's ledger: each recipient, told when and how, answered what."""
    with cli.runtime(check_stores=False) as runtime:
        notices = runtime.requests.notifications(request_id)
    _ledger(cli, notices)


@command.command()
@click.argument("request_id", metavar="REQUEST")
@click.argument("recipient")
@click.option("--how", required=True, help="By telephone to whom, by letter of which day; it is sealed.")
@click.option("--answer", help="What they said; it is sealed.")
@AS
@click.pass_obj
def told(cli: Cli, request_id: str, recipient: str, how: str, answer: str | None, person: str) -> None:
    """Note that you told a recipient."""
    from privacy_svc.rights import Recipients

    with cli.runtime() as runtime:
        _ledger(cli, Recipients(runtime.requests).told(request_id, recipient, how, answer, person))


@command.command()
@click.argument("request_id", metavar="REQUEST")
@click.argument("recipient")
@click.option("--ground", type=click.Choice(["impossible", "disproportionate"]), required=True)
@click.option("--reason", required=True, help="Why; it is sealed, and an authority may ask for it.")
@AS
@click.pass_obj
def impossible(cli: Cli, request_id: str, recipient: str, ground: str, reason: str, person: str) -> None:
    """Note that telling a recipient is impossible or disproportionate (Art. 19, first sentence)."""
    from privacy_svc.rights import Exemption, Recipients

    with cli.runtime() as runtime:
        _ledger(cli, Recipients(runtime.requests).exempt(request_id, recipient, Exemption(ground), reason, person))


@command.command()
@click.argument("request_id", metavar="REQUEST")
@click.argument("recipient")
@click.pass_obj
def again(cli: Cli, request_id: str, recipient: str) -> None:
    """Have a worker tell a recipient at once: what was in the way is mended."""
    from privacy_svc.rights import Recipients

    with cli.runtime() as runtime:
        _ledger(cli, Recipients(runtime.requests).again(request_id, recipient))


@command.command()
@click.argument("request_id", metavar="REQUEST")
@AS
@click.pass_obj
def letter(cli: Cli, request_id: str, person: str) -> None:
    """Write the person who was told, because they ask (Art. 19, second sentence)."""
    from privacy_svc.rights import Recipients

    with cli.runtime() as runtime:
        Recipients(runtime.requests).tell_person(request_id, person)
    cli.show({"request": request_id, "letter": "sent"}, lambda: click.echo("The letter is sent."))


@command.command()
@click.argument("recipient")
@click.pass_obj
def secret(cli: Cli, recipient: str) -> None:
    """Make the secret that signs a recipient's webhooks. One before it signs along for a week."""
    from privacy_svc.rights import Recipients

    with cli.runtime(check_stores=False) as runtime:
        made, until = Recipients(runtime.requests).new_secret(recipient, ACTOR)
    data = {"recipient": recipient, "secret": made, "older_until": until}
    note = f"Give it to {recipient}; it is not shown again. One before it signs along until {until:%Y-%m-%d}."
    cli.show(data, lambda: click.echo(f"{made}\n\n{note}"))


@command.command()
@click.argument("recipient")
@click.password_option("--token", help="Asked for where it is not given.", confirmation_prompt=False)
@click.pass_obj
def token(cli: Cli, recipient: str, token: str) -> None:
    """Keep the token that lets us in at a recipient's OpenDSR address."""
    from privacy_svc.rights import Recipients

    with cli.runtime(check_stores=False) as runtime:
        Recipients(runtime.requests).set_token(recipient, token, ACTOR)
    cli.show(
        {"recipient": recipient, "token": "kept"}, lambda: click.echo(f"The token of {recipient} is kept, sealed.")
    )


def _ledger(cli: Cli, notices: "Sequence[NoticeView]") -> None:
    rows = [msgspec.structs.asdict(n) for n in notices]
    cli.show(rows, lambda: table(rows, COLUMNS, empty="nobody has to be told"))
