"""A data protection officer's day in a browser: the queue, a refusal, an audit and its finding, a breach, a person."""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from privacy_svc.examples import copy_missing
from tests.e2e.browser import DESK, PHONE, Visitor, started
from tests.e2e.company import Company
from tests.e2e.service import SECONDS
from tests.paper import archive
from tests.shop import ANA, sqlite_shop
from tests.smtp import SmtpServer

QUEUE = 20
PAPER = archive("access")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as browser:
        yield browser


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """With twenty requests in its queue."""
    place = tmp_path_factory.mktemp("desk")
    with ExitStack() as stack:
        made, store = Company(place), sqlite_shop(place, QUEUE + 5)
        made.mail = stack.enter_context(SmtpServer())
        for name in ("policies", "audits"):
            copy_missing(name, place / name)
        made.run("init", "--store", store, "--name", "shop")
        (place / "policies" / "connectors").mkdir()
        (place / "policies" / "connectors" / "paper.yml").write_text(PAPER)
        made.client("officer", "dpo")
        stack.enter_context(made.serving())
        for number in range(1, QUEUE + 1):
            verified(made, "erasure", number)
        yield made


def verified(company: Company, right: str, number: int) -> str:
    """A request of the customer of that number, who stood at the desk."""
    body = {"right": right, "customer": {"id": str(number)}}
    opened = company.call("officer", "POST", "/v1/requests", json=body).raise_for_status().json()
    reason = {"reason": "They stood at the desk."}
    company.call("officer", "POST", f"/v1/requests/{opened['id']}/verify", json=reason).raise_for_status()
    return str(opened["id"])


def until(company: Company, path: str, come: Callable[[Any], bool]) -> None:
    """Until a worker has brought it there."""
    deadline = time.monotonic() + SECONDS
    while not come(company.call("officer", "GET", path).json()):
        assert time.monotonic() < deadline, company.logs()
        time.sleep(0.05)


@pytest.fixture(scope="module")
def visitor(browser: Browser, company: Company) -> Visitor:
    visitor = Visitor(browser, company.url, size=DESK)
    link = re.search(r"/dpo/sign-in\?token=\S+", company.run("console", "--as", "dora"))
    assert link
    visitor.go(link[0])
    visitor.page.get_by_role("button", name=re.compile("Sign in|Come in", re.IGNORECASE)).first.click()
    visitor.page.wait_for_url("**/dpo")
    return visitor


def looked(visitor: Visitor, name: str) -> None:
    """At both widths: axe-core finds nothing, nothing sticks out."""
    for size in (PHONE, DESK):
        visitor.resize(size)
        visitor.check()
        visitor.shoot(f"desk-{name}")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/requests",
        "/todo",
        "/holds",
        "/people",
        "/audits",
        "/breaches",
        "/log",
        "/map",
        "/sessions",
        "/policy",
        "/figures",
    ],
)
def test_each_page(visitor: Visitor, path: str) -> None:
    """No fault of accessibility on any, at the width of a phone either."""
    visitor.go(f"/dpo{path}")
    looked(visitor, path.strip("/") or "today")


def test_a_queue_is_worked_off(visitor: Visitor) -> None:
    """One request is refused with a letter, the others are approved, until nothing waits for anybody."""
    page = visitor.page
    visitor.go("/dpo/requests?state=awaiting_approval")
    expect(page.locator("tbody tr")).to_have_count(QUEUE)
    page.locator("tbody a").first.click()
    looked(visitor, "request")
    page.get_by_label("Ground").select_option("A17LegalClaims")
    page.get_by_label("Explanation, for the person").fill("We defend ourselves against a claim of May.")
    page.get_by_role("button", name="Refuse").click()
    expect(page.locator("#tile-state + p")).to_have_text("refused")
    for left in range(QUEUE - 1, 0, -1):
        visitor.go("/dpo/requests?state=awaiting_approval")
        expect(page.locator("tbody tr")).to_have_count(left)
        page.locator("tbody a").first.click()
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Erasure")
    visitor.go("/dpo/requests?state=awaiting_approval")
    expect(page.get_by_text("There are none.")).to_be_visible()


def test_an_audit_and_its_finding(visitor: Visitor, company: Company) -> None:
    """A worker runs it, and the page that waits for it says so by itself. The store is not sealed yet, and the audit
    says so; a second run draws the scores."""
    page = visitor.page
    for _ in range(2):
        visitor.go("/dpo/audits")
        page.get_by_role("button", name=re.compile("Run now.*Before a release")).click()
        looked(visitor, "order")
        page.get_by_role("link", name="Read the report").click(timeout=60_000)
        expect(page.get_by_role("heading", level=1)).to_have_text("Before a release")
    expect(page.get_by_text("Fields in clear that the policy seals")).to_be_visible()
    looked(visitor, "report")
    visitor.go("/dpo/audits")
    expect(page.locator("svg polyline").first).to_be_attached()
    looked(visitor, "scores")


