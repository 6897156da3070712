"""`verify FILE`: check what this service signed, without the service."""

import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from privacy_svc.cli import verify_certificate
from privacy_svc.cli.common import Cli

if TYPE_CHECKING:
    from privacy_svc.auditlog.handover import Handover

RECEIPT = "dpv:ConsentReceipt"
TIMES = ("recorded_at", "at", "run_at", *verify_certificate.DONE)
"""When what was signed had happened; of documents that tell no size of the log, one of them is there."""
HEAD = 100
"""Bytes that tell an export."""
SIGNATURES = (b'"signature"', "\n— ".encode())
"""One of them is in every signed document and checkpoint."""
SIGNED = (
    "certificates, receipts of consent, audit reports, handovers of its key, checkpoints, proofs of entries "
    "(.tlog-proof) and of people in them, and exports of the log, such as the log-proofs.ndjson of a package"
)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", help="The public key you trust. Without it, the key of this home folder.")
@click.pass_obj
def command(cli: Cli, file: Path, key: str | None) -> None:
    """Check a certificate, receipt, report, checkpoint or proof offline; exit code 1 when it does not hold.

    \b
    Examples:
      privacy-svc verify certificate.json
      privacy-svc verify entry-42.tlog-proof --key 'shop/privacy-log+1a2b3c4d+AQ…'
    """
    from privacy_svc.auditlog import NoteError, ProofError

    if key:
        _require_key(key)
    _require_ours(file)
    try:
        found = _check(file, key) if key else _check_ours(cli, file)
    except (NoteError, ProofError, UnicodeDecodeError) as error:
        why = "it is not a text" if isinstance(error, UnicodeDecodeError) else str(error)
        cli.show({"ok": False, "why": why}, lambda: click.secho(f"{file} does not hold: {why}.", fg="red"))
        sys.exit(1)
    cli.show({"ok": True, **found}, lambda: _tell(file, found))


def _require_key(key: str) -> None:
    from privacy_svc.auditlog import NoteError, Verifier

    try:
        Verifier.parse(key)
    except NoteError as error:
        raise click.BadParameter(f"{error}: `privacy-svc log key` shows one.", param_hint="--key") from None


def _require_ours(file: Path) -> None:
    """What bears no signature at all, and is not begun like what we sign, was never signed: that is wrong use."""
    from privacy_svc.auditlog import LOG_EXPORT, PROOF_HEADER

    with file.open("rb") as opened:
        begin = opened.read(HEAD)
        if LOG_EXPORT.encode() in begin:
            return
        text = begin + opened.read()
    if not any(sign in text for sign in (PROOF_HEADER.encode(), *SIGNATURES)):
        raise click.UsageError(f"{file} is nothing that this service signs. It signs {SIGNED}.")


def _check_ours(cli: Cli, file: Path) -> dict[str, Any]:
    with cli.runtime(check_stores=False, check_policies=False) as runtime:
        vkey, handovers = runtime.signer.vkey, runtime.signer.handovers
    return check_by(file, vkey, handovers)


def check_by(file: Path, vkey: str, handovers: "Iterable[Handover]") -> dict[str, Any]:
    """By this key, or by one before it, as far as that was in force. Raises NoteError, ProofError."""
    from privacy_svc.auditlog import NoteError

    known = list(handovers)
    try:
        return _check(file, vkey, known)
    except NoteError:
        for handover in known:
            with suppress(NoteError):  # another key's
                found = _check(file, handover.old.vkey, known)
                break
        else:
            raise
    if not _was_in_force(found, handover):
        raise NoteError(f"the key that signed it ended {handover.at}, and it is of after that, or tells no time")
    return {**found, "key_until": handover.at}


def _was_in_force(found: dict[str, Any], handover: "Handover") -> bool:
    """Whoever found a former key signs nothing with it that is of after its end, or of a time it does not tell."""
    try:
        times = [datetime.fromisoformat(found[name]) for name in TIMES if name in found]
        late = any(at > datetime.fromisoformat(handover.at) for at in times)
    except (TypeError, ValueError):  # no time, or one without a zone: not as we write it
        return False
    size = found.get("log_size")
    return not late and bool(times or size is not None) and (size or 0) <= handover.after


