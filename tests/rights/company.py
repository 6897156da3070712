"""A small company for these tests: its policy, its store with three people, and the parts around them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from privacy_svc.auditlog import Log, Signer
from privacy_svc.db import Database
from privacy_svc.http import CustomerRef
from privacy_svc.mail import Mailer
from privacy_svc.policy import PolicyHolder, PolicySet, compile_policies
from privacy_svc.rights import Requests
from privacy_svc.settings import Settings
from privacy_svc.store import Directory, Sealer, Stores, seal
from privacy_svc.vault import Vault
from tests.conftest import fresh_postgres
from tests.factories import make_vault

ANA = {"name": "Ana Figueiredo", "email": "ana@mail.example", "phone": "+49 30 9018 2042", "city": "Lisboa-Norte"}
"""The planted values: nothing of them may be found where they do not belong."""
NOTE = "Called about her allergy, will write from ana@mail.example"
TICKET = "My name is Ana Figueiredo and my parcel is lost"

ORGANISATION = """\
id: test
controller: {name: Acme, address: Main Street 1, email: a@acme.example, country: DE}
dpo: {name: Dora, email: dpo@acme.example}
authority: {name: The Authority, address: Authority Street 7}
languages: [en, de]
time_zone: Europe/Berlin
deadlines: EU
approval: [erasure, rectification]
phone_region: DE
recipients:
  letterbox: {name: Letterbox Ltd, country: US, role: processor, safeguard: standard contractual clauses}
"""

PURPOSES = """\
purposes:
  support:
    title: {en: Support, de: Hilfe}
    description: {en: We answer you., de: Wir antworten.}
    legal_basis: contract
    use: essential.service.operations.support
    dpv: dpv:CustomerCare
    subjects: [customer]
    categories: [user.name, user.contact.email]
    retention: P6Y
  newsletter:
    title: {en: Newsletter, de: Rundbrief}
    description: {en: News by mail., de: Neues.}
    legal_basis: consent
    consent: {notice: news, valid_for: P24M}
    use: marketing.communications.email
    dpv: dpv:DirectMarketing
    direct_marketing: true
    subjects: [customer]
    categories: [user.contact.email]
    retention: P1Y
    recipients: [letterbox]
"""

MODULES = "modules:\n  desk: {title: Desk, purposes: [support]}\n  mail: {title: Mail, purposes: [newsletter]}\n"
NOTICE = "---\ntitle: News\npurposes: [newsletter]\n---\nWe write to you.\n"

DATASET = """\
dataset:
  - fides_key: crm
    name: The CRM
    collections:
      - name: customers
        privacy: {subject: customer}
        fields:
          - name: id
            data_categories: [user.unique_id]
            fides_meta: {primary_key: true, data_type: integer}
          - name: name
            data_categories: [user.name]
            privacy: {id: 1001, seal: true, erase: shred}
          - name: email
            data_categories: [user.contact.email]
            fides_meta: {identity: email}
            privacy: {id: 1002, seal: true, index: [email], erase: shred}
          - name: phone
            data_categories: [user.contact.phone_number]
            fides_meta: {identity: phone_number}
            privacy: {id: 1003, seal: true, index: [phone], erase: shred}
          - name: city
            data_categories: [user.contact.address.city]
            privacy: {erase: null}
      - name: orders
        fields:
          - name: id
            data_categories: [system.operations]
            fides_meta: {primary_key: true, data_type: integer}
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta: {data_type: integer, references: [{dataset: crm, field: customers.id, direction: from}]}
          - name: billing_name
            data_categories: [user.name]
            privacy:
              id: 1010
              seal: true
              erase: keep
              keep: {ground: A17LegallyRequired, law: "§ 147 AO", period: P10Y}
          - name: total
            data_categories: [system.operations]
      - name: tickets
        privacy: {erase_rows: delete}
        fields:
          - name: id
            data_categories: [system.operations]
            fides_meta: {primary_key: true, data_type: integer}
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta: {data_type: integer, references: [{dataset: crm, field: customers.id, direction: from}]}
          - name: body
            data_categories: [user.content.private]
            privacy: {erase: null}
      - name: notes
        fields:
          - name: id
            data_categories: [system.operations]
            fides_meta: {primary_key: true, data_type: integer}
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta: {data_type: integer, references: [{dataset: crm, field: customers.id, direction: from}]}
          - name: note
            data_categories: [user.content.private]
            privacy: {erase: null}