def test_a_breach_and_whom_it_touched(visitor: Visitor) -> None:
    """Entered, judged, asked of the log, drafted; by the forms alone."""
    page = visitor.page
    visitor.go("/dpo/breaches")
    page.get_by_label("What happened?").fill("A list lay open on a desk.")
    page.get_by_role("button", name="Enter it").click()
    page.get_by_label("Risk to people's rights").select_option("risk")
    for label in ("Why", "What may happen to people", "What was done, and is proposed"):
        page.get_by_label(label, exact=True).fill("Said.")
    page.get_by_label("Began").fill("2026-11-01T08:00")
    page.get_by_role("button", name="Note it").first.click()
    page.get_by_role("button", name=re.compile("Ask the log")).click()
    page.get_by_role("link", name="On to the breach").click(timeout=60_000)
    page.get_by_role("button", name=re.compile("Show them")).click()
    expect(page.get_by_text(re.compile(r"\d+ people in \d+ entries"))).to_be_visible()
    page.get_by_role("button", name="Draft them").click()
    expect(page.get_by_text("A list lay open on a desk.").first).to_be_visible()
    looked(visitor, "breach")


def test_a_person_and_the_entries_about_them(visitor: Visitor) -> None:
    """By an address, with a reason; from there to what the log has, with a proof of each entry."""
    page = visitor.page
    visitor.go("/dpo/people")
    page.get_by_label(re.compile("The CRM's key")).fill(str(QUEUE + 2))
    page.get_by_label("Why you look").fill("They called.")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A person")
    looked(visitor, "person")
    page.get_by_role("link", name="All entries about them").click()
    looked(visitor, "entries-asked")
    page.get_by_label("Why you look").fill("They called.")
    page.get_by_role("button", name="Open the entries").click()
    expect(page.get_by_text("Staff looked at everything").first).to_be_visible()
    looked(visitor, "entries")
    assert ANA["email"] not in page.content()


def test_what_waits_for_a_person(visitor: Visitor, company: Company) -> None:
    """A letter that was refused, a task at the archive, a value that an erasure left: by the forms alone, until nothing
    is left to do."""
    page, store = visitor.page, sqlite3.connect(company.folder / "shop.sqlite")
    refused, asked, erased = QUEUE + 2, QUEUE + 3, QUEUE + 4
    with store:
        [address] = store.execute("SELECT email FROM customers WHERE id = ?", [erased]).fetchone()
        store.execute("UPDATE call_notes SET note = ? WHERE customer_id = 1", [f"see also {address}"])
    store.close()
    company.mail.refuse = True
    request, ground = verified(company, "erasure", refused), {"ground": "A17LegalClaims", "explanation": "A claim."}
    company.call("officer", "POST", f"/v1/requests/{request}/refuse", json=ground).raise_for_status()
    company.mail.refuse = False
    verified(company, "access", asked)
    request = verified(company, "erasure", erased)
    company.call("officer", "POST", f"/v1/requests/{request}/approve").raise_for_status()
    until(company, "/v1/tasks", bool)
    until(company, "/v1/leftovers", bool)
    visitor.go("/dpo/todo")
    page.get_by_role("button", name=re.compile("^Show it")).click()
    expect(page.get_by_text("A claim.")).to_be_visible()
    looked(visitor, "todo-letter")
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_text("Everybody was told.")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Show who")).click()
    expect(page.get_by_text("Cellar, shelf 4.")).to_be_visible()
    looked(visitor, "todo-task")
    page.get_by_label("By what that is shown").fill("Copied, by Piet.")
    page.get_by_role("button", name="Note it").first.click()
    expect(page.get_by_text("No request waits for another system.")).to_be_visible()
    left = page.get_by_role("region", name=re.compile(f"Request {request}"))
    left.get_by_text("Decide", exact=True).click()
    left.get_by_label("What is to be done").select_option("redact")
    left.get_by_label("Why; an authority may ask").fill("An old note.")
    left.get_by_role("button", name="Note it").click()
    expect(left.get_by_text("Decided: take it out.")).to_be_visible()
    looked(visitor, "todo-leftover")
    left.get_by_role("button", name="Search again and go on").click()
    expect(left).to_have_count(0)
    until(company, f"/v1/requests/{request}", lambda found: found["state"] == "completed")


def test_a_hold_and_a_restriction(visitor: Visitor, company: Company) -> None:
    """Placed with its reason, shown, ended; a restriction's end is announced by telephone."""
    page = visitor.page
    request = verified(company, "restriction", QUEUE + 5)
    until(company, f"/v1/requests/{request}", lambda found: found["state"] == "completed")
    visitor.go("/dpo/holds")
    page.get_by_label(re.compile("The CRM's key")).fill(str(QUEUE + 5))
    page.get_by_label("Exemption").select_option("17(3)(e)")
    page.get_by_label("Why the data must be kept").fill("The claim of May.")
    page.get_by_role("button", name="Place it").click()
    page.get_by_role("button", name=re.compile("^Show why")).click()
    expect(page.get_by_text("The claim of May.")).to_be_visible()
    page.get_by_text("Announce its end").click()
    page.get_by_label("Why it ends; the person reads this").fill("It was right.")
    page.get_by_label(re.compile("^Told by other means")).fill("phone")
    looked(visitor, "holds-filled")
    page.get_by_role("button", name="Announce it").click()
    expect(page.get_by_text(re.compile("announced by dora"))).to_be_visible()
    page.get_by_text("End it").click()
    page.get_by_role("button", name="End the hold").click()
    expect(page.get_by_text("None stands.")).to_be_visible()


def test_the_console_by_keyboard(visitor: Visitor) -> None:
    """From the address bar to a search of the log, by Tab and Enter."""
    visitor.go("/dpo")
    visitor.tab_to("Log")
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_url("**/dpo/log")
    visitor.tab_to("Type, or its beginning")
    visitor.page.keyboard.type("rights:request")
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_url("**/dpo/log?type=rights*")
    expect(visitor.page.locator("tbody tr").first).to_be_visible()
    assert visitor.foreign == []
