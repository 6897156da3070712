"""Pages that are reached by links, the staff's way in, and the customer's main story by keyboard alone."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, expect

from privacy_svc.examples import folder
from tests.e2e.browser import DESK, PHONE, Visitor, started
from tests.e2e.company import Company
from tests.oidc_provider import CLIENT, SECRET, OidcProvider, provider_running
from tests.shop import ANA, sqlite_shop
from tests.smtp import SmtpServer

NEWS = {
    "customer": {"id": ANA["key"]},
    "purpose": "marketing.email",
    "state": "given",
    "source": {"channel": "web"},
    "notice": {"id": "newsletter", "version": 2, "language": "en"},
}


class Organisation(Company):
    """A company whose staff have accounts. Its name is not the provider's: to a browser these are two sites."""

    provider: OidcProvider

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {
            "PRIVACY_OIDC_ISSUER": self.provider.url,
            "PRIVACY_OIDC_CLIENT_ID": CLIENT,
            "PRIVACY_OIDC_CLIENT_SECRET": str(self.folder / "client-secret"),
            "PRIVACY_OIDC_ROLE_DPO": "privacy-officers",
            "PRIVACY_OUTBOUND_ALLOW": "127.0.0.1",
        }


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as browser:
        yield browser


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    place = tmp_path_factory.mktemp("organisation")
    with ExitStack() as stack:
        made, store = Organisation(place), sqlite_shop(place)
        made.mail = stack.enter_context(SmtpServer())
        made.provider = stack.enter_context(provider_running())
        made.provider.asks = True
        secret = place / "client-secret"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        shutil.copytree(folder("policies"), place / "policies")
        purposes = place / "policies" / "purposes.yml"
        asked = purposes.read_text().replace("notice: newsletter\n", "notice: newsletter\n      double_opt_in: true\n")
        purposes.write_text(asked)
        made.run("init", "--store", store, "--name", "shop")
        made.client("officer", "dpo")
        made.client("marketing", "module")
        stack.enter_context(made.serving())
        yield made


def look(visitor: Visitor, path: str, name: str) -> None:
    """At both widths: axe-core finds nothing, nothing sticks out."""
    visitor.go(path)
    looked(visitor, name)


def looked(visitor: Visitor, name: str) -> None:
    for size in (PHONE, DESK):
        visitor.resize(size)
        visitor.check()
        visitor.shoot(name)


def test_the_pages_of_links(browser: Browser, company: Organisation) -> None:
    """To confirm, to unsubscribe, to fetch a package: before the button, after it, and where the link is none."""
    visitor, seen = Visitor(browser, company.url, size=PHONE), len(company.mail.to(ANA["email"]))
    company.call("marketing", "POST", "/v1/consents", json=NEWS).raise_for_status()
    token = company.newest(r"/confirm\?token=([\w-]+)", ANA["email"], seen)
    look(visitor, f"/confirm?token={token}", "confirm")
    visitor.page.get_by_role("button", name="Yes, I agree").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Thank you, you have agreed")
    looked(visitor, "confirmed")
    wanted = {"customer": NEWS["customer"], "purpose": "marketing.email"}
    link = company.call("marketing", "POST", "/v1/consents/unsubscribe-link", json=wanted).json()["url"]
    look(visitor, link.removeprefix(company.url), "unsubscribe")
    visitor.page.get_by_role("button", name="Stop it").click()
    looked(visitor, "unsubscribed")
    package = package_link(company)
    look(visitor, f"/d/{package}", "package")
    with visitor.page.expect_download():
        visitor.page.get_by_role("button").click()
    for path in ("/confirm?token=x", "/v1/consents/unsubscribe?token=x", "/d/x"):
        look(visitor, path, f"no-{path.strip('/').split('?')[0].replace('/', '-')}")
    assert visitor.foreign == []


def package_link(company: Organisation) -> str:
    """Of a request for access that the officer saw through."""
    seen = len(company.mail.to(ANA["email"]))
    body = {"right": "access", "customer": NEWS["customer"]}
    opened = company.call("officer", "POST", "/v1/requests", json=body).raise_for_status().json()
    path = f"/v1/requests/{opened['id']}"
    code = company.newest(r"\b(\d{6})\b", ANA["email"], seen)
    seen = len(company.mail.to(ANA["email"]))
    company.call("officer", "POST", f"{path}/verify", json={"code": code}).raise_for_status()
    return company.newest(r"/d/([\w-]+)", ANA["email"], seen)


