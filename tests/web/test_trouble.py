"""What people see when something goes wrong that no page foresaw."""

import re
from collections.abc import Callable

import pytest
from litestar.testing import TestClient

from privacy_svc.app import create_app
from tests.conftest import ONE_DATABASE
from tests.web.conftest import HTML, SAME, Site
from tests.web.test_mine import come_in, send, site

__all__ = ["site"]
pytestmark = ONE_DATABASE


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nope", 404),
        ("GET", "/dpo/nope", 404),
        ("POST", "/", 405),
        ("GET", "/me/log?after=abc", 400),
        ("GET", "/me/log/abc/proof", 404),
        ("POST", "/d/x", 403),
    ],
)
def test_people_get_pages(site: Site, method: str, path: str, status: int) -> None:
    """In their language, with the headers that HTTP wants; programs, and whoever asks the API, get a problem."""
    come_in(site)
    answer = site.client.request(method, path, headers=HTML | {"Accept-Language": "de"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8"), answer.text
    assert ('lang="de"' in answer.text) != path.startswith("/dpo")
    assert status != 405 or "GET" in answer.headers["allow"]
    for path_, accept in ((path, "application/json"), ("/v1/nope", HTML["Accept"])):
        plain = site.client.request(method, path_, headers={"Accept": accept})
        assert plain.headers["content-type"] == "application/problem+json"


def test_a_failure_nobody_foresaw_is_a_page_too(open_site: Callable[..., Site]) -> None:
    """Without a word of what it was."""
    site = open_site()
    app = create_app(site.runtime.settings, site.runtime)
    with TestClient(app, raise_server_exceptions=False) as client:
        app.dependencies["policies"].dependency = lambda: 1 / 0
        answer = client.get("/sign-in", headers=HTML)
    assert (answer.status_code, "That did not work" in answer.text) == (500, True)
    assert "Traceback" not in answer.text


def test_another_language_is_chosen_on_the_page_that_the_form_is_on(site: Site) -> None:
    """A link of a page that answers a form leads to no 405; nor to another host, whatever the browser says."""
    send(site, "/sign-in", email="nobody@mail.example")
    for referer, path in (("http://x/sign-in/code?a=b", "/sign-in/code"), ("", "/"), ("http://x//evil.example/", "/")):
        headers = HTML | SAME | {"Referer": referer}
        answer = site.client.post("/sign-in/code", data={"code": "1"}, headers=headers)
        assert answer.status_code == 401
        links = set(re.findall(r'href="([^"]*)\?lang=', answer.text))
        assert links == {path}
        assert site.get(f"{path}?lang=de").status_code == 200
    assert set(re.findall(r'href="([^"]*)\?lang=', site.get("/sign-in").text)) == {""}
