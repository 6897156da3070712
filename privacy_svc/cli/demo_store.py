"""A small shop's CRM database, generated: the same seed gives the same bytes.

No person in it exists. Mail addresses are under the reserved domain `.example` (RFC 2606);
phone numbers come from the ranges that regulators keep for fiction.
"""

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE employees (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, role TEXT NOT NULL);
CREATE TABLE customers (
  id INTEGER PRIMARY KEY, first_name TEXT NOT NULL, last_name TEXT NOT NULL, email TEXT NOT NULL, phone TEXT,
  birth_date TEXT, street TEXT, postal_code TEXT, city TEXT, country TEXT NOT NULL, language TEXT NOT NULL,
  newsletter INTEGER NOT NULL, created_at TEXT NOT NULL, last_order_at TEXT,
  closed_on TEXT);
CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price NUMERIC NOT NULL);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id), placed_at TEXT NOT NULL,
  total NUMERIC NOT NULL, status TEXT NOT NULL, delivery_address TEXT);
CREATE TABLE order_items (
  id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders (id),
  product_id INTEGER NOT NULL REFERENCES products (id), quantity INTEGER NOT NULL, price NUMERIC NOT NULL);
CREATE TABLE tickets (
  id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id), opened_at TEXT NOT NULL,
  subject TEXT NOT NULL, body TEXT NOT NULL, status TEXT NOT NULL);
CREATE TABLE call_notes (
  id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id), called_at TEXT NOT NULL,
  agent_id INTEGER NOT NULL REFERENCES employees (id), note TEXT NOT NULL);
