"""The documentation is true."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from privacy_svc.cli.root import COMMANDS
from privacy_svc.settings import Settings

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TABLE = re.compile(r"<!-- settings.*?-->\n(.*?)<!-- /settings -->", re.DOTALL)


def settings_table() -> str:
    """The settings as Markdown, from the settings themselves."""
    rows = ["| setting | environment | default | what it is |", "|---|---|---|---|"]
    for f in fields(Settings):
        one_each = f.name == "stores"
        default = "" if one_each else f.default
        variable = "PRIVACY_STORE_<NAME>" if one_each else f"PRIVACY_{f.name.upper()}"
        rows.append(f"| `{f.name}` | `{variable}` | `{default}` | {f.metadata['help']} |")
    return "\n".join(row.replace("``", "none") for row in rows) + "\n"


def test_every_setting_is_documented() -> None:
    """docs/operations.md lists exactly the settings there are, with their defaults."""
    found = TABLE.search((ROOT / "docs/operations.md").read_text())
    assert found is not None
    assert found[1] == settings_table()


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
