"""An export comes in again: into the service it was made of, and into an empty one over the same store."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from privacy_svc.consent import Format
from privacy_svc.db import Database
from privacy_svc.examples import folder
from privacy_svc.policy import PolicyHolder
from privacy_svc.runtime import Runtime
from tests.calling import Service
from tests.consent.test_double_opt_in import token_of
from tests.consent.test_posting import letters
from tests.factories import make_runtime
from tests.store.test_importing import Desk, exported

NEWS: dict[str, Any] = {
    "purpose": "marketing.email",
    "state": "given",
    "notice": {"id": "newsletter", "version": 2, "language": "en"},
    "source": {"channel": "web", "reference": "form 7", "evidence": {"form": [1, "ü"]}},
}
SMS = NEWS | {"purpose": "marketing.sms", "notice": {"id": "offers", "version": 1, "language": "en"}}
MOTHER = {"guardian": {"verification": "card seen", "name": "Maria", "contact": "maria@mail.example"}}
SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def lived(shop: Runtime, tmp_path: Path) -> Runtime:
    """A service in which people said everything that can be said, by every way: letters, links, signals."""
    rules = tmp_path / "double"
    shutil.copytree(folder("policies"), rules)
    text_of = (rules / "purposes.yml").read_text().replace("# double_opt_in: true #", "double_opt_in: true #")
    (rules / "purposes.yml").write_text(text_of)
    lived = replace(shop, policies=PolicyHolder(rules))
    with lived.stores.read("shop") as connection:
        connection.execute(text("UPDATE customers SET email = 'implied.consent@bundled.example' WHERE id = 2"))
        connection.commit()
    service = Service(lived)

    def say(key: str, body: dict[str, Any], path: str = "/v1/consents") -> Any:
        answer = service.call("officer", "POST", path, json=body | {"customer": {"id": key}})
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    with service.http:
        for key in ("1", "2", "3"):
            say(key, NEWS | MOTHER)
            token = token_of(letters(lived.settings.home)[-1])
            answer = service.http.post("/confirm", data={"token": token}, headers=SAME)
            assert answer.status_code == 200, answer.text
        say("1", NEWS | {"state": "withdrawn"})  # which puts the address on the suppression list
        say("2", SMS)
        say("4", NEWS)  # never confirmed
        say("5", NEWS | {"state": "refused"})
        link = say("3", {"purpose": "marketing.email"}, "/v1/consents/unsubscribe-link")
        path = link["url"].removeprefix(lived.settings.base_url)
        assert service.http.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
        for path, sent in (("objections", {"direct_marketing": True}), ("signals", {"gpc": 1})):
            answer = service.call("officer", "POST", f"/v1/customers/2/{path}", json=sent)
            assert answer.status_code in {200, 201}, answer.text
    return lived


@contextmanager
def empty(lived: Runtime, tmp_path: Path, template: Path) -> Iterator[Runtime]:
    """Another service over the same store."""
    home = tmp_path / "empty"
    home.mkdir()
    shutil.copy(template, home / "privacy.sqlite3")
    database = Database(f"sqlite:///{home / 'privacy.sqlite3'}")
    runtime = make_runtime(home, database, lived.settings.stores, lived.policies.folder)
    yield runtime
    runtime.stores.close()
    database.engine.dispose()


@pytest.mark.parametrize("form", list(Format))
def test_everything_that_was_lived_comes_in_again(
    lived: Runtime, form: Format, tmp_path: Path, sqlite_template: Path
) -> None:
    """Nothing is refused and nothing twice, also of people whose address was suppressed since; the second export is
    the first."""
    raw = exported(lived, form)
    here = Desk(lived)
    before = here.states()
    assert sum(map(len, before.values())) > 10
    totals = here.take(raw=raw, form=form)
    assert (totals.recorded, totals.unchanged, here.refused) == (0, totals.rows, [])
    assert here.states() == before
    with empty(lived, tmp_path, sqlite_template) as other:
        there = Desk(other)
        assert (there.take(raw=raw, form=form).recorded, there.refused) == (totals.rows, [])
        assert there.states() == before
        assert there.take(raw=raw, form=form).unchanged == totals.rows
        assert sorted(exported(other, form).splitlines()) == sorted(raw.splitlines())
