"""What users of other products complain about, in access requests: each could happen here, and does not."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import time_machine
from sqlalchemy import event

from privacy_svc.db import Database, now
from privacy_svc.rights import Packages, Right, State, Worker
from privacy_svc.rights.fulfilment import Fulfilment
from privacy_svc.rights.reading import Filter
from tests.conftest import ONE_DATABASE
from tests.rights.company import DATASET, Company, found_company
from tests.rights.running import done, finished
from tests.rights.test_approval import verified

LINKS = """\
      - name: memberships
        fields:
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta: {primary_key: true, references: [{dataset: crm, field: customers.id, direction: from}]}
          - name: account_id
            data_categories: [system.operations]
            fides_meta: {primary_key: true, references: [{dataset: crm, field: accounts.id, direction: to}]}
      - name: accounts
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: nickname, data_categories: [user.account.username]}
"""

pytestmark = ONE_DATABASE


def tables_of(company: Company, request: str) -> dict[str, object]:
    with zipfile.ZipFile(io.BytesIO(Packages(company.requests).package(request, "dora"))) as archive:
        names = [n for n in archive.namelist() if n.startswith("data/") and n.endswith(".json")]
        return {n[5:-5]: json.loads(archive.read(n)) for n in names}


def test_tables_that_only_link_do_not_leak_into_the_package(database: Database, tmp_path: Path) -> None:
    """fidesops #1385: the accounts are there, the table that leads to them is not."""
    home = tmp_path / "home"
    home.mkdir()
    url = f"sqlite:///{tmp_path / 'crm.sqlite'}"
    with found_company(home, database, url, **{"datasets/crm.yml": DATASET + LINKS}) as company:
        company.write("CREATE TABLE memberships (customer_id INT, account_id INT)")
        company.write("CREATE TABLE accounts (id INTEGER PRIMARY KEY, nickname TEXT)")
        company.write("INSERT INTO memberships VALUES (1, 7), (2, 8)")
        company.write("INSERT INTO accounts VALUES (7, 'anabel'), (8, 'bobo')")
        request = verified(company, Right.ACCESS)
        assert Fulfilment(database, company.requests.parts).run(request.id) is None
        found = tables_of(company, request.id)
        assert found["accounts"] == [{"id": 7, "nickname": "anabel"}]
        assert "memberships" not in found


def test_a_retry_gives_the_data(company: Company, worker: Worker) -> None:
    """fidesops #1348 (a retry gave erasure counts): what failed and is approved again ends with the whole package."""
    company.write("ALTER TABLE notes RENAME TO away")
    request = verified(company, Right.ACCESS)
    assert finished(company, request.id).state == State.FAILED
    company.write("ALTER TABLE away RENAME TO notes")
    company.requests.approve(request.id, "dora")
    done(company, request.id)
    assert {name: len(rows) for name, rows in tables_of(company, request.id).items()} == {  # type: ignore[arg-type]
        "customers": 1, "orders": 2, "tickets": 1, "notes": 1,
    }  # fmt: skip


def test_a_request_does_not_forget_who_asked(company: Company) -> None:
    """Fides #4215 (the identity had expired when the request was approved): weeks later it is carried out."""
    request = verified(company, Right.ACCESS)
    with time_machine.travel(now() + timedelta(days=25), tick=False):
        assert Fulfilment(company.database, company.requests.parts).run(request.id) is None
        assert tables_of(company, request.id)["customers"]


def test_lists_load_no_packages(company: Company) -> None:
    """Fides PR #6975 (out of memory): a list of requests and one request's page read nothing of any package."""
    request = verified(company, Right.ACCESS)
    assert Fulfilment(company.database, company.requests.parts).run(request.id) is None
    said: list[str] = []
    event.listen(company.database.engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    company.requests.list(Filter())
    company.requests.show(request.id)
    Packages(company.requests).link(request.id)
    assert said
    assert not [statement for statement in said if "request_packages" in statement]


def test_a_person_may_withdraw_until_the_end(company: Company) -> None:
    """Fides #2370 (open since 2023): an access that waits for its worker is withdrawn, and its run does nothing."""
    request = verified(company, Right.ACCESS)
    company.requests.withdraw(request.id, "desk")
    assert Fulfilment(company.database, company.requests.parts).run(request.id) is None
    assert company.requests.show(request.id).state == State.CANCELLED
    assert not company.mails()[1:]
