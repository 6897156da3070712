"""The root command: global options, lazy sub-commands, one place where errors become lines and exit codes."""

import sys
from importlib import import_module
from pathlib import Path

import click

from privacy_svc import __version__
from privacy_svc.cli.common import Cli
from privacy_svc.errors import PrivacyError, nearest

COMMANDS = {
    "init": "Connect a customer store: draft its data map, create the privacy database and the keys.",
    "demo": "Build a demo company, tell the whole story, then serve it.",
    "serve": "Serve the HTTP API, the Privacy Centre and the console.",
    "worker": "Carry out requests (an extra process; `serve` starts one on the embedded default).",
    "clients": "Tokens of modules, DPOs, admins and auditors.",
    "console": "A one-time link that signs a person of the staff in to the console.",
    "sessions": "Who of the staff is signed in; sign somebody out.",
    "seal": "Encrypt the store's mapped fields in place.",
    "unseal": "Give the store's sealed fields back as they were.",
    "consent": "Consents: import an old table, export, the suppression list.",
    "request": "Rights requests: open, list, approve, package, certificate.",
    "hold": "Legal holds (Art. 17(3)): whose data must be kept; place one, lift it.",
    "restriction": "Restrictions (Art. 18): who has one; announce its end, lift it.",
    "objection": "Objections (Art. 21): compelling grounds against one.",
    "connectors": "Other systems that take part in requests, and tasks for people.",
    "recipients": "Who received data, how they are told of changes, and who was (Art. 19).",
    "keys": "Keys: generations and counts, rotation, the root key's end.",
    "restore": "After a backup was restored: what it does not know, and telling it.",
    "retention": "What is over by the policy's dates: what was kept as evidence, log entries.",
    "log": "The audit log: verify, checkpoint, export, proof.",
    "policy": "The policy files: check, test, what another version would change, what was in force.",
    "pii": "Find and redact personal data in text.",
    "audit": "Run the DPO's audit programmes.",
    "ropa": "The register of processing activities (Art. 30).",
    "breach": "Breaches (Art. 33, 34): the register, who was touched, drafts of the notices.",
    "dpia": "Which purposes need an impact assessment (Art. 35).",
    "verify": "Check a certificate, receipt, proof or report offline.",
    "completion": "Print the line that switches tab completion on.",
}


class Lazy(click.Group):
    """Sub-commands by name: `privacy_svc.cli.<name>:command`, imported when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"privacy_svc.cli.{'sealing' if cmd_name in {'seal', 'unseal'} else cmd_name}")
        found = getattr(module, "unseal" if cmd_name == "unseal" else "command")
        assert isinstance(found, click.Command)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = nearest(args[0], COMMANDS)
            ctx.fail(f"No such command {args[0]!r}." + (f" Did you mean {near!r}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="privacy-svc")
@click.option("--home", type=click.Path(path_type=Path), help="Folder for database, keys and generated files. [./var]")
@click.option("--policies", type=click.Path(path_type=Path), help="Folder of the policy files. [./policies]")
@click.option("--json", "as_json", is_flag=True, help="Print data as JSON.")
@click.pass_context
def root(ctx: click.Context, home: Path | None, policies: Path | None, *, as_json: bool) -> None:
    """Privacy and consent compliance for a CRM's customer store.

    \b
    Start here:
      privacy-svc demo                                   a whole demo company, in under a minute
      privacy-svc init --store sqlite:///crm.sqlite      your own store
    """
    ctx.obj = Cli(home=home, policies=policies, as_json=as_json)


def main() -> None:
    """The console script. A PrivacyError is one line (and a line per fault) on stderr and exit code 2, as is
    wrong use; click's own exit code for a declined question would mean findings here."""
    try:
        root(prog_name="privacy-svc", standalone_mode=False)
    except click.Abort as stop:
        click.echo(str(stop) or "Stopped; nothing more was done.", err=True)
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except PrivacyError as error:
        click.secho("error: ", fg="red", bold=True, nl=False, err=True)
        click.echo(str(error), err=True)
        sys.exit(2)
