"""`consent show`: what a person agreed to, as of any past time, with what proves it."""

import textwrap
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
import msgspec

from privacy_svc.cli.common import ACTOR, Cli

if TYPE_CHECKING:
    from privacy_svc.consent import ConsentView, CustomerConsents, PurposeConsent


@click.command()
@click.argument("customer")
@click.option("--purpose", help="Only this one.")
@click.option("--as-of", metavar="TIME", help="When it held. [now]")
@click.option("--known-at", metavar="TIME", help="As far as it was known then. [everything known now]")
@click.option("--evidence", is_flag=True, help="Open reference, evidence and guardian; the log says so.")
@click.pass_obj
def show(
    cli: Cli,
    customer: str,
    purpose: str | None,
    as_of: str | None,
    known_at: str | None,
    *,
    evidence: bool,
) -> None:
    """What CUSTOMER (the CRM's own key) agreed to: state, since and until when, who recorded it, the
    exact text that was shown, the entry of the log that proves it, and everything said before.

    A TIME is like 2026-05-31 or 2026-05-31T09:30:00Z; without a zone it is the organisation's.

    \b
    Examples:
      privacy-svc consent show 1001
      privacy-svc consent show 1001 --purpose marketing.email --as-of 2026-05-31
      privacy-svc consent show 1001 --as-of 2026-05-31 --known-at 2026-05-31
    """
    from privacy_svc.auditlog import EventType
    from privacy_svc.consent import Asked, overview
    from privacy_svc.db import now
    from privacy_svc.http import CustomerRef

    with cli.runtime() as runtime:
        policies, ref, at = runtime.policies.current, CustomerRef(id=customer), now()
        zone = ZoneInfo(policies.organisation.time_zone)
        times = (_time(as_of, "--as-of", zone), _time(known_at, "--known-at", zone))
        asked = Asked(*times, purpose, proof=True, evidence=evidence).check(at)
        with runtime.database.write() as session:
            subject_id = runtime.directory.admit(session, ref, ACTOR)
            runtime.log.append(
                session, EventType.CONSENT_READ, actor=ACTOR, subject_id=subject_id, payload=asked.told()
            )
            found = overview(session, runtime.log, policies, subject_id, ref, asked, at)
    cli.show(msgspec.to_builtins(found), lambda: _print(found, zone, asked.as_of, asked.known_at))


def _time(text: str | None, option: str, zone: ZoneInfo) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.UsageError(f"{option} {text!r} is no time; one looks like 2026-05-31T09:30:00Z.") from None


def _print(found: "CustomerConsents", zone: ZoneInfo, as_of: datetime | None, known_at: datetime | None) -> None:
    asked = [f"{word} {_at(at, zone)}" for word, at in (("as of", as_of), ("as known at", known_at)) if at is not None]
    click.secho(f"Customer {found.customer.id}" + "".join(f", {a}" for a in asked), bold=True)
    click.echo(f"times are of {zone.key}")
    if found.restricted:
        click.secho("Processing is restricted.", fg="yellow")
    for purpose in found.objections:
        click.secho(f"Objected to {purpose}.", fg="yellow")
    if not found.consents:
        click.echo("Nothing had been said about any purpose.")
    for consent in found.consents:
        click.echo()
        _print_purpose(consent, zone)


def _print_purpose(consent: "PurposeConsent", zone: ZoneInfo) -> None:
    until = f" until {_at(consent.until, zone)}" if consent.until else ""
    colour = "green" if consent.state == "given" else "red"
    click.echo(
        f"{consent.purpose}  " + click.style(consent.state, fg=colour) + f" since {_at(consent.since, zone)}{until}"
    )
    proof = consent.proof
    if proof is not None:
        click.echo(f"  said      {_at(proof.given_at, zone)} by {proof.channel}, {proof.method}")
        click.echo(f"  recorded  {_at(proof.recorded_at, zone)} by {proof.recorded_by}")
        place = "not in the tree yet" if proof.log.index is None else f"entry {proof.log.index}"
        click.echo(f"  log       {place if proof.log.entry else 'recorded before entries were noted'}")
        kept = "kept, sealed: --evidence opens it" if proof.evidence_kept else "none"
        opened = None if proof.evidence is None else "; ".join(f"{k}: {v}" for k, v in proof.evidence.items())
        click.echo(f"  evidence  {opened or kept}")
        notice = proof.notice
        if notice is None:
            click.echo("  text      nobody knows what was shown: imported without it")
        else:
            click.echo(f"  text      {notice.id} {notice.version} {notice.language}: {notice.title or notice.digest}")
            click.echo(textwrap.indent(notice.text or "not kept here any more", "            | ", lambda _: True))
    click.echo("  history, by when it was said")
    for said in consent.history:
        click.echo(f"    {_event(said, zone)}")


def _event(said: "ConsentView", zone: ZoneInfo) -> str:
    late = f", known {_at(said.recorded_at, zone)}" if said.recorded_at > said.given_at else ""
    place = f", entry {said.index}" if said.index is not None else ""
    shown = f", {said.notice.id} {said.notice.version} {said.notice.language}" if said.notice.id else ""
    return f"{_at(said.given_at, zone)}  {said.state:11} by {said.channel}{shown}{late}{place}"


def _at(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
