"""What an attacker would try on every route: nobody, the wrong role, another site, a planted session, an evil name."""

import csv
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from httpx import Response
from litestar import Litestar
from litestar.routes import HTTPRoute
from sqlalchemy import text

from privacy_svc.db import Database
from privacy_svc.http import CustomerRef, Role
from privacy_svc.identity import COOKIE, CUSTOMER_COOKIE
from privacy_svc.identity.sessions import start_session
from privacy_svc.rights import Own, Right
from tests.conftest import ONE_DATABASE
from tests.web.conftest import HTML, SAME, Site

EVIL = '<img src=x onerror="alert(1)">'
STAFF = (Role.DPO, Role.ADMIN, Role.AUDITOR)
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


def table(app: Litestar) -> list[tuple[str, str, frozenset[Role]]]:
    """(method, path with parameters filled in, roles) of every route there is."""
    found = []
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        path = re.sub(r"{[^}]*int}", "1", route.path)
        path = re.sub(r"{[^}]*}", "x", path)
        for handler in route.route_handlers:
            roles = handler.opt.get("roles", frozenset())
            found += [(str(method), path, roles) for method in handler.http_methods if method != "OPTIONS"]
    return found


@pytest.fixture
def routes(site: Site) -> list[tuple[str, str, frozenset[Role]]]:
    return table(site.client.app)


def customer(site: Site, key: str = "1") -> str:
    """Signs the client in as this customer; their subject."""
    with site.runtime.database.write() as session:
        subject = site.runtime.directory.admit(session, CustomerRef(id=key))
        secret = start_session(session, site.runtime.log, Role.CUSTOMER, "person", subject_id=subject)
    site.client.cookies.clear()
    site.client.cookies.set(CUSTOMER_COOKIE, secret)
    return subject


def ask(site: Site, method: str, path: str, **headers: str) -> int:
    answer = site.client.request(method, path, headers=headers, content=b"", follow_redirects=False)
    return answer.status_code


@ONE_DATABASE
def test_every_route_says_who_may_call_it(routes: list[tuple[str, str, frozenset[Role]]]) -> None:
    """A route without a role fails here, as it does at the start."""
    assert [(m, p) for m, p, roles in routes if not roles] == []


@ONE_DATABASE
def test_nobody_gets_into_what_is_not_public(site: Site, routes: list[tuple[str, str, frozenset[Role]]]) -> None:
    """401 on every one, for a program; without, with an empty and with an invented session or token."""
    for method, path, roles in routes:
        if Role.PUBLIC in roles:
            continue
        assert ask(site, method, path) == 401, (method, path)
        assert ask(site, method, path, Authorization="Bearer psv_invented", **SAME) in {401, 429}, (method, path)
        for cookie in (f"{COOKIE}=planted; {CUSTOMER_COOKIE}=planted", f"{COOKIE}=; {CUSTOMER_COOKIE}="):
            assert ask(site, method, path, Cookie=cookie, **SAME) == 401, (method, path)


@ONE_DATABASE
def test_a_customer_gets_into_their_own_pages_only(site: Site, routes: list[tuple[str, str, frozenset[Role]]]) -> None:
    """Every other route refuses their session, under its own cookie and under the staff's."""
    customer(site)
    secret = site.client.cookies[CUSTOMER_COOKIE]
    site.client.cookies.clear()
    both = f"{CUSTOMER_COOKIE}={secret}; {COOKIE}={secret}"
    for method, path, roles in routes:
        if Role.PUBLIC in roles or path.startswith("/me/sign-out"):
            continue
        status = ask(site, method, path, Cookie=both, **SAME)
        assert (status in {401, 403}) == (Role.CUSTOMER not in roles), (method, path, status)


@ONE_DATABASE
@pytest.mark.parametrize("role", [*STAFF, Role.MODULE, Role.SENDER])
def test_nobody_else_gets_into_a_customers_pages(
    site: Site, routes: list[tuple[str, str, frozenset[Role]]], role: Role
) -> None:
    """Neither by a token nor by a session of the staff in the customer's cookie."""
    theirs = [(method, path) for method, path, roles in routes if Role.CUSTOMER in roles]
    assert len(theirs) > 10
    token = site.token(role)
    for method, path in theirs:
        assert ask(site, method, path, **token) == 403, (method, path)
    if role in STAFF:
        secret = site.sign_in(role)
        site.client.cookies.clear()
        for method, path in theirs:
            assert ask(site, method, path, Cookie=f"{CUSTOMER_COOKIE}={secret}", **SAME) == 403, (method, path)


