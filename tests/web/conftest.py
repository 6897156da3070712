"""The whole service as HTTP, over the example policies and the demo shop; and who may come in."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient

from privacy_svc.db import Database
from privacy_svc.db.tables import metadata
from privacy_svc.http import Role
from privacy_svc.identity import COOKIE, add_client, create_link
from privacy_svc.runtime import Runtime
from tests.apps import lend
from tests.factories import make_runtime
from tests.shop import sqlite_shop

REPOSITORY = Path(__file__).resolve().parents[2]
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SAME = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Site:
    """The running service, as a browser and as programs reach it."""

    runtime: Runtime
    client: TestClient[Litestar]

    def token(self, role: Role) -> dict[str, str]:
        name = "marketing" if role is Role.MODULE else f"tool-{role}"
        with self.runtime.database.write() as session:
            _, token = add_client(session, self.runtime.log, name, role, "test")
        return {"Authorization": f"Bearer {token}"}

    def link(self, role: Role = Role.DPO, name: str = "dora") -> str:
        with self.runtime.database.write() as session:
            return create_link(session, self.runtime.log, role, name)

    def sign_in(self, role: Role = Role.DPO, name: str = "dora") -> str:
        """The session cookie of somebody who pressed the button; the client sends it from now on."""
        answer = self.client.post(
            "/dpo/sign-in", data={"token": self.link(role, name)}, headers=SAME, follow_redirects=False
        )
        assert answer.status_code == 303
        return str(answer.cookies[COOKIE])

    def get(self, path: str, **headers: str) -> Response:
        return self.client.get(path, headers=HTML | headers, follow_redirects=False)


@pytest.fixture
def more_policies() -> Mapping[str, str]:
    """Files beside those of the example; a module of tests may say which."""
    return {}


@pytest.fixture
def open_site(database: Database, tmp_path: Path, more_policies: Mapping[str, str]) -> Callable[..., Site]:
    metadata.create_all(database.engine)
    for name in ("policies", "audits"):
        shutil.copytree(REPOSITORY / name, tmp_path / name)
    for name, text in more_policies.items():
        path = tmp_path / "policies" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (tmp_path / "home").mkdir(mode=0o700)
    stores = {"shop": sqlite_shop(tmp_path, 30)}
    runtime = make_runtime(tmp_path / "home", database, stores, tmp_path / "policies")

    def opened(**settings: Any) -> Site:
        chosen = replace(runtime.settings, audits=tmp_path / "audits", **settings)
        changed = replace(runtime, settings=chosen)
        return Site(changed, TestClient(lend(chosen, changed), raise_server_exceptions=False))

    return opened


@pytest.fixture
def site(open_site: Callable[..., Site]) -> Iterator[Site]:
    site = open_site()
    with site.client:
        yield site
