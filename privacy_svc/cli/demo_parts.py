"""The demo company's parts: its store, its service as a real process, its clients, its mailbox."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any, Self

import httpx

from privacy_svc import examples
from privacy_svc.cli.connecting import remember_store
from privacy_svc.cli.demo_store import build
from privacy_svc.client import Client
from privacy_svc.errors import Unavailable
from privacy_svc.home import create_home
from privacy_svc.http import CustomerRef, Role
from privacy_svc.identity import LINK_PATH, add_client, create_link
from privacy_svc.mail import OUTBOX
from privacy_svc.runtime import Runtime
from privacy_svc.settings import Settings

STORE = "shop"
CLIENTS = {
    "marketing": Role.MODULE,
    "support": Role.MODULE,
    "shop": Role.MODULE,
    "officer": Role.DPO,
    "auditor": Role.AUDITOR,
}
SECONDS = 30


@dataclass
class Company:
    """The running demo. `http` holds one authenticated client for each name of CLIENTS."""

    settings: Settings
    runtime: Runtime
    tokens: dict[str, str]
    server: subprocess.Popen[bytes]
    customers: int
    seconds: dict[str, float]
    stays: bool
    """Whether the service goes on after the story."""

    @classmethod
    @contextmanager
    def build(cls, settings: Settings, customers: int, seed: int, *, stays: bool) -> Iterator[Self]:
        begun = time.perf_counter()
        store = settings.home / "shop.sqlite"
        build(store, customers, seed)
        built = time.perf_counter()
        examples.copy_missing("policies", settings.policies)
        examples.copy_missing("audits", settings.audits)
        url = f"sqlite:///{store}"
        remember_store(settings.home, STORE, url)
        runtime = create_home(replace(settings, stores={STORE: url}))
        tokens = {}
        for name, role in CLIENTS.items():
            with runtime.database.write() as session:
                tokens[name] = add_client(session, runtime.log, name, role, "demo")[1]
        ready = time.perf_counter()
        server = _start(settings, "serve", "--port", str(settings.port))
        # With SQLite `serve` has a worker beside it; with PostgreSQL workers are started on their own.
        worker = None if settings.embedded else _start(settings, "worker")
        try:
            _wait(settings.base_url, server)
            took = {"store": built - begun, "home": ready - built, "start": time.perf_counter() - ready}
            yield cls(settings, runtime, tokens, server, customers, took, stays)
        finally:
            for process in (server, worker):
                if process is not None:
                    process.terminate()
                    process.wait(timeout=SECONDS)
            runtime.close()

    @property
    def store_file(self) -> Path:
        return self.settings.home / "shop.sqlite"

    def module(self, name: str) -> Client:
        return Client(self.settings.base_url, self.tokens[name], module=name, timeout=SECONDS)

    def call(self, name: str, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[name]}"}
        return httpx.request(method, self.settings.base_url + path, headers=headers, timeout=SECONDS, **more)

    def mails(self) -> list[Message]:
        """The mailbox, oldest first: without a mail server, mails are files."""
        files = sorted((self.settings.home / OUTBOX).glob("*.eml"), key=lambda f: f.stat().st_mtime_ns)
        return [message_from_bytes(f.read_bytes()) for f in files]

    def code(self, after: int) -> str:
        """Of a mail beyond the first `after`, as the person would read it: it is sent once the request is answered."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            for mail in self.mails()[after:]:
                text = mail.get_payload(decode=True)
                found = re.search(r"\b(\d{6})\b", text.decode() if isinstance(text, bytes) else "")
                if found is not None:
                    return found[1]
            time.sleep(0.02)
        raise Unavailable("No mail with a code came.")

    def console_link(self) -> str:
        with self.runtime.database.write() as session:
            token = create_link(session, self.runtime.log, Role.DPO, "piet")
        return f"{self.settings.base_url}{LINK_PATH}?token={token}"

    def customer_address(self) -> str:
        """By which one of the invented customers signs in to the Privacy Centre."""
        directory = self.runtime.directory
        with self.runtime.database.write() as session:
            subject_id = directory.admit(session, CustomerRef(id="2"))
            contacts = directory.contacts(session, [subject_id])[subject_id]
        return next(contact.value for contact in contacts if contact.kind == "email")

    def wait(self) -> None:
        try:
            self.server.wait()
        except KeyboardInterrupt:
            return


def _start(settings: Settings, *arguments: str) -> subprocess.Popen[bytes]:
    """`privacy-svc …` as anybody would start it, in a process group of its own, so that Ctrl-C reaches us first."""
    environment = {
        **os.environ,
        "PRIVACY_HOME": str(settings.home),
        "PRIVACY_POLICIES": str(settings.policies.resolve()),
        "PRIVACY_AUDITS": str(settings.audits.resolve()),
        "PRIVACY_BASE_URL": settings.base_url,
        "PRIVACY_DEMO": "true",
    } | ({"PRIVACY_DATABASE_URL": settings.database_url} if settings.database_url else {})
    command = [sys.executable, "-m", "privacy_svc", *arguments]
    with (settings.home / "service.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - ourselves
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )


def _wait(base_url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            if httpx.get(base_url + "/health/ready", timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise Unavailable("The service did not start; its log is service.log in the home folder.")