@ONE_DATABASE
def test_no_other_site_can_use_a_session(site: Site, routes: list[tuple[str, str, frozenset[Role]]]) -> None:
    """Every route that changes something refuses a session's cookie without a sign that our own page sent it."""
    staff = site.sign_in()
    customer(site)
    cookies = f"{COOKIE}={staff}; {CUSTOMER_COOKIE}={site.client.cookies[CUSTOMER_COOKIE]}"
    site.client.cookies.clear()
    for method, path, roles in routes:
        if method not in UNSAFE or Role.PUBLIC in roles:
            continue
        for sign in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"}):
            assert ask(site, method, path, Cookie=cookies, **sign) == 403, (method, path, sign)


@ONE_DATABASE
def test_every_answer_forbids_frames_scripts_and_guessing(
    site: Site, routes: list[tuple[str, str, frozenset[Role]]]
) -> None:
    """Clickjacking, inline scripts, sniffing: the headers are on every route, also on refusals."""
    customer(site)
    for method, path, _ in routes:
        answer = site.client.request(method, path, headers=HTML | SAME, content=b"", follow_redirects=False)
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy, path
        assert "unsafe-inline" not in policy or path in {"/schema", "/logo"}, path  # styles of a picture, no scripts
        assert "script-src 'self'" in policy or "default-src 'none'" in policy, path
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        if path.startswith("/me"):
            assert answer.headers["cache-control"] == "no-store", path


@ONE_DATABASE
@pytest.mark.parametrize("evil", ["https://evil.example", "//evil.example", "/\\evil.example", "x\r\nSet-Cookie: a=b"])
def test_nobody_is_sent_elsewhere(site: Site, routes: list[tuple[str, str, frozenset[Role]]], evil: str) -> None:
    """No answer's Location leaves this service or breaks a line, whatever the query says."""
    customer(site)
    keys = ("next", "url", "return_to", "redirect", "lang", "token")
    for method, path, _ in routes:
        if method not in {"GET", "POST"} or path.startswith("/me/sign-out"):
            continue
        answer = site.client.request(
            method, path, params=dict.fromkeys(keys, evil), headers=HTML | SAME, content=b"", follow_redirects=False
        )
        location = answer.headers.get("location", "/")
        assert re.fullmatch(r"/(?![/\\])[^\r\n]*", location), (path, location)
        assert "a=b" not in answer.headers.get("set-cookie", "")


@ONE_DATABASE
def test_a_neighbour_cannot_plant_a_session(open_site: Any) -> None:
    """By https our cookies are `__Host-`, which another host of the domain cannot set; under the plain name, which it
    can, a good session is none. The browser is given no other name."""
    site = open_site(base_url="https://privacy.example")
    with site.client:
        came = site.client.post(
            "/dpo/sign-in", data={"token": site.link()}, headers=HTML | SAME, follow_redirects=False
        )
        customer(site)
        secrets = {COOKIE: came.cookies[f"__Host-{COOKIE}"], CUSTOMER_COOKIE: site.client.cookies[CUSTOMER_COOKIE]}
        site.client.cookies.clear()
        for path, name in (("/dpo", COOKIE), ("/me", CUSTOMER_COOKIE)):
            asked = (f"__Host-{name}={secrets[name]}", f"{name}={secrets[name]}")
            assert [ask(site, "GET", path, Cookie=cookie) for cookie in asked] == [200, 401]
            out = site.client.post(
                f"{path}/sign-out", headers=HTML | SAME | {"Cookie": asked[0]}, follow_redirects=False
            )
            given = [came.headers["set-cookie"], out.headers["set-cookie"]]
            assert all(c.startswith("__Host-") and "Secure" in c and "Path=/;" in f"{c};" for c in given), given
            assert ask(site, "GET", path, Cookie=asked[0]) == 401