CREATE TABLE newsletter_subscriptions (
  id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id), email TEXT NOT NULL,
  subscribed_at TEXT NOT NULL);
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX order_items_order ON order_items (order_id);
CREATE INDEX tickets_customer ON tickets (customer_id);
CREATE INDEX call_notes_customer ON call_notes (customer_id);
CREATE INDEX newsletter_customer ON newsletter_subscriptions (customer_id);
"""

TODAY = date(2026, 11, 1)
ANA = 1
"""The customer whose story the demo tells."""
_ANAS, _NOBODYS = ("+351 21 099 0042", "+351 21 099 0043"), 44
"""Her number before and after she corrects it. Nobody else has one of them: her erasure would stop at it."""
FEW = 100
"""Of so many or more the last two are special: a child, and somebody who left long ago."""
_SPECIAL: dict[int, dict[str, Any]] = {
    1: {"birth_date": date(2014, 6, 1), "country": "DE", "language": "de"},
    0: {"closed_on": date(2022, 3, 31)},
}


@dataclass(frozen=True)
class Country:
    code: str
    language: str
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    places: tuple[tuple[str, str], ...]
    streets: tuple[str, ...]
    phone: str


COUNTRIES = (
    Country(
        "DE",
        "de",
        ("Lena", "Jonas", "Mia", "Finn", "Clara", "Paul", "Greta", "Emil", "Nele", "Anton", "Frieda", "Moritz"),
        ("Albrecht", "Brandt", "Dietrich", "Engel", "Fiedler", "Hartwig", "Kessler", "Lorenz", "Petersen", "Winkler"),
        (("20095", "Hamburg"), ("10115", "Berlin"), ("50667", "Köln"), ("80331", "München"), ("04109", "Leipzig")),
        ("Lindenweg", "Hafenstraße", "Am Markt", "Rosengasse", "Bahnhofstraße"),
        "+49 30 23125 {:03d}",
    ),
    Country(
        "FR",
        "fr",
        ("Camille", "Louis", "Manon", "Hugo", "Élise", "Théo", "Agathe", "Jules", "Zoé", "Bastien"),
        ("Aubert", "Besson", "Carpentier", "Delorme", "Fontaine", "Guérin", "Lambert", "Moreau", "Rousselle"),
        (("75011", "Paris"), ("69002", "Lyon"), ("44000", "Nantes"), ("67000", "Strasbourg")),
        ("rue des Lilas", "avenue Foch", "quai du Port", "rue Nationale"),
        "+33 1 99 00 {:02d} {:02d}",
    ),
    Country(
        "GB",
        "en",
        ("Alice", "Oliver", "Freya", "Harry", "Isla", "George", "Poppy", "Arthur", "Maisie", "Toby"),
        ("Ashworth", "Barlow", "Cartwright", "Donovan", "Ellis", "Fairbairn", "Hargreaves", "Morley", "Whitfield"),
        (("SW1A 2AA", "London"), ("M1 1AE", "Manchester"), ("EH1 1YZ", "Edinburgh"), ("BS1 4DJ", "Bristol")),
        ("Station Road", "Church Lane", "Mill Street", "Orchard Close"),
        "+44 20 7946 0{:03d}",
    ),
    Country(
        "PT",
        "pt",
        ("Beatriz", "Tiago", "Inês", "Duarte", "Leonor", "Rui", "Marta", "Vasco"),
        ("Almeida", "Barbosa", "Carvalho", "Figueiredo", "Marques", "Nogueira", "Teixeira"),
        (("1100-148", "Lisboa"), ("4000-322", "Porto"), ("3000-150", "Coimbra")),
        ("Rua Augusta", "Rua das Flores", "Travessa do Carmo"),
        "+351 21 099 {:04d}",
    ),
)
PRODUCTS = (
    ("Linen tablecloth", 49.0), ("Stoneware mug", 18.5), ("Oak cutting board", 39.0), ("Wool blanket", 119.0),
    ("Beeswax candle", 12.9), ("Copper kettle", 89.0), ("Tea sampler", 24.0), ("Rye sourdough kit", 29.9),
    ("Cotton apron", 34.5), ("Cast-iron pan", 74.0), ("Herb seeds", 6.5), ("Picnic basket", 65.0),
)  # fmt: skip
TICKETS = (
    (
        "Parcel has not arrived",
        "My parcel was due on Monday. Please call me at {phone} or write to {email}. {first} {last}",
    ),
    ("Wrong item", "I ordered the {product} and got something else. My address is still {street}, {city}."),
    ("Invoice", "Could you send the invoice again to {email}? Thank you, {first}"),
    ("Change of address", "I have moved: {first} {last}, now {street}, {code} {city}."),
)
NOTES = (
    "Spoke with {first} {last}. Wants the {product} delivered after 18:00, call {phone} before.",
    "{first} asked about the loyalty card. Prefers e-mail ({email}). Husband's birthday next week.",
    "Complaint settled, sent a voucher to {street}, {city}. {last} was friendly.",
    "Voicemail left for {first} {last} on {phone}.",
)


@dataclass(frozen=True)
class Person:
    id: int
    first: str
    last: str
    email: str
    phone: str
    birth_date: date
    street: str
    code: str
    city: str
    country: str
    language: str
    closed_on: date | None = None

    @property
    def words(self) -> dict[str, str]:
        keys = ("first", "last", "email", "phone", "street", "code", "city")
        return {k: getattr(self, k) for k in keys}


def build(path: Path, customers: int, seed: int) -> None:
    """Write the store to a new SQLite file."""
    dice = random.Random(seed)  # noqa: S311 - invented people, not secrets
    with sqlite3.connect(path) as connection:
        connection.executescript(SCHEMA)
        _staff(connection)
        connection.executemany("INSERT INTO products (name, price) VALUES (?, ?)", PRODUCTS)
        for person in _people(dice, customers):
            _customer(connection, dice, person)
    connection.close()


def _staff(connection: sqlite3.Connection) -> None:
    staff = [("Katrin Vogel", "support"), ("Marc Lefèvre", "support"), ("Dana Novak", "sales"), ("Piet de Wit", "dpo")]
    rows = [(n, f"{n.split()[0].lower()}@nordlicht.example", r) for n, r in staff]
    connection.executemany("INSERT INTO employees (name, email, role) VALUES (?, ?, ?)", rows)


def _people(dice: random.Random, count: int) -> Iterator[Person]:
    yield Person(
        ANA, "Ana", "Figueiredo", "ana.figueiredo@mail.example", _ANAS[0], date(1987, 5, 14),
        "Rua das Flores 17", "4000-322", "Porto", "PT", "pt",
    )  # fmt: skip
    for number in range(2, count + 1):
        country = dice.choices(COUNTRIES, weights=(5, 3, 3, 2))[0]
        first, last = dice.choice(country.first_names), dice.choice(country.last_names)
        code, city = dice.choice(country.places)
        digits = (dice.randrange(100), dice.randrange(100))
        phone = country.phone.format(*digits) if country.code == "FR" else country.phone.format(dice.randrange(1000))
        phone = country.phone.format(_NOBODYS) if phone in _ANAS else phone
        email = f"{_plain(first)}.{_plain(last)}.{number}@mail.example"
        born = TODAY - timedelta(days=dice.randrange(18 * 366, 80 * 365))
        street = f"{dice.choice(country.streets)} {dice.randrange(1, 140)}"
        person = Person(number, first, last, email, phone, born, street, code, city, country.code, country.language)
        yield replace(person, **_SPECIAL.get(count - number, {})) if count >= FEW else person


def _plain(name: str) -> str:
    return name.lower().translate(str.maketrans("éèêëçãõóíáúñüöäß", "eeeecaooiaunuoas"))


def _customer(connection: sqlite3.Connection, dice: random.Random, p: Person) -> None:
    joined = datetime(2021, 1, 1) + timedelta(days=dice.randrange(1800), minutes=dice.randrange(1440))  # noqa: DTZ001 - the CRM's own local time
    if p.closed_on:
        joined = datetime(2021, 1, 1)  # noqa: DTZ001 - the same
    newsletter = p.id == ANA or dice.random() < 0.4
    orders = 3 if p.id == ANA else dice.choice((0, 1, 1, 2, 3))
    last_order = joined + timedelta(days=30 * orders) if orders else None
    connection.execute(
        "INSERT INTO customers VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            p.id, p.first, p.last, p.email, p.phone, p.birth_date.isoformat(), p.street, p.code, p.city, p.country,
            p.language, int(newsletter), joined.isoformat(" "), last_order and last_order.isoformat(" "),
            p.closed_on and p.closed_on.isoformat(),
        ),
    )  # fmt: skip
    if newsletter:
        connection.execute(
            "INSERT INTO newsletter_subscriptions (customer_id, email, subscribed_at) VALUES (?,?,?)",
            (p.id, p.email, joined.isoformat(" ")),
        )
    for number in range(orders):
        _order(connection, dice, p, joined + timedelta(days=30 * (number + 1)))
    if p.id == ANA or dice.random() < 0.35:
        subject, body = dice.choice(TICKETS)
        connection.execute(
            "INSERT INTO tickets (customer_id, opened_at, subject, body, status) VALUES (?,?,?,?,?)",
            (p.id, joined.isoformat(" "), subject, _fill(dice, body, p), dice.choice(("open", "closed"))),
        )
    for note in dice.sample(NOTES, k=2 if p.id == ANA else dice.choice((0, 0, 1))):
        connection.execute(
            "INSERT INTO call_notes (customer_id, called_at, agent_id, note) VALUES (?,?,?,?)",
            (p.id, joined.isoformat(" "), dice.randrange(1, 4), _fill(dice, note, p)),
        )


def _fill(dice: random.Random, text: str, person: Person) -> str:
    return text.format(**person.words, product=dice.choice(PRODUCTS)[0].lower())


def _order(connection: sqlite3.Connection, dice: random.Random, p: Person, placed: datetime) -> None:
    items = [(dice.randrange(len(PRODUCTS)), dice.randrange(1, 4)) for _ in range(dice.randrange(1, 4))]
    total = round(sum(PRODUCTS[i][1] * n for i, n in items), 2)
    address = f"{p.first} {p.last}, {p.street}, {p.code} {p.city}"
    order = connection.execute(
        "INSERT INTO orders (customer_id, placed_at, total, status, delivery_address) VALUES (?,?,?,?,?)",
        (p.id, placed.isoformat(" "), total, "delivered", address),
    ).lastrowid
    connection.executemany(
        "INSERT INTO order_items (order_id, product_id, quantity, price) VALUES (?,?,?,?)",
        [(order, i + 1, n, PRODUCTS[i][1]) for i, n in items],
    )
