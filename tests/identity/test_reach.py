"""By which address people reach the service: what would send their sessions in clear does not start."""

from pathlib import Path

import pytest

from privacy_svc.errors import Misconfigured
from privacy_svc.home import create_home
from privacy_svc.identity import check_reach, session_cookie
from privacy_svc.settings import Settings, load

ALL = "0.0.0.0"  # noqa: S104 - what is tested


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"host": ALL},
        {"base_url": "http://localhost:9000"},
        {"base_url": "http://[::1]:9000"},
        {"base_url": "https://privacy.shop.example", "proxies": "10.0.0.0/24"},
        {"base_url": "http://127.0.0.1:9000", "proxies": "127.0.0.1/32"},
    ],
)
def test_https_or_this_machine(given: dict[str, str]) -> None:
    """Also behind a proxy on this machine that listens on another port."""
    check_reach(Settings(**given))


@pytest.mark.parametrize(
    "given",
    [
        {"base_url": "http://privacy.shop.example"},
        {"base_url": "privacy.shop.example"},
        {"base_url": "ftp://127.0.0.1"},
        {"base_url": "https://ana:secret@privacy.shop.example"},
        {"base_url": "https://privacy.shop.example?x=1"},
        {"host": "10.0.0.7"},
        {"proxies": "10.0.0.0/24"},
        {"host": ALL, "proxies": "10.0.0.0/24"},
    ],
)
def test_anything_else_is_refused(given: dict[str, str]) -> None:
    """With the way out."""
    with pytest.raises(Misconfigured, match="set base_url to the https://"):
        check_reach(Settings(**given))


@pytest.mark.parametrize("written", ["HTTPS://Privacy.Shop.example/", " https://privacy.shop.example// "])
def test_however_it_is_written_it_is_the_same_address(tmp_path: Path, written: str) -> None:
    """And its cookies are for https alone."""
    settings = load({"PRIVACY_HOME": str(tmp_path), "PRIVACY_BASE_URL": written})
    assert settings.base_url == "https://privacy.shop.example"
    cookie = session_cookie("secret", settings.base_url)
    assert (cookie.key.startswith("__Host-"), cookie.secure) == (True, True)


def test_no_service_is_made_or_opened_so(tmp_path: Path) -> None:
    """Whatever command it is."""
    policies = Path(__file__).resolve().parents[2] / "policies"
    with pytest.raises(Misconfigured, match="base_url"):
        create_home(Settings(home=tmp_path / "var", policies=policies, base_url="http://privacy.shop.example"))