def test_staff_come_in_by_their_account(browser: Browser, company: Organisation) -> None:
    """Out to the provider's site, back from it, straight into the console, and out of both."""
    visitor = Visitor(browser, company.url, size=DESK, also=company.provider.url)
    look(visitor, "/dpo", "console-refused")
    visitor.page.get_by_role("link", name="Sign in").click()
    looked(visitor, "console-sign-in")
    visitor.page.get_by_role("button", name="Sign in with your organisation's account").click()
    visitor.page.get_by_role("link", name="Log in").click()
    visitor.page.wait_for_url("**/dpo")
    expect(visitor.page.get_by_text("dora · dpo")).to_be_visible()
    looked(visitor, "console")
    visitor.page.get_by_role("button", name="Sign out").click()
    visitor.page.wait_for_url("**/dpo/sign-in")
    assert company.provider.signed_out
    company.provider.person.groups = []
    visitor.page.get_by_role("button", name="Sign in with your organisation's account").click()
    visitor.page.get_by_role("link", name="Log in").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Your account has no role here")
    looked(visitor, "console-no-role")
    assert visitor.foreign == []


def test_staff_come_in_by_a_link(browser: Browser, company: Organisation) -> None:
    """By keyboard alone; the page behind the link, and where it was used."""
    link = company.run("console", "--as", "piet").strip().removeprefix(company.url)
    visitor = Visitor(browser, company.url, size=DESK)
    look(visitor, link, "console-link")
    visitor.tab_to("Sign in")
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_url("**/dpo")
    visitor.tab_to("Sign out")
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_url("**/dpo/sign-in")
    visitor.go(link)
    visitor.page.get_by_role("button", name="Sign in").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("This sign-in link does not work any more")
    looked(visitor, "console-link-spent")


def test_the_main_story_by_keyboard_alone(browser: Browser, company: Organisation) -> None:
    """On a phone's width: sign in, turn purposes off and on, ask for one's data. Wherever Tab stops, it is seen, and
    nobody is thrown back to the beginning of a page."""
    visitor = Visitor(browser, company.url, size=PHONE)
    keys = visitor.page.keyboard
    visitor.go("/")
    visitor.tab_to("Skip to")
    keys.press("Enter")
    assert visitor.page.evaluate("document.activeElement.id") == "content"
    visitor.tab_to("Sign in")
    keys.press("Enter")
    visitor.page.wait_for_url("**/sign-in")
    visitor.tab_to("E-mail address")
    seen = len(company.mail.to(ANA["email"]))
    keys.type(ANA["email"])
    keys.press("Enter")
    visitor.page.wait_for_url("**/sign-in/code")
    code = company.newest_code(ANA["email"], seen)
    visitor.tab_to("Code")
    keys.type(f"{(int(code) + 1) % 1_000_000:06d}")
    keys.press("Enter")
    expect(visitor.page.get_by_role("alert")).to_be_visible()
    looked(visitor, "code-wrong")
    visitor.complaints.clear()  # of the browser, about the 401
    visitor.resize(PHONE)
    visitor.tab_to("Code")
    keys.type(code)
    keys.press("Enter")
    visitor.page.wait_for_url("**/me")
    visitor.tab_to("What you allow")
    keys.press("Enter")
    visitor.page.wait_for_url("**/me/choices")
    press(visitor, "analytics.product", "Turn off", "Off")
    visitor.tab_to(f"Turn on: read first what you agree to: {title(visitor, 'marketing.partners')}")
    keys.press("Enter")
    press(visitor, "marketing.partners", "Yes, I agree", "On")
    press(visitor, "marketing.partners", "Turn off", "Off")
    visitor.go("/me")
    visitor.tab_to("Your requests")
    keys.press("Enter")
    visitor.page.wait_for_url("**/me/requests")
    visitor.tab_to("Request this: See your data")
    keys.press("Space")
    visitor.page.wait_for_url("**/me/requests/*")
    visitor.check()
    assert (visitor.foreign, visitor.complaints) == ([], [])


def title(visitor: Visitor, purpose: str) -> str:
    return visitor.page.locator(f'[id="c-{purpose}"]').inner_text()


def press(visitor: Visitor, purpose: str, button: str, position: str) -> None:
    """And the reader is still at that purpose."""
    card = visitor.page.locator(f'[id="use-{purpose}"]')
    visitor.tab_to(f"{button}: {title(visitor, purpose)}")
    visitor.page.keyboard.press("Enter")
    expect(card.locator(".position")).to_have_text(position)
    within = "(id) => document.getElementById(id).contains(document.activeElement)"
    visitor.page.wait_for_function(within, arg=f"use-{purpose}", timeout=5_000)
