"""A customer's stories in a real browser, at a phone's width and at a desk's, without scripts too."""

import re
import shutil
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from privacy_svc.examples import folder
from tests.conftest import fresh_postgres
from tests.e2e.browser import DESK, NAME, PHONE, Visitor, started
from tests.e2e.company import Company, sign_in
from tests.e2e.service import SECONDS
from tests.shop import ANA, postgres_shop, sqlite_shop
from tests.smtp import SmtpServer


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as browser:
        yield browser


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    place = tmp_path_factory.mktemp(f"company-{request.param}")
    with ExitStack() as stack:
        if request.param == "sqlite":
            made, store = Company(place), sqlite_shop(place)
        else:
            server = request.getfixturevalue("postgres_server")
            made = Company(place, stack.enter_context(fresh_postgres(server)))
            store = stack.enter_context(postgres_shop(server))
        made.mail = stack.enter_context(SmtpServer())
        shutil.copytree(folder("policies"), place / "policies")
        made.run("init", "--store", store, "--name", "shop")
        made.run("seal")
        made.client("officer", "dpo")
        made.client("marketing", "module")
        stack.enter_context(made.serving())
        yield made


def permitted(company: Company, purpose: str) -> bool:
    """What a module is told at this moment."""
    body = {
        "subject": {"type": "module", "id": "marketing"},
        "action": {"name": "use"},
        "resource": {"type": "customer", "id": ANA["key"], "properties": {"fields": ["email"]}},
        "context": {"purpose": purpose},
    }
    answer = company.call("marketing", "POST", "/access/v1/evaluation", json=body)
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["decision"])


def wait_for(visitor: Visitor, text: str) -> None:
    """The page is loaded again until the worker is done."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if text in visitor.page.content():
            return
        time.sleep(0.2)
        visitor.page.reload()
    raise AssertionError(f"no {text!r} on {visitor.page.content()}")


def approve(company: Company, visitor: Visitor) -> str:
    """By the officer, once the page says that it is looked at; the request's id."""
    request_id = visitor.page.url.rpartition("/")[2]
    assert company.call("officer", "POST", f"/v1/requests/{request_id}/approve").is_success
    return request_id


PAGES = ("/me", "/me/data", "/me/choices", "/me/requests", "/me/log", "/me/sessions")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_every_page(browser: Browser, company: Company, size: dict[str, int]) -> None:
    """axe-core finds nothing, nothing is wider than the screen, no other host is asked, the console stays silent."""
    visitor = Visitor(browser, company.url, size=size)
    for name, path in (("centre", "/"), ("enter", "/sign-in"), ("problems", "/problems"), ("staff", "/dpo/sign-in")):
        visitor.go(path)
        visitor.check()
        visitor.shoot(name)
    sign_in(visitor, company)
    for path in PAGES:
        visitor.go(path)
        visitor.check()
        visitor.shoot(path.strip("/").replace("/", "-"))
    assert visitor.foreign == []
    assert visitor.complaints == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_from_consent_to_withdrawal(browser: Browser, company: Company, *, scripts: bool) -> None:
    """What the switch says is what a module is told, from the moment that the page shows it; without scripts too."""
    visitor = Visitor(browser, company.url, size=PHONE, scripts=scripts)
    sign_in(visitor, company, anew=not scripts)
    visitor.go("/me/choices")
    card = visitor.page.locator('[id="use-marketing.email"]')
    card.locator("summary").first.click()
    visitor.shoot(f"consent-{'scripts' if scripts else 'plain'}")
    card.get_by_role("button", name="Yes, I agree").click()
    expect(card.locator(".position")).to_have_text("On")
    assert permitted(company, "marketing.email")
    card.get_by_role("button", name="Turn off").click()
    expect(card.locator(".position")).to_have_text("Off")
    said = f"{card.locator('h2').inner_text()}: Off" if scripts else ""  # a whole page is read out by itself
    expect(visitor.page.get_by_role("status")).to_have_text(said)
    assert not permitted(company, "marketing.email")
    assert visitor.page.url.endswith("/me/choices")
    assert (visitor.foreign, visitor.complaints) == ([], [])


@pytest.mark.parametrize("trouble", ["signed out", "no network"])
def test_a_choice_that_does_not_hold_is_not_shown_as_if_nothing_was(
    browser: Browser, company: Company, trouble: str
) -> None:
    """Whoever is signed out meanwhile comes to the sign-in; whom the service does not answer is told by the browser."""
    visitor = Visitor(browser, company.url, size=PHONE)
    sign_in(visitor, company)
    visitor.go("/me/choices")
    if trouble == "signed out":
        visitor.page.context.clear_cookies()
    else:
        visitor.page.context.set_offline(True)
    visitor.page.locator("#choices form > button").first.click()
    expect(visitor.page.locator("#choices")).to_have_count(0)
    assert visitor.page.url.startswith("chrome-error:" if trouble == "no network" else f"{company.url}/sign-in")


