"""`clients`: tokens of those who call the API."""

import click

from privacy_svc.cli.common import ACTOR, Cli, table


@click.group()
def command() -> None:
    """Tokens of modules, DPOs, admins and auditors. A token is shown once and stored hashed.

    \b
    Examples:
      privacy-svc clients add marketing --role module
      privacy-svc clients list
      privacy-svc clients revoke marketing
    """


@command.command()
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(["module", "dpo", "admin", "auditor", "sender"]))
@click.pass_obj
def add(cli: Cli, name: str, role: str) -> None:
    """Create a client and print its token. A module's NAME is its key in policies/modules.yml."""
    from privacy_svc.errors import Misconfigured
    from privacy_svc.http import Role
    from privacy_svc.identity import add_client

    with cli.runtime(check_stores=False) as runtime:
        modules = runtime.policies.current.modules
        if role == "module" and name not in modules:
            raise Misconfigured(f"policies/modules.yml has no module {name!r}; it has {', '.join(sorted(modules))}.")
        senders = runtime.policies.current.organisation.senders
        if role == "sender" and name not in senders:
            known = ", ".join(sorted(senders)) or "none"
            raise Misconfigured(f"organisation.yml has no opendsr_senders entry {name!r}; it has {known}.")
        with runtime.database.write() as session:
            client, token = add_client(session, runtime.log, name, Role(role), ACTOR, modules)
    data = {"id": client.id, "name": name, "role": role, "token": token}
    cli.show(data, lambda: click.echo(f"{token}\n\nThis token of {name} ({role}) is not shown again.", err=False))


@command.command("list")
@click.pass_obj
def list_(cli: Cli) -> None:
    """All clients, with their last use."""
    from privacy_svc.identity import list_clients

    with cli.runtime(check_stores=False) as runtime, runtime.database.read() as session:
        rows = [
            {
                "name": c.name,
                "role": str(c.role),
                "created": c.created_at,
                "last used": c.last_used_at,
                "revoked": c.revoked_at,
            }
            for c in list_clients(session)
        ]
    cli.show(rows, lambda: table(rows, ["name", "role", "created", "last used", "revoked"], empty="no clients yet"))


@command.command()
@click.argument("name")
@click.pass_obj
def revoke(cli: Cli, name: str) -> None:
    """The client's token stops working at once."""
    from privacy_svc.identity import revoke_client

    with cli.runtime(check_stores=False) as runtime, runtime.database.write() as session:
        revoke_client(session, runtime.log, name, ACTOR)
    cli.show({"revoked": name}, lambda: click.echo(f"{name} is revoked."))
