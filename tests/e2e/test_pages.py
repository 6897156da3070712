"""What the documentation shows is run as it stands."""

import contextlib
import io
import json
import re
import shutil
from pathlib import Path

from privacy_svc.examples import folder
from tests.e2e.service import Installation
from tests.shop import ANA, sqlite_shop

PAGE = Path(__file__).parents[2] / "docs" / "developers.md"


def test_the_developers_page(tmp_path: Path) -> None:
    """The Python example of the developers' page finds Ana and names what was withheld; its calls are permitted."""
    service = Installation(tmp_path)
    shutil.copytree(folder("policies"), tmp_path / "policies")
    service.run("init", "--store", sqlite_shop(tmp_path), "--name", "shop")
    for module in ("support", "shop", "marketing"):
        service.client(module, "module")
    page = PAGE.read_text()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    said = io.StringIO()
    with service.serving():
        code = example.replace("http://127.0.0.1:8480", service.url)
        with contextlib.redirect_stdout(said):
            exec(code, {"token": service.tokens["support"]})  # noqa: S102 - our own page
        for method, path, body in re.findall(r"^    (GET|PATCH) +(/v1/\S+)(?: +(\{.*\}))?$", page, re.MULTILINE):
            caller = "shop" if method == "PATCH" else "support"
            answer = service.call(caller, method, path, content=body.encode() or None)
            assert answer.status_code == 200, (path, answer.text)
        for path, body in re.findall(r"^    POST (/\S+)\n((?:    .*\n)+)", page, re.MULTILINE):
            answer = service.call("marketing", "POST", path, json=json.loads(body))
            assert answer.status_code in {200, 201}, (path, answer.text)
    assert said.getvalue() == "Ana []\n"
    assert ANA["email"] in page