def _check(file: Path, vkey: str, handovers: "Iterable[Handover]" = ()) -> dict[str, Any]:
    from privacy_svc.auditlog import LOG_EXPORT, Verifier, open_checkpoint, strict_json, verify_export, verify_proof

    with file.open(encoding="utf-8", newline="\n") as opened:
        if LOG_EXPORT in opened.read(HEAD):
            opened.seek(0)
            done = verify_export((line.removesuffix("\n") for line in opened), vkey)
            counts = {"entries": done.entries, "payloads": done.payloads, "log_size": done.checkpoint.size}
            return {"kind": LOG_EXPORT, **counts, "first": done.first, "filters": done.filters}
    text = file.read_text(encoding="utf-8")
    if text.startswith("c2sp.org/tlog-proof"):
        index, leaf, checkpoint = verify_proof(text, Verifier.parse(vkey))
        return {"kind": "proof", "index": index, "entry": strict_json(leaf.decode()), "log_size": checkpoint.size}
    if text.lstrip().startswith("{"):
        return _check_json(strict_json(text), vkey, handovers)
    checkpoint = open_checkpoint(text, Verifier.parse(vkey))
    return {"kind": "checkpoint", "log_size": checkpoint.size, "root": checkpoint.root.hex()}


def _check_json(document: dict[str, Any], vkey: str, handovers: "Iterable[Handover]") -> dict[str, Any]:
    from privacy_svc.auditlog import HANDOVER, MEMBERSHIP, Verifier, verify_handover, verify_json, verify_membership

    if document.get("type") == MEMBERSHIP:
        index, entry, checkpoint = verify_membership(document, Verifier.parse(vkey))
        member = document["member"]
        about = {"entry": entry.type, "time": entry.time, "people": (entry.members or {})["count"]}
        about |= {name: member[name] for name in ("tag", "group", "state_version")}
        return {"kind": MEMBERSHIP, "index": index, **about, "log_size": checkpoint.size}
    if document.get("type") == HANDOVER:
        handover = verify_handover(document, vkey)
        return {"kind": HANDOVER, "old": handover.old.vkey, "new": handover.new.vkey, "at": handover.at}
    verify_json(document, vkey)
    signed_by = {"signed_by": vkey.split("+", maxsplit=1)[0]}
    if RECEIPT in document.get("@type", ()):
        return {"kind": RECEIPT, **_receipt(document), **signed_by}
    kind = document.get("type", document.get("@type", "document"))
    if kind == verify_certificate.TYPE:
        return {"kind": kind, **verify_certificate.check_certificate(document, vkey, handovers), **signed_by}
    times = {name: document[name] for name in TIMES if name in document}
    return {"kind": kind, **times, **signed_by}


def _receipt(document: dict[str, Any]) -> dict[str, Any]:
    """What the newest event of a consent receipt says, of a document whose signature holds."""
    [record] = document["dpv:hasRecordOfActivity"]
    event, notice = record["dpv:hasConsentStatus"][-1], record["dpv:hasNotice"][0]
    return {
        "purpose": record["dpv:hasProcess"][0]["dpv:hasPurpose"][0]["dct:identifier"],
        "state": event["@type"][0],
        "said_at": event["dpv:isIndicatedAtTime"],
        "recorded_at": document["dct:created"],
        "notice": f"{notice['dct:identifier']} {notice['dct:hasVersion']} {notice['dct:language']}",
    }


def _tell(file: Path, found: dict[str, Any]) -> None:
    result = found.get("result")
    if result is None or result in verify_certificate.HOLDS:
        click.secho(f"{file} holds.", fg="green")
    else:
        click.secho(f"{file} is signed, and its result is {result}: it is no proof that all was done.", fg="yellow")
    for name, value in found.items():
        if name == "entry":
            for part, told in value.items():
                click.echo(f"  {part:10} {'nobody alone' if told is None else told}")
        else:
            click.echo(f"  {name.replace('_', ' '):10} {_told(name, value)}")


def _told(name: str, value: Any) -> str:
    if name == "group":
        return f"{value}: its people got the same answer, which the entry's payload has under `groups`"
    return _worded(value) if name == "filters" else str(value)


def _worded(filters: dict[str, Any]) -> str:
    named = [f"{name} {value}" if isinstance(value, str) else f"one {name}" for name, value in filters.items()]
    return ", ".join(named) or "none: every entry from the first on"
