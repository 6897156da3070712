"""`breach`: the register of personal data breaches (GDPR Art. 33, 34)."""

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from privacy_svc.cli.common import Cli, table
from privacy_svc.cli.output import OUT, write
from privacy_svc.cli.request_deciding import AS, INSTANT

if TYPE_CHECKING:
    from privacy_svc.audits import Breaches
    from privacy_svc.runtime import Runtime

COLUMNS = ("id", "aware_at", "authority_due", "risk", "next")
CLEARED = {"began": "began_at", "ended": "ended_at"} | {n: n for n in ("client", "people", "records")}
TOUCHED = ("subject", "rows", "ways", "fields", "entries", "last_at")
ONE = click.argument("breach_id", metavar="ID")
REPLACES = click.option("--replaces", metavar="EVENT", help="What it corrects: an id of the history that `show` has.")
WHEN = click.option("--at", "told_at", type=INSTANT, help="When, if not now.")
SPAN = (
    click.option("--began", "began_at", type=INSTANT, help="When data were touched first."),
    click.option("--ended", "ended_at", type=INSTANT, help="When last."),
    click.option("--client", help="Through whose token, if it was one of ours."),
    click.option("--category", "categories", multiple=True, help="Of data, in fideslang's words; may be repeated."),
    click.option("--subject", "subjects", multiple=True, help="Kind of people, e.g. customer; may be repeated."),
)


