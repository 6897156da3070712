"""Problem pages, health, metrics, the API's reference, static files: what every running service shows."""

import re

import pytest

from privacy_svc.auditlog.model import Outbox
from privacy_svc.db import new_id, now
from privacy_svc.errors import all_problems
from privacy_svc.http import Role
from privacy_svc.web.health import LONGEST_WAIT
from tests.web.conftest import REPOSITORY, Site


def test_every_problem_type_is_a_page(site: Site) -> None:
    """Title and remedy of each error class of the service can be read under its type."""
    listed = site.get("/problems").text
    for kind in all_problems():
        if kind.__module__.startswith("privacy_svc."):
            page = site.get(f"/problems/{kind.slug}")
            assert page.status_code == 200
            assert f'href="/problems/{kind.slug}"' in listed
    assert site.get("/problems/nothing").status_code == 404
    assert "data were erased" in site.get("/problems/erased").text


def test_alive_and_ready(site: Site) -> None:
    """Both answer without credentials; ready names the parts it asked."""
    assert site.get("/health/live").json()["status"] == "live"
    ready = site.get("/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert set(ready.json()["parts"]) == {"database", "migrations", "keys", "log", "stores"}


def test_not_ready_says_which_part(site: Site) -> None:
    """Keys gone, a store gone, a log that nobody integrates: 503 with the parts, and no path or host."""
    runtime = site.runtime
    with runtime.database.write() as session:
        runtime.vault.create_subject(session)
        session.add(Outbox(id=new_id(), at=now() - 2 * LONGEST_WAIT, type="t", actor="a", leaf=b""))
    runtime.log.stop()
    key = runtime.settings.home / "keys" / "epoch-1.key"
    key.rename(key.with_suffix(".away"))
    store = runtime.settings.home.parent / "shop.sqlite"
    runtime.stores.close()
    store.rename(store.with_suffix(".away"))
    store.mkdir()
    answer = site.get("/health/ready")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/not-ready")
    assert {e["pointer"] for e in answer.json()["errors"]} >= {"/keys", "/stores"}
    assert str(runtime.settings.home.parent) not in answer.text
    assert site.get("/health/live").status_code == 200


def test_metrics_are_by_route_and_only_for_the_operator(site: Site) -> None:
    """No path with a customer's key gets into a label; modules and strangers get nothing."""
    for headers, status in ((site.token(Role.ADMIN), 200), (site.token(Role.MODULE), 403), ({}, 401)):
        assert site.client.get("/metrics", headers=headers).status_code == status
    site.client.get("/problems/ana.figueiredo")
    text = site.client.get("/metrics", headers=site.token(Role.AUDITOR)).text
    assert 'path="/problems/{slug}"' in text
    assert "figueiredo" not in text


def test_the_reference_is_served_from_here(site: Site) -> None:
    """The viewer and its document; every file the page names is there; other paths are problems."""
    page = site.get("/schema")
    assert page.status_code == 200
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    assert len(files) >= 4
    for file in files:
        answer = site.get(file)
        assert answer.status_code == 200
        assert "max-age" in answer.headers["cache-control"]
    document = site.get("/schema/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert {"/v1/audits", "/v1/ropa", "/health/ready"} <= document["paths"].keys()
    assert not {"/dpo", "/", "/metrics"} & document["paths"].keys()
    assert site.get("/schema/elements", Accept="*/*").headers["content-type"] == "application/problem+json"


def test_what_is_vendored_has_its_licence() -> None:
    """What we took from others travels with the terms it came under."""
    folders = list((REPOSITORY / "privacy_svc" / "web" / "static" / "vendor").iterdir())
    found = {folder.name: {p.name for p in folder.iterdir()} for folder in folders}
    assert all("LICENSE" in names for names in found.values())
    assert {"NOTICE", "swagger-ui-bundle.js.LICENSE.txt"} <= found["swagger-ui-5.35.0"]


@pytest.mark.parametrize(
    "path", ["/static/../rendering.py", "/static/%2e%2e/rendering.py", "/static//etc/passwd", "/static/vendor"]
)
def test_only_static_files_are_static(site: Site, path: str) -> None:
    """Nothing outside of the folder, and no listings."""
    assert site.get(path).status_code == 404


def test_the_pages_wear_the_organisations_colours_and_logo(site: Site) -> None:
    """From the policies; without a logo of its own the service's; a logo cannot run anything."""
    assert "--accent: #0b6e69" in site.get("/appearance.css").text
    assert site.get("/logo").headers["content-type"] == "image/svg+xml"
    (site.runtime.policies.folder / "logo.png").write_bytes(b"a picture")
    logo = site.get("/logo")
    assert (logo.content, logo.headers["content-type"]) == (b"a picture", "image/png")
    assert "sandbox" in logo.headers["content-security-policy"]