def test_by_plain_http_too(browser: Browser, company: Company) -> None:
    """Where a browser says nothing of its own in Sec-Fetch-Site, as older ones never do, it says Origin: one signs in,
    changes a choice and out again."""
    visitor = Visitor(browser, f"http://{NAME}:{company.port}", size=PHONE)
    said = list[dict[str, str]]()
    visitor.page.on("request", lambda r: said.append(r.all_headers()) if r.method == "POST" else None)
    others = company.cookies  # of the other address; this session ends here
    sign_in(visitor, company, anew=True)
    company.cookies = others
    visitor.go("/me")
    visitor.page.get_by_role("button", name="Sign out").click()
    visitor.page.wait_for_url(re.compile(r"/$"))
    assert len(said) == 3
    assert not any("sec-fetch-site" in headers for headers in said)


def test_from_request_to_opened_package(browser: Browser, company: Company) -> None:
    """Asked for with one button, fetched with another; the package opens and has the values."""
    visitor = Visitor(browser, company.url, size=PHONE)
    sign_in(visitor, company)
    visitor.go("/me/requests")
    visitor.page.get_by_role("button", name="See your data").click()
    visitor.page.wait_for_url("**/me/requests/*")
    wait_for(visitor, "Download your data")
    visitor.check()
    visitor.shoot("request-done")
    with visitor.page.expect_download() as download:
        visitor.page.get_by_text("Download your data").click()
    with zipfile.ZipFile(BytesIO(Path(download.value.path()).read_bytes())) as package:
        assert ANA["email"] in package.read("index.html").decode()


def test_a_value_is_corrected_in_its_place(browser: Browser, company: Company) -> None:
    """Typed beside the wrong one, approved by the officer, and then shown."""
    visitor = Visitor(browser, company.url, size=PHONE)
    sign_in(visitor, company)
    visitor.go("/me/data")
    line = visitor.page.locator(".values > div", has=visitor.page.get_by_text("Postal code", exact=True))
    right = f"4{time.time_ns() % 1000:03d}-322"
    line.locator("summary").click()
    line.get_by_label("The right value").fill(right)
    visitor.check()
    visitor.shoot("correct")
    line.get_by_role("button").click()
    visitor.page.wait_for_url("**/me/requests/*")
    approve(company, visitor)
    wait_for(visitor, "Download the certificate")
    visitor.go("/me/data")
    expect(line).to_contain_text(right)


def test_who_looked_can_be_proved(browser: Browser, company: Company) -> None:
    """A module's read stands on the page with its purpose, and its proof is verified by the command on the page."""
    permitted(company, "marketing.email")
    visitor = Visitor(browser, company.url, size=DESK)
    sign_in(visitor, company)
    visitor.go("/me/log")
    wait_for(visitor, "Your data were asked for")
    wait_for(visitor, "Newsletter by e-mail")
    with visitor.page.expect_download() as download:
        visitor.page.locator(".lines a").first.click()
    proof = company.folder / download.value.suggested_filename
    proof.write_bytes(Path(download.value.path()).read_bytes())
    command = visitor.page.locator("pre code").inner_text()
    key = command.split('"')[1]
    assert str(int(re.findall(r"\d+", proof.name)[0])) in company.run("verify", proof.name, "--key", key)


def test_from_erasure_to_verified_certificate(browser: Browser, company: Company) -> None:
    """Ticked and asked for, approved, done: the session is over, the code of a new one never comes, and the certificate
    to which the last letter leads is verified offline."""
    visitor = Visitor(browser, company.url, size=PHONE)
    sign_in(visitor, company)
    visitor.go("/me/requests")
    visitor.page.get_by_label("Yes, erase my data").check()
    visitor.page.get_by_role("button", name="Erase your data").click()
    visitor.page.wait_for_url("**/me/requests/*")
    visitor.shoot("erasure-asked")
    letters = len(company.mail.to(ANA["email"]))
    request_id = approve(company, visitor)
    deadline = time.monotonic() + SECONDS
    while company.call("officer", "GET", f"/v1/requests/{request_id}").json()["state"] != "completed":
        assert time.monotonic() < deadline, company.logs()
        time.sleep(0.2)
    visitor.go("/me")
    assert visitor.page.url.endswith("/sign-in")
    visitor.go(company.newest(r"^http://[^/]+(/c/\S+)\s*$", ANA["email"], letters))
    visitor.check()
    visitor.shoot("erasure-proof")
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name="Download the certificate").click()
    certificate = company.folder / download.value.suggested_filename
    certificate.write_bytes(Path(download.value.path()).read_bytes())
    assert '"issue":2' in certificate.read_text()
    company.run("verify", certificate.name)
