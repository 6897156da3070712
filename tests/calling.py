"""The service called over HTTP, in the process of the test."""

from typing import Any

from litestar.testing import TestClient

from privacy_svc.http import Role
from privacy_svc.identity import add_client
from privacy_svc.runtime import Runtime
from tests.apps import lend

CLIENTS = {
    "support": Role.MODULE,
    "marketing": Role.MODULE,
    "shop": Role.MODULE,
    "officer": Role.DPO,
    "boss": Role.ADMIN,
    "eye": Role.AUDITOR,
}


class Service:
    """The application, called as one of CLIENTS or, as "", by nobody."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.app = lend(runtime.settings, runtime)
        self.tokens: dict[str, str] = {}
        for name, role in CLIENTS.items():
            with runtime.database.write() as session:
                self.tokens[name] = add_client(session, runtime.log, name, role, "test")[1]
        self.http = TestClient(self.app)

    def call(self, name: str, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[name]}"} if name else {}
        return self.http.request(method, path, headers=headers | more.pop("headers", {}), **more)
