"""The service as real processes: the command line, `serve`, `worker`."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from typing import Any

import httpx

SECONDS = 60


@dataclass
class Installation:
    """One organisation's folder: `var`, `policies`, `audits`, and the environment its processes run in."""

    folder: Path
    database_url: str = ""
    port: int = field(default_factory=lambda: free_port())  # noqa: PLW0108 - defined below
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "var"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        ours = {k: v for k, v in os.environ.items() if not k.startswith("PRIVACY_")}
        given = {"PRIVACY_DATABASE_URL": self.database_url} if self.database_url else {}
        return {**ours, **given, "PRIVACY_BASE_URL": self.url, "PRIVACY_PORT": str(self.port)}

    def run(self, *arguments: str, expect: int = 0, told: str | None = None) -> str:
        """`privacy-svc …` in the folder; its standard output. `told`: what it reads from the standard input. Fails,
        showing what was said, on another exit code."""
        command = [sys.executable, "-m", "privacy_svc", *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            input=told,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout if expect != 2 else done.stderr

    def client(self, name: str, role: str) -> None:
        self.tokens[name] = self.run("clients", "add", name, "--role", role).split()[0]

    def call(self, name: str, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[name]}"} if name else {}
        return httpx.request(method, self.url + path, headers=headers, timeout=SECONDS, **more)

    def mails(self) -> set[Path]:
        return set((self.home / "outbox").glob("*.eml"))

    def code(self, before: set[Path]) -> str:
        """Of the mail that came since: it is written when the request was answered."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            for mail in self.mails() - before:
                text = message_from_bytes(mail.read_bytes()).get_payload(decode=True)
                assert isinstance(text, bytes)
                if found := re.search(rb"\b\d{6}\b", text):
                    return found[0].decode()
            time.sleep(0.02)
        raise AssertionError("no mail with a code came")

    def fulfil(self, right: str, customer: dict[str, str], details: dict[str, Any] | None = None) -> dict[str, Any]:
        """Open a request, verify, approve where it waits for that, and wait until it has ended."""
        body = {"right": right, "customer": customer, "details": details or {}}
        before = self.mails()
        opened = self.call("officer", "POST", "/v1/requests", json=body)
        assert opened.status_code == 201, opened.text
        path = f"/v1/requests/{opened.json()['id']}"
        verified = self.call("officer", "POST", f"{path}/verify", json={"code": self.code(before)})
        assert verified.is_success, verified.text
        if self.call("officer", "GET", path).json()["state"] == "awaiting_approval":
            assert self.call("officer", "POST", f"{path}/approve").is_success
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            view: dict[str, Any] = self.call("officer", "GET", path).json()
            if view["state"] in {"completed", "failed", "refused", "cancelled"}:
                return view
            time.sleep(0.05)
        raise AssertionError(view)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """`serve`, and a worker beside it where `serve` does not bring one."""
        with ExitStack() as stack:
            processes = [self._start(stack, "serve")]
            if self.database_url:
                processes.append(self._start(stack, "worker"))
            self.wait(processes)
            yield

    def _start(self, stack: ExitStack, command: str) -> "subprocess.Popen[bytes]":
        log = stack.enter_context((self.folder / f"{command}.log").open("wb"))
        arguments = [sys.executable, "-m", "privacy_svc", command]
        process = subprocess.Popen(arguments, cwd=self.folder, env=self.environment, stdout=log, stderr=log)
        stack.callback(process.wait, timeout=SECONDS)
        stack.callback(process.terminate)
        return process

    def wait(self, processes: "list[subprocess.Popen[bytes]]") -> None:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            assert all(p.poll() is None for p in processes), self.logs()
            try:
                if httpx.get(self.url + "/health/ready", timeout=2).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(self.logs())

    def logs(self) -> str:
        return "\n".join(p.read_text() for p in self.folder.glob("*.log"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
