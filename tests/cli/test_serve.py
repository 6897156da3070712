"""`serve`: what it says of itself is where it is reached."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from privacy_svc.settings import Settings, load
from tests.e2e.service import Installation

ALL = "0.0.0.0"  # noqa: S104 - what is tested
WELL_KNOWN = "/.well-known/authzen-configuration"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "http://127.0.0.1:8480"),
        ({"port": 9000}, "http://127.0.0.1:9000"),
        ({"host": "10.0.0.7"}, "http://10.0.0.7:8480"),
        ({"host": "::1"}, "http://[::1]:8480"),
        ({"host": ALL, "port": 9000}, "http://127.0.0.1:9000"),
        ({"host": "::"}, "http://[::1]:8480"),
        ({"port": 9000, "base_url": "https://privacy.example"}, "https://privacy.example"),
    ],
)
def test_the_base_url_is_where_we_listen_unless_set(tmp_path: Path, given: dict[str, object], expected: str) -> None:
    """What is set explicitly always stands."""
    assert load({"PRIVACY_HOME": str(tmp_path)}, **given).base_url == expected


def test_an_explicit_base_url_stands_in_front_of_another_port(tmp_path: Path) -> None:
    """A proxy may listen on the default port before us."""
    (tmp_path / "privacy.toml").write_text('base_url = "http://127.0.0.1:8480"\n')
    assert load({"PRIVACY_HOME": str(tmp_path)}, port=9000).base_url == "http://127.0.0.1:8480"


def test_only_who_listens_to_all_without_a_base_url_is_reached_nowhere_else() -> None:
    assert Settings(host=ALL).reached_nowhere_else
    assert not Settings(host=ALL, base_url="https://privacy.example").reached_nowhere_else
    assert not Settings().reached_nowhere_else


def test_serve_on_another_port_says_that_port(installed: Installation) -> None:
    """In the web processes too, which read their settings by themselves; on all addresses, it warns."""
    environment = {k: v for k, v in installed.environment.items() if k not in {"PRIVACY_BASE_URL", "PRIVACY_PORT"}}
    command = [sys.executable, "-m", "privacy_svc", "serve", "--host", ALL, "--port", str(installed.port)]
    with (installed.folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=installed.folder, env=environment, stdout=log, stderr=log)
        try:
            installed.wait([process])
            told = httpx.get(installed.url + WELL_KNOWN).json()
        finally:
            process.terminate()
            process.wait(timeout=60)
    assert told["access_evaluation_endpoint"] == installed.url + "/access/v1/evaluation"
    assert "base_url is not set" in (installed.folder / "serve.log").read_text()