LONG = {
    "Accept-Language": "ab-" * 100_000 + "!",
    "Cookie": f'{CUSTOMER_COOKIE}="' + '\\"' * 150_000,
    "Content-Type": "multipart/form-data; boundary=x" + "; a=b" * 60_000,
    "Accept": "text/html;q=0.1," * 10_000,
    "X-Forwarded-For": "10.0.0.1," * 30_000,
    "Authorization": "Bearer " + "x" * 300_000,
}


NESTED = [
    b"--x\r\nContent-Disposition: form-data; name=" + b"(" * 5_000 + b"\r\n\r\nv\r\n--x--",
    b"--x\r\nContent-Disposition: " + b"(" * 900 + b"\r\n\r\nv\r\n--x--",
    b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" * 20_000,
    b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" * 30,
]


@ONE_DATABASE
def test_nothing_is_worked_on_for_long(site: Site) -> None:
    """Headers as long as the server takes them, of the kind that costs the square of its length: this would take hours.
    A form that is nested, or goes on and on, is refused and no error of ours."""
    places = (("GET", "/"), ("GET", "/me"), ("POST", "/sign-in"), ("POST", "/v1/consents/unsubscribe?token=x"))
    for name, value in LONG.items():
        for method, path in places:
            headers = HTML | SAME | {name: value}
            answer = site.client.request(method, path, headers=headers, content=b"x", follow_redirects=False)
            assert answer.status_code < 500, (name, path)
    for body in NESTED:
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        assert site.client.post(places[-1][1], content=body, headers=headers).status_code == 400


def test_what_no_database_can_keep(site: Site) -> None:
    """Numbers beyond all, U+0000 in what is typed, an origin that is none: refused, and no error of ours."""
    customer(site)
    for after in ("9" * 30, f"-{'9' * 30}", str(2**63), "-1"):
        assert site.get(f"/me/log?after={after}").status_code in {200, 400}, after
        assert site.get(f"/me/log/{after}/proof").status_code in {400, 404}, after
    forms = {
        "/sign-in": {"email": "a\0b"},
        "/sign-in/code": {"code": "\0"},
        "/me/data": {"place": "shop.customers.city", "value": "a\0b"},
        "/me/requests": {"right": "\0"},
        "/me/requests/x/answer": {"answer": "\0"},
        "/me/choices/marketing.partners": {"position": "on", "notice": "\0"},
        "/dpo/sign-in": {"token": "\0"},
    }
    for path, form in forms.items():
        answer = site.client.post(path, data=form, headers=HTML | SAME, follow_redirects=False)
        assert answer.status_code < 500, path
    for origin in (b"http://[", b"null", b"\x80", b"//", "http://\u2100.example".encode()):
        answer = site.client.post("/sign-in", data={"email": "a@b.example"}, headers={"Origin": origin})  # type: ignore[dict-item]
        assert answer.status_code == 403, origin


