"""The settings of the OpenID provider: what is dangerous or half said refuses to start."""

from pathlib import Path
from typing import Any

import pytest

from privacy_svc.errors import Misconfigured
from privacy_svc.http import Role
from privacy_svc.identity import registration_of
from privacy_svc.settings import Settings, load

ISSUER = "https://login.example/realms/staff"
GIVEN: dict[str, Any] = {
    "base_url": "https://privacy.example",
    "oidc_issuer": ISSUER,
    "oidc_client_id": "privacy-svc",
    "oidc_roles": {"dpo": "privacy-officers", "auditor": "cn=audit,ou=groups,dc=shop"},
}


def test_what_the_settings_say() -> None:
    """From the environment too; a role that is not named is nobody's."""
    environ = {
        "PRIVACY_BASE_URL": "https://privacy.example/",
        "PRIVACY_OIDC_ISSUER": ISSUER,
        "PRIVACY_OIDC_CLIENT_ID": "privacy-svc",
        "PRIVACY_OIDC_ROLES_CLAIM": "realm_access.roles",
        "PRIVACY_OIDC_ROLE_DPO": "privacy-officers",
    }
    found = registration_of(load(environ))
    assert found is not None
    assert found.roles == {Role.DPO: "privacy-officers"}
    assert found.return_url == "https://privacy.example/dpo/sign-in/return"
    assert found.role_of({"realm_access": {"roles": ["x", "privacy-officers"]}}) is Role.DPO
    assert found.role_of({"realm_access": ["privacy-officers"], "groups": ["privacy-officers"]}) is None
    assert registration_of(Settings()) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"oidc_issuer": "http://login.example"},
        {"oidc_issuer": "http://127.0.0.1:8080"},
        {"oidc_issuer": "http://localhost:8080"},
        {"oidc_issuer": "ftp://login.example"},
        {"oidc_issuer": "https://user:password@login.example"},
        {"oidc_issuer": f"{ISSUER}?tenant=1"},
        {"oidc_issuer": f"{ISSUER}#x"},
        {"oidc_issuer": "login.example"},
        {"oidc_issuer": ""},
        {"oidc_client_id": ""},
        {"oidc_scope": "profile"},
        {"oidc_roles": {}},
        {"oidc_roles": {"dpo": ""}},
        {"oidc_roles": {"dpo": ["x"]}},
        {"oidc_roles": {"boss": "x"}},
        {"oidc_roles": {"module": "x"}},
        {"oidc_roles": {"customer": "x"}},
        {"oidc_roles": {"dpo": "x", "admin": "x"}},
        {"base_url": "http://privacy.example"},
        {"base_url": "http://10.0.0.1"},
    ],
)
def test_what_is_dangerous_or_half_said_is_refused(wrong: dict[str, Any]) -> None:
    """Plain http beyond this machine, an issuer that is none, nobody or anybody who could get in."""
    assert registration_of(Settings(**GIVEN)) is not None
    with pytest.raises(Misconfigured):
        registration_of(Settings(**GIVEN | wrong))


@pytest.mark.parametrize("base_url", ["", "http://127.0.0.1:8480", "http://localhost:8480", "http://[::1]:8480"])
def test_plain_http_is_for_trying_out_on_one_machine(base_url: str) -> None:
    """Both sides on the loopback address."""
    assert registration_of(Settings(**GIVEN | {"base_url": base_url, "oidc_issuer": "http://127.0.0.1:8080/realm"}))


def test_the_secret_is_a_file_of_ones_own(tmp_path: Path) -> None:
    """Its lines' end is none of it; what others may read, is empty or not there refuses to start; nothing tells it."""
    path = tmp_path / "secret"
    given = GIVEN | {"oidc_client_secret": str(path)}
    with pytest.raises(Misconfigured):
        registration_of(Settings(**given))
    path.write_text("s3cret\n")
    path.chmod(0o644)
    with pytest.raises(Misconfigured, match="chmod go-rwx"):
        registration_of(Settings(**given))
    path.chmod(0o600)
    found = registration_of(Settings(**given))
    assert found is not None
    assert found.secret == "s3cret"
    assert "s3cret" not in repr(found)
    for unfit in (b"\n", b"\xff\xfe"):
        path.write_bytes(unfit)
        with pytest.raises(Misconfigured):
            registration_of(Settings(**given))
