"""`log key`: the public keys, those before, and replacing one."""

from typing import TYPE_CHECKING, Any

import click

from privacy_svc.cli.common import ACTOR, Cli, table

if TYPE_CHECKING:
    from privacy_svc.auditlog import Signer


@click.group(invoke_without_command=True, short_help="The public keys that check this log.")
@click.option(
    "--add-post-quantum",
    is_flag=True,
    help="Make a second key, of ML-DSA-44, whose signature checkpoints then bear too.",
)
@click.pass_context
def key(context: click.Context, *, add_post_quantum: bool) -> None:
    """The public keys by which anybody checks what this service signed, the log's witnesses included.

    \b
    Examples:
      privacy-svc log key
      privacy-svc log key history
      privacy-svc log key rotate --reason "yearly"
    """
    from privacy_svc.auditlog import Signer
    from privacy_svc.home import KEYS

    if context.invoked_subcommand is not None:
        return
    cli: Cli = context.obj
    with cli.runtime(check_stores=False) as runtime:
        if add_post_quantum:
            Signer.add_second(runtime.settings.home / KEYS)
            signer = Signer.load(runtime.settings.home / KEYS, runtime.signer.name)
        else:
            signer = runtime.signer
    second = signer.second.vkey if signer.second else None
    cli.show(
        {"key": signer.vkey, "post_quantum_key": second},
        lambda: click.echo("\n".join(filter(None, (signer.vkey, second)))),
    )


@key.command(short_help="The keys of this log, and their handovers.")
@click.pass_obj
def history(cli: Cli) -> None:
    """The keys of this log, oldest first, and the handovers that both keys of each change signed.

    Who trusts an older key follows it to the newest: put a handover (--json) into a file, and check it with
    `privacy-svc verify FILE --key OLD`.
    """
    with cli.runtime(check_stores=False) as runtime:
        keys, documents = _keys(runtime.signer), runtime.signer.handover_documents()
    cli.show(
        {"keys": keys, "handovers": documents}, lambda: table(keys, ["key", "from", "until", "entries_until"], "none")
    )


def _keys(signer: "Signer") -> list[dict[str, Any]]:
    """`entries_until`: the key signed checkpoints of so many entries at most."""
    handovers = signer.handovers
    told: list[dict[str, Any]] = [{"key": h.old.vkey, "until": h.at, "entries_until": h.after} for h in handovers]
    told.append({"key": signer.vkey, "until": None, "entries_until": None})
    for row, since in zip(told, [None, *(h.at for h in handovers)], strict=True):
        row["from"] = since
    return told


@key.command(short_help="Let a new Ed25519 key take over.")
@click.option("--reason", required=True, help="Why; it is written into the log.")
@click.pass_obj
def rotate(cli: Cli, reason: str) -> None:
    """A new Ed25519 key takes over at once, in running services too; its first checkpoint is signed by both.

    What the old key signed stays valid, by the old public key: give the new one to those who check, and to the witness.

    \b
    Example:
      privacy-svc log key rotate --reason "yearly"
    """
    with cli.runtime(check_stores=False) as runtime:
        old = runtime.signer.vkey
        runtime.log.rotate_key(runtime.database, actor=ACTOR, reason=reason)
        new = runtime.signer.vkey
    cli.show({"old": old, "new": new}, lambda: click.echo(f"{new}\ntook over from {old}"))
