"""`completion`: tab completion by click."""

import click

LINES = {
    "bash": 'eval "$(_PRIVACY_SVC_COMPLETE=bash_source privacy-svc)"',
    "zsh": 'eval "$(_PRIVACY_SVC_COMPLETE=zsh_source privacy-svc)"',
    "fish": "_PRIVACY_SVC_COMPLETE=fish_source privacy-svc | source",
}


@click.command()
@click.argument("shell", type=click.Choice(sorted(LINES)), default="bash")
def command(shell: str) -> None:
    """Print the line for your shell's start-up file.

    \b
    Example:
      privacy-svc completion bash >> ~/.bashrc
    """
    click.echo(LINES[shell])
