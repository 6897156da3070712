"""The documentation is true."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from itertools import takewhile
from pathlib import Path

import click
import pytest

from privacy_svc.auditlog import EventType
from privacy_svc.cli.root import COMMANDS, root
from privacy_svc.settings import Settings

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TABLE = re.compile(r"<!-- settings.*?-->\n(.*?)<!-- /settings -->", re.DOTALL)
ONE_EACH = {
    "stores": "PRIVACY_STORE_<NAME>",
    "secrets": "PRIVACY_SECRET_<NAME>",
    "oidc_roles": "PRIVACY_OIDC_ROLE_<ROLE>",
}


def settings_table() -> str:
    """The settings as Markdown, from the settings themselves."""
    rows = ["| setting | environment | default | what it is |", "|---|---|---|---|"]
    for f in fields(Settings):
        one_each = ONE_EACH.get(f.name)
        default = "" if one_each else f.default
        variable = one_each or f"PRIVACY_{f.name.upper()}"
        rows.append(f"| `{f.name}` | `{variable}` | `{default}` | {f.metadata['help']} |")
    return "\n".join(row.replace("``", "none") for row in rows) + "\n"


def test_every_setting_is_documented() -> None:
    """docs/operations.md lists exactly the settings there are, with their defaults."""
    found = TABLE.search((ROOT / "docs/operations.md").read_text())
    assert found is not None
    assert found[1] == settings_table()


def test_every_type_of_entries_is_documented() -> None:
    """docs/log-entries.md lists exactly the types there are, in their order, with what each says."""
    rows = "".join(f"| `{t.value}` | {t.says} |\n" for t in EventType)
    assert (ROOT / "docs/log-entries.md").read_text().endswith(f"\n| type | what it says |\n|---|---|\n{rows}")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of every page leads to a file."""
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_commands_in_the_docs_exist(page: Path) -> None:
    """Every `privacy-svc …` and `make …` that a page shows is a command there is."""
    text = page.read_text()
    shown = set(re.findall(r"privacy-svc (?:--\S+ \S+ )?([a-z]+)\b", text)) - {"listens"}
    assert shown <= set(COMMANDS), shown - set(COMMANDS)
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    used = set(re.findall(r"^ +make ([a-z]+)", text, re.MULTILINE))
    assert used <= targets, used - targets


def test_the_lock_files_hold_every_dependency() -> None:
    """Each dependency of pyproject.toml is pinned with a hash in the lock file."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    for wanted in project["project"]["dependencies"]:
        name = re.split(r"[\[><=;]", wanted)[0].lower().replace("_", "-")
        assert name in locked


def command_lines(page: Path) -> Iterator[tuple[str, bool]]:
    """Each `privacy-svc …` and whether it is whole: on a line of its own, without the remark behind it. In a sentence
    a command may be named without what it needs."""
    text = re.sub(r" *\\\n\s*", " ", page.read_text())
    for line in re.findall(r"^ {4,}(?:\$ )?(?:[A-Z_]+=\S+ )*(privacy-svc .*?)(?: {2,}.*)?$", text, re.MULTILINE):
        yield line, True
    for code in re.findall(r"`(privacy-svc [^`]+)`", re.sub(r"\s*\n\s*", " ", text)):
        if not re.search(r"[…|<\[]", code):
            yield code, False


def fault_of(line: str, *, whole: bool = True) -> str | None:
    """What click has against a command line, without running it."""
    words = list(takewhile(lambda w: w not in {">", "|", "&&", "<", ">>", "&", ";"}, shlex.split(line, comments=True)))
    command: click.Command = root
    context = click.Context(command)
    try:
        while True:
            given, rest, _ = command.make_parser(context).parse_args(words[1:])
            for param in command.params:
                if isinstance(param.type, click.Choice) and isinstance(given.get(str(param.name)), str):
                    param.type.convert(given[str(param.name)], param, context)
            if not isinstance(command, click.Group):
                said = {p: given.get(str(p.name)) for p in command.params}
                lacking = [
                    p.opts[0] for p, v in said.items() if p.required and whole and not isinstance(v, str | tuple)
                ]
                return f"lacks {lacking}" if lacking else f"has {rest} too many" if rest else None
            if not rest:
                return None
            found = command.get_command(context, rest[0])
            if found is None:
                return f"there is no {rest[0]}"
            command, words, context = found, rest, click.Context(found, context)
    except click.UsageError as error:
        return error.format_message()


@pytest.mark.parametrize("page", [*PAGES, ROOT / "policies/README.md"], ids=lambda p: str(p.relative_to(ROOT)))
def test_command_lines_in_the_docs_are_taken(page: Path) -> None:
    """Each command line has the arguments and options that it needs, and none that there is not."""
    assert {line: f for line, whole in command_lines(page) if (f := fault_of(line, whole=whole))} == {}


@pytest.mark.parametrize(
    "line",
    [
        "privacy-svc request package ID --out ana.zip",
        "privacy-svc log proof",
        "privacy-svc log proof 1 2",
        "privacy-svc log serach",
        "privacy-svc log search --costumer 1",
        "privacy-svc clients add crm --role boss",
    ],
)
def test_a_wrong_command_line_is_told(line: str) -> None:
    """What the test above would find."""
    assert fault_of(line)
