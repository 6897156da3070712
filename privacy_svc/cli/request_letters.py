"""`request letters`, `letter`, `resend`, `told`: what people are owed, and how they were told by other means."""

from datetime import datetime

import click
import msgspec

from privacy_svc.cli.common import Cli, table
from privacy_svc.cli.request_deciding import AS, INSTANT

COLUMNS = ("id", "request", "right", "kind", "written_at", "tries", "next_try_at", "problem")
LETTER = click.argument("letter_id", metavar="LETTER")


@click.command()
@click.pass_obj
def letters(cli: Cli) -> None:
    """Letters that people are owed and nobody knows yet that they were told, of all requests.

    \b
    Example:
      privacy-svc request letters
    """
    from privacy_svc.rights import OwedLetters

    with cli.runtime(check_stores=False) as runtime:
        rows = [msgspec.to_builtins(x) for x in OwedLetters(runtime.requests).open()]
    cli.show(rows, lambda: table(rows, COLUMNS, empty="everybody was told"))


@click.command()
@LETTER
@AS
@click.pass_obj
def letter(cli: Cli, letter_id: str, person: str) -> None:
    """The letter in clear, to print or to read out. The look is logged.

    \b
    Example:
      privacy-svc request letter LETTER --as piet
    """
    from privacy_svc.rights import OwedLetters

    with cli.runtime(check_stores=False) as runtime:
        found = OwedLetters(runtime.requests).text(letter_id, person)
    shown = f"To: {found.address or 'no address on file'}\nSubject: {found.subject}\n\n{found.text}"
    cli.show(msgspec.to_builtins(found), lambda: click.echo(shown))


@click.command()
@LETTER
@AS
@click.pass_obj
def resend(cli: Cli, letter_id: str, person: str) -> None:
    """Send the letter again now, to the address on file by now.

    \b
    Example:
      privacy-svc request resend LETTER --as piet
    """
    from privacy_svc.rights import OwedLetters

    with cli.runtime(check_stores=False) as runtime:
        letters = OwedLetters(runtime.requests)
        letters.send_again(letter_id, person)
        left = [x for x in letters.open() if x.id == letter_id]
    said = "Sent." if not left else f"It was not sent: {(left[0].problem or '').replace('_', ' ')}."
    cli.show({"letter": letter_id, "sent": not left}, lambda: click.echo(said))


@click.command()
@LETTER
@click.option("--told-at", type=INSTANT, required=True, help="When they were told.")
@click.option("--how", required=True, help="By what means, in one word: post, phone …")
@AS
@click.pass_obj
def told(cli: Cli, letter_id: str, told_at: datetime, how: str, person: str) -> None:
    """Note that the person was told by other means; an extension counts from then.

    \b
    Example:
      privacy-svc request told LETTER --told-at 2026-11-23T09:00:00+01:00 --how post --as piet
    """
    from privacy_svc.rights import OwedLetters

    with cli.runtime(check_stores=False) as runtime:
        OwedLetters(runtime.requests).told(letter_id, told_at, how, person)
    cli.show({"letter": letter_id}, lambda: click.echo("Noted."))


LETTERS = (letters, letter, resend, told)