"""

FILES = {
    "organisation.yml": ORGANISATION,
    "purposes.yml": PURPOSES,
    "modules.yml": MODULES,
    "datasets/crm.yml": DATASET,
    "notices/news/1.en.md": NOTICE,
    "notices/news/1.de.md": NOTICE,
}

SCHEMA = (
    "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, phone TEXT, city TEXT)",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INT REFERENCES customers, billing_name TEXT, total INT)",
    "CREATE TABLE tickets (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), body TEXT)",
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), note TEXT)",
)

ROWS = {
    "customers": [
        {"id": 1, **ANA},
        {"id": 2, "name": "Bo Berg", "email": "bo@mail.example", "phone": "+49 30 9018 2043", "city": "Bergen"},
        {"id": 3, "name": "<script>alert(1)</script>", "email": None, "phone": None, "city": "=1+1"},
    ],
    "orders": [
        {"id": 10, "customer_id": 1, "billing_name": ANA["name"], "total": 5},
        {"id": 11, "customer_id": 1, "billing_name": ANA["name"], "total": 7},
        {"id": 12, "customer_id": 2, "billing_name": "Bo Berg", "total": 9},
    ],
    "tickets": [{"id": 20, "customer_id": 1, "body": TICKET}, {"id": 21, "customer_id": 2, "body": "Where is it?"}],
    "notes": [{"id": 30, "customer_id": 1, "note": NOTE}],
}


@contextmanager
def store_url(request: pytest.FixtureRequest, database: Database, folder: Path) -> Iterator[str]:
    """An empty store of the privacy database's kind."""
    if database.engine.dialect.name == "postgresql":
        with fresh_postgres(request.getfixturevalue("postgres_server")) as url:
            yield url
    else:
        yield f"sqlite:///{folder / 'crm.sqlite'}"


def policies(**changed: str) -> PolicySet:
    return compile_policies({p: t.encode() for p, t in {**FILES, **changed}.items()})


def write_policies(folder: Path, **changed: str) -> Path:
    for name, content in {**FILES, **changed}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def fill_store(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in SCHEMA:
            connection.execute(text(statement))
        for table, rows in ROWS.items():
            names = ", ".join(rows[0])
            marks = ", ".join(f":{n}" for n in rows[0])
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), rows)
    engine.dispose()


@dataclass
class Company:
    """The service around one home folder, as a process composes it."""

    home: Path
    database: Database
    store_url: str
    policies: PolicyHolder
    vault: Vault
    log: Log
    signer: Signer
    stores: Stores
    requests: Requests

    def subject(self, key: str = "1") -> str:
        with self.database.write() as session:
            return self.requests.parts.directory.admit(session, CustomerRef(id=key))

    def seal(self) -> None:
        seal(Sealer(self.database, self.stores, self.vault, self.log, self.policies.current, "test"))

    def reword(self, old: str, new: str) -> None:
        """Another organisation.yml, in force at once."""
        path = self.home / "policies" / "organisation.yml"
        content = path.read_text()
        assert old in content
        path.write_text(content.replace(old, new))
        object.__setattr__(self.requests.parts, "policies", PolicyHolder(self.home / "policies"))

    def mail_by(self, url: str) -> None:
        """Mail goes to a server instead of the outbox."""
        object.__setattr__(self.requests.parts, "mailer", Mailer(Settings(home=self.home, smtp_url=url)))

    def mails(self) -> list[str]:
        return [p.read_text() for p in sorted((self.home / "outbox").glob("*.eml"))]

    def write(self, *statements: str, **values: object) -> None:
        """As the CRM does it."""
        engine = create_engine(self.store_url)
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement), values)
        engine.dispose()

    def rows(self, table: str) -> list[dict[str, object]]:
        engine = create_engine(self.store_url)
        with engine.connect() as connection:
            found = [dict(r) for r in connection.execute(text(f"SELECT * FROM {table} ORDER BY id")).mappings()]
        engine.dispose()
        return found


@contextmanager
def open_company(home: Path, database: Database, store_url: str, vault: Vault | None = None) -> Iterator[Company]:
    """Works on a home folder that `found_company` made; a second process may do the same. `vault`: one that was not
    registered, as a replay after a restore has it."""
    holder = PolicyHolder(home / "policies")
    vault = vault or make_vault(home, database)
    signer_file = home / "keys"
    signer = (Signer.load if (home / "signed").exists() else Signer.create)(signer_file, "test")
    (home / "signed").touch()
    log = Log(vault, signer, home / "checkpoints")
    others = home / "stores.json"
    stores = Stores({"crm": store_url, **(json.loads(others.read_text()) if others.exists() else {})})
    settings = Settings(home=home)
    requests = Requests(
        database=database,
        vault=vault,
        log=log,
        signer=signer,
        policies=holder,
        stores=stores,
        directory=Directory(holder, stores, vault, log),
        mailer=Mailer(settings),
        settings=settings,
    )
    yield Company(home, database, store_url, holder, vault, log, signer, stores, requests)
    stores.close()


@contextmanager
def found_company(home: Path, database: Database, store_url: str, **changed: str) -> Iterator[Company]:
    write_policies(home / "policies", **changed)
    fill_store(store_url)
    with open_company(home, database, store_url) as company:
        with database.write() as session:
            company.vault.create_index_root(session)
        yield company
