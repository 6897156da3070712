"""`request verify`, `approve`, `refuse` …: what people decide about a request."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import click

from privacy_svc.cli.common import Cli, staff_name
from privacy_svc.cli.request_view import one

if TYPE_CHECKING:
    from privacy_svc.rights import Requests, RequestView

AS = click.option("--as", "person", callback=staff_name, required=True, help="Your name: the log says who decided.")
ONE = click.argument("request_id", metavar="ID")
INSTANT = click.DateTime(["%Y-%m-%dT%H:%M:%S%z"])


@click.command()
@ONE
@click.option("--code", help="The code the person was mailed.")
@click.option("--staff-reason", help="Or how you verified the person yourself.")
@click.option("--customer-id", help="With it: who of several with the same address, by the CRM's own key.")
@AS
@click.pass_obj
def verify(
    cli: Cli, request_id: str, code: str | None, staff_reason: str | None, customer_id: str | None, person: str
) -> None:
    """The person has shown who they are.

    \b
    Examples:
      privacy-svc request verify ID --code 123456 --as katrin
      privacy-svc request verify ID --staff-reason "knows the last two invoice numbers" --as katrin
    """
    if (code is None) == (staff_reason is None):
        raise click.UsageError("Give --code, or --staff-reason.")
    if code is not None and customer_id is not None:
        raise click.UsageError("--customer-id goes with --staff-reason.")
    if code is not None:
        _decide(cli, lambda r: r.verify(request_id, code, person))
    else:
        from privacy_svc.http import CustomerRef

        who = CustomerRef(id=customer_id) if customer_id else None
        _decide(cli, lambda r: r.vouch(request_id, str(staff_reason), person, who))


@click.command()
@ONE
@AS
@click.pass_obj
def code(cli: Cli, request_id: str, person: str) -> None:
    """Mail the person a new code; the earlier one is void.

    \b
    Example:
      privacy-svc request code ID --as katrin
    """

    def send(requests: "Requests") -> "RequestView":
        requests.send_code(request_id, person)
        return requests.show(request_id)

    _decide(cli, send)


@click.command()
@ONE
@click.option("--about", required=True, type=click.Choice(["identity", "clarification"]))
@click.option("--question", required=True, help="In words for the person, in their language.")
@click.option("--reason", required=True, help="Your doubts, or why it cannot be answered as it is: for an authority.")
@click.option("--asked-at", type=INSTANT, help="You have asked already, then; without it the question is mailed.")
@click.option("--how", default="post", show_default=True, help="With --asked-at: post, phone …")
@AS
@click.pass_obj
def ask(cli: Cli, /, request_id: str, about: str, question: str, reason: str, person: str, **told: str) -> None:
    """Ask the person for more. The clock stops where the law lets it, from when the question is out.

    \b
    Examples:
      privacy-svc request ask ID --about identity --question "Which city did we deliver to last?" \\
        --reason "the request came from an address we do not know" --as katrin
      privacy-svc request ask ID --about clarification --question "Which of your five accounts do you mean?" \\
        --reason "five accounts, twelve years of orders" --asked-at 2026-11-03T10:00:00+01:00 --how phone --as katrin
    """
    from privacy_svc.rights import About

    asked_at: datetime | None = told["asked_at"]  # type: ignore[assignment]
    kept = {"asked_at": asked_at, "how": told["how"] if asked_at else "mail"}
    _decide(cli, lambda r: r.ask(request_id, About(about), question, reason, person, **kept))  # type: ignore[arg-type]


@click.command()
@ONE
@click.option("--text", required=True, help="What the person answered.")
@click.option("--received-at", type=INSTANT, help="When it came, if not now.")
@AS
@click.pass_obj
def answer(cli: Cli, request_id: str, text: str, received_at: datetime | None, person: str) -> None:
    """Note the answer to a question; the clock runs again. It verifies nobody: see `request verify`.

    \b
    Example:
      privacy-svc request answer ID --text "the account of 2019" --as katrin
    """
    _decide(cli, lambda r: r.answer(request_id, text, person, received_at=received_at))


@click.command()
@ONE
@AS
@click.pass_obj
def approve(cli: Cli, request_id: str, person: str) -> None:
    """Let it run. A failed request goes on where it failed. A worker carries it out.

    \b
    Example:
      privacy-svc request approve ID --as piet
    """
    _decide(cli, lambda r: r.approve(request_id, person))


@click.command()
@ONE
@click.option("--ground", required=True, help="A DPV code such as A12ManifestlyUnfounded.")
@click.option("--explanation", required=True, help="In words for the person, in their language.")
@click.option("--evidence", default="", help="What shows it, for an authority; needed for the grounds of Art. 12(5).")
@AS
@click.pass_obj
def refuse(cli: Cli, request_id: str, ground: str, explanation: str, evidence: str, person: str) -> None:
    """Refuse on a ground, with a letter that names the authority and the remedy.

    \b
    Examples:
      privacy-svc request refuse ID --ground A17LegalClaims --explanation "You are suing us." --as piet
      privacy-svc request refuse ID --ground A12ManifestlyExcessive --explanation "It is your ninth this month." \\
        --evidence "requests of 3, 5, 7 November, nothing changed since" --as piet
    """
    from privacy_svc.errors import BadRequest
    from privacy_svc.rights import Ground

    known = [g.value for g in Ground]
    if ground not in known:
        raise BadRequest(f"{ground!r} is no ground; there are {', '.join(known)}.")
    _decide(cli, lambda r: r.refuse(request_id, Ground(ground), explanation, person, evidence=evidence))


@click.command("confirm-refusal")
@ONE
@AS
@click.pass_obj
def confirm_refusal(cli: Cli, request_id: str, person: str) -> None:
    """The second person of a refusal as unfounded or excessive, where the policy asks for one.

    \b
    Example:
      privacy-svc request confirm-refusal ID --as dora
    """
    _decide(cli, lambda r: r.confirm_refusal(request_id, person))


@click.command()
@ONE
@click.option("--reason", required=True, type=click.Choice(["complexity", "number"]))
@AS
@click.pass_obj
def extend(cli: Cli, request_id: str, reason: str, person: str) -> None:
    """Two more months, once, within the first one; the person is told (Art. 12(3)).

    \b
    Example:
      privacy-svc request extend ID --reason complexity --as piet
    """
    from privacy_svc.rights import Extension

    _decide(cli, lambda r: r.extend(request_id, Extension(reason), person))


@click.command()
@ONE
@click.option("--result", required=True, type=click.Choice(["upheld", "changed"]), help="What the review came to.")
@click.option("--explanation", required=True, help="Why, in words for the person, in their language.")
@AS
@click.pass_obj
def complete(cli: Cli, request_id: str, result: str, explanation: str, person: str) -> None:
    """End the review of an automated decision by a person (Art. 22); who asked for it is told.

    \b
    Example:
      privacy-svc request complete ID --result changed --explanation "Your income was read wrongly." --as piet
    """
    from privacy_svc.rights import Review

    _decide(cli, lambda r: r.complete(request_id, Review(result), explanation, person))


@click.command()
@ONE
@click.option("--reason", required=True, help="Which request it duplicates, or what the mistake was; kept with it.")
@AS
@click.pass_obj
def cancel(cli: Cli, request_id: str, reason: str, person: str) -> None:
    """End a request that was a mistake of ours. What is refused is refused with a ground.

    \b
    Example:
      privacy-svc request cancel ID --reason "The same as OTHER" --as piet
    """
    _decide(cli, lambda r: r.cancel(request_id, reason, person))


@click.command()
@ONE
@AS
@click.pass_obj
def withdraw(cli: Cli, request_id: str, person: str) -> None:
    """The person does not want it any more.

    \b
    Example:
      privacy-svc request withdraw ID --as katrin
    """
    _decide(cli, lambda r: r.withdraw(request_id, person))


DECIDING = (
    verify,
    code,
    ask,
    answer,
    approve,
    refuse,
    confirm_refusal,
    extend,
    complete,
    cancel,
    withdraw,
)


def _decide(cli: Cli, work: "Callable[[Requests], RequestView]") -> None:
    with cli.runtime() as runtime:
        one(cli, work(runtime.requests))
