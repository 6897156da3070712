"""`log search` and `log export`: entries by customer, type, actor and time."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from privacy_svc.cli.common import ACTOR, Cli, table

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from privacy_svc.auditlog import Wanted
    from privacy_svc.runtime import Runtime

HALTED = "Halted: nothing is signed until a person has looked (log resume --reason TEXT)"


def enter_what_waits(runtime: "Runtime") -> None:
    """Of a halted log what was published before is handed out all the same: one needs it to look into the halt."""
    with runtime.database.read() as session:
        why = runtime.log.halted(session)
    if why is None:
        runtime.log.integrate(runtime.database)
    else:
        click.secho(f"{HALTED}: {why}", fg="yellow", err=True)


def customer_of(runtime: "Runtime", session: "Session", customer: str) -> str:
    from privacy_svc.errors import NotFound
    from privacy_svc.http import CustomerRef

    subject_id = runtime.directory.find(session, CustomerRef(id=customer))
    if subject_id is None:
        raise NotFound("There is no such customer.")
    return subject_id


class _Time(click.ParamType[datetime]):
    """RFC 3339, as the log shows times; a day, or a time without a zone, is in UTC."""

    name = "time"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value} is no time, such as 2026-10-01 or 2026-10-01T12:00:00Z.", param, ctx)
        return at if at.tzinfo else at.replace(tzinfo=UTC)


TIME = _Time()


def _filters(run: Callable[..., None]) -> Callable[..., None]:
    """The options of both commands, handed on as one."""

    @click.option("--type", "kind", help="Only entries of this type, or whose type begins so, e.g. consent:record.")
    @click.option("--customer", help="Only entries about this customer.")
    @click.option("--actor", help="Only entries by this module or member of the staff.")
    @click.option("--from", "since", type=TIME, help="Only entries since then; UTC, where it has no zone.")
    @click.option("--to", "until", type=TIME, help="Only entries before then.")
    @click.option("--no-people", is_flag=True, help="Without what entries say about people.")
    @wraps(run)
    def asked(
        *args: Any,
        kind: str | None,
        customer: str | None,
        actor: str | None,
        since: datetime | None,
        until: datetime | None,
        **rest: Any,
    ) -> None:
        filters = {"type": kind, "actor": actor, "since": since, "until": until}
        run(*args, customer=customer, filters=filters, **rest)

    return asked


def _logged(runtime: "Runtime", customer: str | None, filters: dict[str, Any], **rest: Any) -> "Wanted":
    """What is wanted; that it is read is written down first, as over HTTP."""
    from privacy_svc.auditlog import EventType, Wanted

    told = {name: str(value) for name, value in filters.items() if value is not None}
    with runtime.database.write() as session:
        subject_id = customer_of(runtime, session, customer) if customer is not None else None
        runtime.log.append(
            session, EventType.LOG_READ, actor=ACTOR, subject_id=subject_id, payload={**told, "export": not rest}
        )
        return Wanted(subject_id, **filters, **rest)


@click.command(short_help="Find entries, newest first.")
@_filters
@click.option("--cursor", type=int, help="Go on below this index: the last one of what was shown before.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
@click.pass_obj
def search(
    cli: Cli, customer: str | None, filters: dict[str, Any], *, cursor: int | None, limit: int, no_people: bool
) -> None:
    """Entries, newest first; with --json also what they say, where its key lives.

    \b
    Examples:
      privacy-svc log search --customer 1001
      privacy-svc --json log search --type consent --actor marketing --from 2026-10-01
    """
    with cli.runtime(check_stores=customer is not None, check_policies=False) as runtime:
        enter_what_waits(runtime)
        wanted = _logged(runtime, customer, filters, after=cursor, limit=limit)
        with runtime.database.read() as session:
            found = runtime.log.find(session, wanted, about_people=not no_people)
    after = found[-1].index if len(found) == limit else None
    rows = [asdict(view) for view in found]

    def tell() -> None:
        table(rows, ["index", "at", "type", "actor", "subject_id"], empty="no such entries")
        if after is not None:
            click.echo(f"older ones: --cursor {after}")

    cli.show({"events": rows, "cursor": after}, tell)


@click.command(short_help="What types of entries there are.")
@click.pass_obj
def types(cli: Cli) -> None:
    """The types of entries, and what each says; a module's own entries all have the last one."""
    from privacy_svc.auditlog import EventType

    rows = [{"type": t.value, "says": t.says} for t in EventType]
    cli.show({"types": rows}, lambda: table(rows, ["type", "says"], empty="none"))


@click.command(short_help="Entries with their proofs, as lines of JSON.")
@_filters
@click.pass_obj
def export(cli: Cli, customer: str | None, filters: dict[str, Any], *, no_people: bool) -> None:
    """Entries with their proofs as lines of JSON, oldest first; `privacy-svc verify FILE` checks them offline.

    \b
    Examples:
      privacy-svc log export > log.ndjson
      privacy-svc log export --type rights --from 2026-10-01 > requests.ndjson
    """
    with cli.runtime(check_stores=customer is not None, check_policies=False) as runtime:
        wanted = _logged(runtime, customer, filters)
        enter_what_waits(runtime)
        for line in runtime.log.export_entries(runtime.database, wanted, about_people=not no_people):
            click.echo(line)