def _span(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(SPAN):
        command = option(command)
    return command


@click.group()
def command() -> None:
    """Breaches: what happened, who was touched, who was told and when. The 72 hours of Art. 33(1) run on the clock.

    \b
    Examples:
      privacy-svc breach register "The newsletter token lay in a public repository." --client marketing --as dora
      privacy-svc breach affected ID --as dora
      privacy-svc breach notices ID --as dora
    """


@command.command()
@click.argument("nature")
@click.option("--aware", "aware_at", type=INSTANT, help="When we knew, if not now.")
@click.option("--told-by", help="The processor who noticed it.")
@_span
@AS
@click.pass_obj
def register(
    cli: Cli, /, nature: str, categories: tuple[str, ...], subjects: tuple[str, ...], person: str, **said: Any
) -> None:
    """Enter a breach; NATURE says in words what happened, and is sealed.

    \b
    Example:
      privacy-svc breach register "Orders went to the wrong address." --category user.contact --as dora
    """
    from privacy_svc.audits import RegisterBreach

    wanted = RegisterBreach(nature=nature, categories=list(categories), subjects=list(subjects), **said)
    _say(cli, lambda b: b.register(wanted, person))


@command.command(name="list")
@click.pass_obj
def list_(cli: Cli) -> None:
    """All of them; exit code 1 while something is to be done for one."""
    with cli.runtime(check_stores=False) as runtime:
        found = [msgspec.to_builtins(b) for b in _breaches(runtime).all()]
    cli.show(found, lambda: table(found, COLUMNS, empty="no breaches"))
    sys.exit(1 if any(b["closed_at"] is None for b in found) else 0)


@command.command()
@ONE
@AS
@click.pass_obj
def show(cli: Cli, breach_id: str, person: str) -> None:
    """One, with what was said of it; the look is logged."""
    _say(cli, lambda b: b.show(breach_id, person))


@command.command()
@ONE
@click.option("--risk", type=click.Choice(["unlikely", "risk", "high"]), required=True, help="To people's rights.")
@click.option("--reason", required=True, help="Why it is judged so.")
@click.option("--consequences", required=True, help="What may happen to people.")
@click.option("--measures", required=True, help="What was done, and is proposed.")
@click.option("--people", type=int, help="About how many.")
@click.option("--records", type=int, help="About how many.")
@click.option("--clear", multiple=True, type=click.Choice(list(CLEARED)), help="What is not known after all.")
@_span
@AS
@click.pass_obj
def assess(cli: Cli, /, breach_id: str, risk: str, clear: tuple[str, ...], person: str, **said: Any) -> None:
    """Judge the risk; again as more becomes known. What is not named stays."""
    from privacy_svc.audits import AssessBreach, Risk

    known: dict[str, Any] = {name: value for name, value in said.items() if value not in (None, ())}
    for name in (CLEARED[word] for word in clear):
        if name in known:
            raise click.UsageError(f"{name} is both said and cleared.")
        known[name] = None
    lists = {name: list(value) for name, value in known.items() if isinstance(value, tuple)}
    wanted = AssessBreach(risk=Risk(risk), **known | lists)
    _say(cli, lambda b: b.assess(breach_id, wanted, person))


@command.command()
@ONE
@WHEN
@click.option("--reference", help="The authority's.")
@click.option("--delay", help="Why the first notice took longer than 72 hours.")
@REPLACES
@AS
@click.pass_obj
def authority(cli: Cli, /, breach_id: str, person: str, **said: Any) -> None:
    """The authority was told: first, and again as more becomes known (Art. 33(4))."""
    from privacy_svc.audits import TellAuthority

    _say(cli, lambda b: b.tell_authority(breach_id, TellAuthority(**said), person))


@command.command()
@ONE
@WHEN
@click.option("--how", help="How they were told.")
@click.option("--exempt", type=click.Choice(["34(3)(a)", "34(3)(b)", "34(3)(c)"]), help="Or why they need not be.")
@click.option("--reason", help="The reason for the exemption.")
@REPLACES
@AS
@click.pass_obj
def people(cli: Cli, /, breach_id: str, exempt: str | None, told_at: datetime | None, person: str, **said: Any) -> None:
    """The people were told, or need not be (Art. 34(3))."""
    from privacy_svc.audits import Exempt, TellPeople

    wanted = TellPeople(told_at=told_at, exempt=Exempt(exempt) if exempt else None, **said)
    _say(cli, lambda b: b.tell_people(breach_id, wanted, person))


@command.command()
@ONE
@AS
@click.pass_obj
def close(cli: Cli, breach_id: str, person: str) -> None:
    """Close it; refused while somebody has still to be told."""
    _say(cli, lambda b: b.close(breach_id, person))


@command.command()
@ONE
@click.option("--format", "form", type=click.Choice(["json", "csv"]), help="A document instead of a table.")
@OUT
@AS
@click.pass_obj
def affected(cli: Cli, breach_id: str, form: str | None, out: Path | None, person: str) -> None:
    """Whose data went through, by the log; the look is logged."""
    from privacy_svc.audits import affected_as

    with cli.runtime(check_stores=False) as runtime:
        found = _breaches(runtime).affected(breach_id, person)
    if not write(lambda kind: affected_as(kind, found), form, out):
        cli.show(found, lambda: _tell_affected(found))


def _tell_affected(found: dict[str, Any]) -> None:
    table(found["people"], TOUCHED, empty="the log names nobody")
    for audience in found["audiences"]:
        click.echo("audience {at} for {purpose}: {permitted} of {asked}".format_map(audience))
    told = f"{len(found['people'])} people in {found['entries']} entries"
    gone = f"at least {found['unnamed_at_least']} and at most {found['unnamed']}" if found["unnamed"] else "none"
    click.echo(f"{told}; beside them {gone} who were erased since. {found['note']}")
    for kind, entries in found["nameless"].items():
        click.echo(f"{entries} entries {kind} do not name their people.")


@command.command()
@ONE
@AS
@click.pass_obj
def notices(cli: Cli, breach_id: str, person: str) -> None:
    """Drafts of what the authority and the people are told; the look is logged."""
    with cli.runtime(check_stores=False) as runtime:
        found = [msgspec.to_builtins(d) for d in _breaches(runtime).notices(breach_id, person)]
    told = "\n\n".join(f"To: {d['to']}\nSubject: {d['subject']}\n\n{d['text']}" for d in found)
    cli.show(found, lambda: click.echo(told))


def _breaches(runtime: "Runtime") -> "Breaches":
    from privacy_svc.audits import Breaches

    return Breaches(runtime.database, runtime.log, runtime.policies)


def _say(cli: Cli, does: Callable[["Breaches"], Any]) -> None:
    with cli.runtime(check_stores=False) as runtime:
        found = msgspec.to_builtins(does(_breaches(runtime)))
    cli.show(found, lambda: _tell(found))


def _tell(found: dict[str, Any]) -> None:
    for name, value in found.items():
        if value not in (None, [], {}):
            click.echo(f"{name.replace('_', ' '):18} {_line(value)}")


def _line(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{k}: {_line(v)}" for k, v in value.items() if v not in (None, {}))
    if isinstance(value, list):
        return ("\n" + 19 * " " if isinstance(value[0], dict) else ", ").join(map(_line, value))
    return str(value)