class Tags(HTMLParser):
    """Elements that a page really has, and whatever could run a script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.risky: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            leads = name in {"href", "src", "action", "formaction"}
            if name.startswith("on") or (leads and (value or "").strip().lower().startswith("javascript:")):
                self.risky.append(f"<{tag} {name}={value}>")
        if tag == "img" and dict(attrs).get("src") == "x":
            self.risky.append(f"<{tag}>")


@pytest.fixture
def poisoned(open_site: Any, database: Database) -> Iterator[Site]:
    """Customer 1 calls themselves by a script, and by formulas of a spreadsheet."""
    site = open_site()
    url = site.runtime.settings.stores["shop"]
    store = Database(url)
    with store.engine.begin() as connection:
        given = {"name": EVIL, "formula": '=HYPERLINK("https://evil.example")'}
        connection.execute(text("UPDATE customers SET first_name = :name, last_name = :name WHERE id = 1"), given)
        connection.execute(text("UPDATE customers SET city = :formula WHERE id = 1"), given)
        connection.execute(text("UPDATE tickets SET subject = :name, body = :name WHERE customer_id = 1"), given)
    store.engine.dispose()
    with site.client:
        yield site


@ONE_DATABASE
def test_a_name_that_is_a_script_runs_nowhere(poisoned: Site) -> None:
    """On no page of the customer, the staff or the package, and in no mail as HTML; it is shown as the text it is."""
    subject = customer(poisoned)
    own = Own(poisoned.runtime.requests, subject, "en")
    request = own.open(Right.ACCESS, {})
    assert poisoned.runtime.requests.worker()._fulfilment.run(request.id) is None
    known = {"request_id": request.id, "subject": subject, "index": str(own.log(None, 1)[0].index)}
    pages = every_page(poisoned, Role.CUSTOMER, known)
    assert {"/me/data", f"/me/requests/{request.id}"} <= pages.keys()
    assert "&lt;img src=x onerror=" in pages["/me/data"].text
    poisoned.sign_in()
    pages |= every_page(poisoned, Role.DPO, known)
    assert {f"/dpo/requests/{request.id}", "/dpo/people", "/dpo/log"} <= pages.keys()
    reason = {"customer": "1", "reason": "they asked on the phone"}
    pages["the person"] = poisoned.client.post("/dpo/people", data=reason, headers=HTML | SAME)
    assert "&lt;img src=x onerror=" in pages["the person"].text
    for path, page in pages.items():
        if page.headers["content-type"].startswith("text/html"):
            assert Tags(page.text).risky == [], path
    index, tables = _package(own.package(request.id))
    assert "&lt;img src=x" in index
    assert Tags(index).risky == []
    cells = [cell for line in csv.reader(io.StringIO(tables, newline="")) for cell in line]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert "'=HYPERLINK" in tables
    for mail in (poisoned.runtime.settings.home / "outbox").glob("*.eml"):
        letter = mail.read_bytes()
        assert b"text/html" not in letter
        assert b"<img" not in letter


def every_page(site: Site, role: Role, known: dict[str, str]) -> dict[str, Response]:
    """All that this role may get, from the table of routes; what they have parameters for is there."""
    found = {}
    for route in site.client.app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        path = re.sub(r"{(\w+):[^}]*}", lambda part: known.get(part[1], "1"), route.path)
        if any("GET" in h.http_methods and {role, Role.PUBLIC} & h.opt["roles"] for h in route.route_handlers):
            found[path] = site.get(path)
    return found


def _package(content: bytes) -> tuple[str, str]:
    from io import BytesIO
    from zipfile import ZipFile

    with ZipFile(BytesIO(content)) as packed:
        names = packed.namelist()
        tables = "\n".join(packed.read(n).decode() for n in names if n.endswith(".csv"))
        return packed.read("index.html").decode(), tables


@ONE_DATABASE
@pytest.mark.parametrize("sent", [EVIL, "'\"><script>alert(1)</script>", "{{ 7*7 }}", "javascript:alert(1)"])
def test_what_is_sent_comes_back_as_text(site: Site, sent: str) -> None:
    """Reflected: query, form fields, paths and headers of every page for people."""
    customer(site)
    for path in ("/", "/sign-in", "/dpo/sign-in", "/me", "/me/data", "/confirm", "/unsubscribe", "/problems/x"):
        answer = site.client.get(path, params={"lang": sent, "token": sent}, headers=HTML | {"Accept-Language": "en"})
        assert Tags(answer.text).risky == [], path
        assert "<script>alert" not in answer.text
        assert "49" not in re.findall(r'value="([^"]*)"', answer.text)
    for path in ("/sign-in", "/sign-in/code", "/me/data", "/me/requests", f"/me/choices/{'x' * 9}"):
        form = dict.fromkeys(("email", "code", "place", "value", "right", "position"), sent)
        answer = site.client.post(path, data=form, headers=HTML | SAME, follow_redirects=False)
        assert answer.status_code < 500, path
        assert Tags(answer.text).risky == [], path
        assert "<script>alert" not in answer.text


@ONE_DATABASE
def test_an_address_cannot_add_a_header_to_a_mail(site: Site) -> None:
    """Lines in the address send nothing to anybody else."""
    for evil in ("ana.figueiredo@mail.example\r\nBcc: c@d.example", "a@b.example\nSubject: x", "x\0@y.example"):
        answer = site.client.post("/sign-in", data={"email": evil}, headers=HTML | SAME, follow_redirects=False)
        assert answer.status_code == 303
    assert list((site.runtime.settings.home / "outbox").glob("*.eml")) == []
