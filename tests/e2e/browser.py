"""A real browser (Debian's Chromium, driven by Playwright) and axe-core, which looks at each page as WCAG 2.2 does."""

import functools
import hashlib
import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

AXE = "axe-core@4.11.0"
AXE_SHA512 = (
    "8a561a9c453cbf1c417b1a4977c716338125490ab841cb422ca8a1d1349f8c87"
    "c24137b21ffeb356b98825f2cfaca4ca2516e21be71f9d96d02230252661758d"
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 860}
NAME = "privacy.shop.test"
"""By which the browser reaches this machine as one that it does not take for its own."""
ROOT = Path(__file__).resolve().parents[2]
SHOTS = ROOT / "build" / "screenshots"
CACHE = ROOT / "build" / "axe"


_FOCUSED = """() => {
  const at = document.activeElement;
  if (at === document.body) return { name: "", seen: true };  // after the last stop, before the first one again
  const box = at.getBoundingClientRect(), style = getComputedStyle(at);
  const name = at.getAttribute("aria-label") || at.labels?.[0]?.textContent || at.textContent;
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  const within = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return { name: name.trim().replace(/\\s+/g, " "), seen: outlined && within };
}"""


@functools.cache
def chromium() -> str:
    """Where it is; the test is skipped, saying so, where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no browser: install Debian's chromium (apt-get install chromium)")
    return found


@functools.cache
def axe() -> str:
    """The script of axe-core, fetched once by npm and compared with the sum above."""
    kept = CACHE / f"{AXE}.tgz"
    if not kept.exists():
        if shutil.which("npm") is None:
            pytest.skip("axe-core is fetched by npm, which is not there (apt-get install npm)")
        CACHE.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(
            ["npm", "pack", "--silent", AXE], cwd=CACHE, capture_output=True, text=True, check=False
        )
        if packed.returncode:
            pytest.skip(f"npm could not fetch {AXE}")
        (CACHE / packed.stdout.strip().splitlines()[-1]).replace(kept)
    assert hashlib.sha512(kept.read_bytes()).hexdigest() == AXE_SHA512, f"{kept} is not the {AXE} that was looked at"
    with tarfile.open(kept) as archive:
        script = archive.extractfile("package/axe.min.js")
        assert script is not None
        return script.read().decode()


@contextmanager
def started() -> Iterator[Browser]:
    path, rules = chromium(), f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs rights that a container's root does not have; the pages are ours.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", rules])
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """Somebody with a browser. Whatever a page asks of another host is refused, and told in `foreign`; but for `also`,
    the host of an OpenID provider."""

    def __init__(
        self,
        browser: Browser,
        url: str,
        *,
        size: dict[str, int],
        scripts: bool = True,
        locale: str = "en",
        also: str = "",
    ) -> None:
        self._hosts = {urlsplit(url).netloc, urlsplit(also).netloc}
        self.url, self.foreign, self.complaints = url, list[str](), list[str]()
        self._width, self._scripts = size["width"], scripts
        context = browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            java_script_enabled=scripts,
            locale=locale,
            base_url=url,
            bypass_csp=False,
            reduced_motion="reduce",  # a page that still glides to where it was led looks different each time
        )
        context.route("**/*", self._watch)
        self.page: Page = context.new_page()
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        self.page.on("dialog", lambda d: (self.complaints.append(f"dialog {d.message}"), d.dismiss()))

    def _watch(self, route: Route) -> None:
        if urlsplit(route.request.url).netloc in self._hosts:
            route.continue_()
        else:
            self.foreign.append(route.request.url)
            route.abort()

    def go(self, path: str) -> None:
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status < 500, path

    def resize(self, size: dict[str, int]) -> None:
        self._width = size["width"]
        self.page.set_viewport_size(size)  # type: ignore[arg-type]

    def tab_to(self, name: str, most: int = 60) -> None:
        """By the Tab key alone, to what a reader of the page hears called so. Wherever it stops on the way, that is
        seen: there is an outline, within the screen."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            found = self.page.evaluate(_FOCUSED)
            assert found["seen"], found
            if found["name"].startswith(name):
                return
        raise AssertionError(f"Tab never comes to {name!r} on {self.page.url}")

    def shoot(self, name: str) -> None:
        """Kept as an artefact. Nothing may stick out of the screen."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}-{self._width}.png", full_page=True)
        overflow = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{name} is {overflow} px wider than a screen of {self._width}"

    def check(self) -> None:
        """axe-core finds nothing. It is put in past the content policy, as an extension of the browser would be; where
        scripts are off it cannot run either."""
        if not self._scripts:
            return
        session = self.page.context.new_cdp_session(self.page)
        world = session.send("Page.createIsolatedWorld", {"frameId": self._frame(session), "worldName": "axe"})
        where = {"contextId": world["executionContextId"], "awaitPromise": True, "returnByValue": True}
        session.send("Runtime.evaluate", {"expression": axe(), **where})
        options = json.dumps({"runOnly": RULES, "resultTypes": ["violations"]})
        told: Any = session.send("Runtime.evaluate", {"expression": f"axe.run(document, {options})", **where})
        assert "value" in told["result"], told
        faults = told["result"]["value"]["violations"]
        found = [f"{v['id']}: {n['html']} {n.get('failureSummary')}" for v in faults for n in v["nodes"]]
        assert found == [], f"{self.page.url}: " + " // ".join(found)

    @staticmethod
    def _frame(session: Any) -> str:
        return str(session.send("Page.getFrameTree")["frameTree"]["frame"]["id"])
