"""What the documentation shows is run as it stands."""

import json
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from privacy_svc.examples import folder
from tests.e2e.service import SECONDS, Installation
from tests.shop import ANA, sqlite_shop

PAGE = Path(__file__).parents[2] / "docs" / "developers.md"
URL = "http://127.0.0.1:8480"
ANYTHING = "…"


def run(service: Installation, code: str, store: str) -> str:
    """The module as a process of its own, with the token of the module it says it is; what it prints."""
    path = service.folder / "module.py"
    path.write_text(code.replace(URL, service.url))
    names = re.findall(r'module="([a-z]+)"', code)
    tokens = {"PRIVACY_TOKEN": service.tokens[names[0]]} if names else {}
    environment = service.environment | tokens | {"CRM_DATABASE": store}
    done = subprocess.run(
        [sys.executable, "-W", "error", path],
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def fits(said: Any, shown: Any) -> bool:
    """Whether an answer has all that the page shows of it."""
    if shown == ANYTHING:
        return True
    if isinstance(shown, dict):
        return isinstance(said, dict) and all(n in said and fits(said[n], v) for n, v in shown.items())
    if isinstance(shown, list):
        return isinstance(said, list) and len(said) == len(shown) and all(map(fits, said, shown))
    return bool(said == shown)


def post(service: Installation, path: str, text: str) -> None:
    """A call as the page shows it: its body, and its answer after the arrows."""
    body, *shown = text.split("→")
    caller = "support" if "service.support" in body else "marketing"
    answer = service.call(caller, "POST", path, json=json.loads(body))
    assert answer.status_code in {200, 201}, (path, answer.text)
    said = [json.loads(line) for line in answer.text.splitlines()] if len(shown) > 1 else [answer.json()]
    assert fits(said, [json.loads(s) for s in shown]), (path, answer.text)


def test_the_developers_page(tmp_path: Path) -> None:
    """Every call of the page is answered as it shows, and every module of it prints what it shows, in the page's order,
    over a sealed store."""
    service, store = Installation(tmp_path), sqlite_shop(tmp_path)
    shutil.copytree(folder("policies"), tmp_path / "policies")
    service.run("init", "--store", store, "--name", "shop")
    service.run("seal")
    for module in ("support", "shop", "marketing"):
        service.client(module, "module")
    page = PAGE.read_text()
    with service.serving():
        for path, text in re.findall(r"^    POST (/\S+)\n((?:    .*\n)+)", page, re.MULTILINE):
            post(service, path, text)
        for method, path, body in re.findall(r"^    (GET|PATCH) +(/v1/\S+)(?: +(\{.*\}))?$", page, re.MULTILINE):
            caller = "shop" if method == "PATCH" else "support"
            answer = service.call(caller, method, path, content=body.encode() or None)
            assert answer.status_code == 200, (path, answer.text)
        blocks = re.findall(r"```(python|text)\n(.*?)```", page, re.DOTALL)
        for (kind, code), (_, shown) in pairwise(blocks):
            if kind == "python":
                assert run(service, code, store) == shown
    assert ANA["email"] in page


def test_the_sdk_needs_nothing_else_of_the_package() -> None:
    """Imported alone, it brings httpx and nothing of the service."""
    code = "import sys, privacy_svc.client; print(sorted(m for m in sys.modules if m.startswith('privacy_svc')))"
    code += "; print([m for m in ('litestar', 'sqlalchemy', 'msgspec', 'cryptography') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=SECONDS, check=True)
    ours, foreign = done.stdout.splitlines()
    assert all(m.strip("' ").startswith("privacy_svc.client") for m in ours.strip("[]").split(",")[1:]), ours
    assert foreign == "[]"
