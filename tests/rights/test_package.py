"""What a person is given."""

import csv
import hashlib
import io
import json
import re
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy_svc.policy import Collection, DataMap, Dataset, Field, Source
from privacy_svc.rights import page
from privacy_svc.rights.article15 import Held, answer, left_out, portable, retention_words
from privacy_svc.rights.languages import LANGUAGES
from privacy_svc.rights.package import pack
from privacy_svc.rights.package_words import TEXTS
from privacy_svc.rights.spool import PIECE, Spool
from privacy_svc.rights.tables import SHOWN, Table, file_names, neutral
from tests.rights.company import PURPOSES, policies

EMAIL = Field("email", ("user.contact.email",))
ROW: dict[str, Any] = {"Id": 1, "Name": "=cmd()", "Phone": "+49 30 1"}


def table(*rows: dict[str, Any], path: str = "shop.Customer", file: str = "Customer") -> Table:
    dataset, _, name = path.partition(".")
    fields = tuple(Field(key, ("user.name",)) for key in (rows[0] if rows else ROW))
    made = Table(Collection(dataset, name, fields), file, fields)
    for row in rows:
        made.add(row)
    return made


def read(packed: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return archive.read(name).decode()


@pytest.mark.parametrize("cell", ["=1+1", "+49 30", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_formulas_are_neutralised(cell: str) -> None:
    """A text that a spreadsheet would run starts with an apostrophe."""
    assert neutral(cell) == "'" + cell


@given(st.text(st.characters(codec="utf-8")))
def test_no_cell_starts_a_formula(cell: str) -> None:
    """Whatever the text, no cell of the CSV starts as a formula does, nothing of it is lost, and the JSON is exact."""
    packed = pack([table({"x": cell})], {}, {})
    [_, [found]] = list(csv.reader(io.StringIO(read(packed, "data/Customer.csv"), newline="")))
    assert not found.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert found.removeprefix("'") == cell.removeprefix("'")
    assert json.loads(read(packed, "data/Customer.json")) == [{"x": cell}]


def test_numbers_stay_numbers() -> None:
    """A negative amount is not a formula."""
    assert neutral(-5) == -5
    assert neutral(Decimal("-5.10")) == "-5.10"


def test_pack_is_deterministic_and_lists_its_files() -> None:
    """The same content gives the same bytes; the manifest's sums are the files' sums."""
    first = pack([table(ROW)], {"a.json": Spool("{}"), "b.json": Spool("[]")}, {"request": "r"})
    assert first == pack([table(ROW)], {"b.json": Spool("[]"), "a.json": Spool("{}")}, {"request": "r"})
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        for listed in manifest["files"]:
            content = archive.read(listed["path"])
            assert hashlib.sha256(content).hexdigest() == listed["sha256"]
            assert len(content) == listed["bytes"]
        assert {f["path"] for f in manifest["files"]} | {"manifest.json"} == set(archive.namelist())
        assert json.loads(archive.read("data/Customer.json"))[0]["Name"] == "=cmd()"


def test_schemas_say_what_is_there() -> None:
    """The JSON fits its JSON Schema, whatever the values' types; the Data Package names each CSV with its columns,
    length and sum, and types that its cells have."""
    rows: list[dict[str, Any]] = [
        {"n": 1, "x": 1.5, "d": Decimal("2.50"), "on": True, "day": date(2026, 1, 2), "mix": 1, "no": None, "z": b"\1"},
        {"n": -2, "x": 2, "d": None, "on": False, "day": None, "mix": "two", "no": None, "z": {"a": [1]}},
        {
            "n": 3,
            "x": 3,
            "d": None,
            "on": None,
            "day": None,
            "mix": datetime(2026, 1, 1, tzinfo=UTC),
            "no": None,
            "z": 1,
        },
    ]
    packed = pack([table(*rows)], {}, {"as_of": "2026-01-01T00:00:00+00:00"})
    schema = json.loads(read(packed, "schema/Customer.schema.json"))
    jsonschema.Draft202012Validator.check_schema(schema)
    content = json.loads(read(packed, "data/Customer.json"))
    jsonschema.validate(content, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([{**content[0], "n": "1"}], schema)
    described = json.loads(read(packed, "datapackage.json"))
    [resource] = described["resources"]
    text = read(packed, resource["path"])
    assert resource["bytes"] == len(text.encode())
    assert resource["hash"] == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    lines = list(csv.reader(io.StringIO(text, newline="")))
    assert [f["name"] for f in resource["schema"]["fields"]] == lines[0]
    assert [f["type"] for f in resource["schema"]["fields"]] == [
        "integer", "number", "number", "boolean", "date", "string", "string", "string",
    ]  # fmt: skip
    assert lines[1][:5] == ["1", "1.5", "2.50", "true", "2026-01-02"]
    assert re.fullmatch(r"[a-z0-9._-]+", resource["name"])


def test_tables_of_one_name_do_not_meet() -> None:
    """Two datasets may have a table of the same name; both are there, and no name leaves the folder."""
    paths = ["shop.Customer", "crm.customer", "x.../../etc"]
    datasets = [Dataset(d, d, (Collection(d, name, ()),)) for d, _, name in (p.partition(".") for p in paths)]
    names = file_names(DataMap(tuple(datasets)))
    assert len(set(names.values())) == 3
    assert all("/" not in name and not name.startswith("..") for name in names.values())


def test_a_long_file_is_kept_small() -> None:
    """What was written comes back in pieces; in memory a long file is a fraction of its length."""
    spool, line = Spool(), "Ana Figueiredo, Rua das Flores 17\n"
    for _ in range(60_000):
        spool.write(line)
    assert spool.size == 60_000 * len(line)
    assert sum(map(len, spool._kept)) + len(spool._open) < PIECE * 2
    assert b"".join(spool.pieces()) == line.encode() * 60_000
    assert spool.sha256 == hashlib.sha256(line.encode() * 60_000).hexdigest()


def shown(language: str, *tables: Table, **more: Any) -> str:
    held = Held("customer", frozenset({"user.name", "user.contact.email"}), (("shop.Customer", EMAIL),))
    known = {"recipients_told": [], "recipients_disclosed": [], "redactions": [], "unclear": [], "choices": {}}
    choices = {"restricted": True, "objections": ["<i>ads"]}
    return page.render(
        made_on="2026-11-23",
        time_zone="Europe/Berlin",
        information={**answer(policies(**more), held, language), **known, "choices": choices},
        tables=tables,
        consents=[{"at": "2026-01-01T23:30:00+00:00", "purpose": "<b>news", "state": "given"}],
        entries=[{"at": "2026-01-02T10:30:00+00:00", "type": "gateway:record:read", "by": "support", "purpose": None}],
        count=7,
        demo=True,
    )


def test_page_escapes_and_runs_nothing() -> None:
    """A name that is markup is shown as text; the page has no script and loads nothing; times are the local ones."""
    html = shown("en", table({"Id": 1, "Name": "<script>alert(1)</script>", "Phone": None}))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script" not in html
    assert "<b>news" not in html
    assert "<i>ads" not in html
    assert "2026-01-02 00:30" in html
    assert "Your data were read" in html
    assert "6 earlier ones" in html
    assert "http" not in html.replace("http-equiv", "")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "de",
            ("Hilfe", "E-Mail-Adresse", "Ihre Daten wurden gelesen", "6 Jahre nach", "Übertragbarkeit"),
        ),
        ("fr", ("Vos données", "Adresse e-mail", "Vos données ont été lues", "6 ans après", "Portabilité")),
        ("es", ("Sus datos", "Correo electrónico", "Se leyeron sus datos", "6 años después", "Portabilidad")),
        ("pt", ("Os seus dados", "Endereço de e-mail", "Os seus dados foram lidos", "6 anos depois", "Portabilidade")),
    ],
)
def test_page_speaks_the_language(language: str, said: tuple[str, ...]) -> None:
    """All of its own words, those of the log and of categories; nothing of the English is left."""
    html = shown(language, table(ROW, ROW))
    for word in said:
        assert word in html, word
    english = [
        text for key, text in TEXTS["en"].items() if "{" not in text and text != TEXTS[language][key] and len(text) > 14
    ]
    assert not [text for text in english if text in html]


def test_a_long_table_is_shown_in_part() -> None:
    """The page stays readable: it shows the first rows and says where the others are."""
    html = shown("en", table(*({"Id": n} for n in range(SHOWN + 25))))
    assert "and 25 more in the file data/Customer.csv" in html
    assert html.count("<td>") < SHOWN + 20


def test_all_languages_say_the_same() -> None:
    """Every text exists in every language with the same blanks; categories in all but English."""
    blank = re.compile(r"\{(\w+)\}")
    for language, words in LANGUAGES.items():
        german = LANGUAGES["de"]
        assert words.categories.keys() == (german.categories.keys() if language != "en" else set())
    for texts in TEXTS.values():
        assert texts.keys() == TEXTS["en"].keys()
        assert all(set(blank.findall(t)) == set(blank.findall(TEXTS["en"][k])) for k, t in texts.items())


def test_article_15_has_every_item() -> None:
    """Each item of Art. 15(1)(a) to (h) and (2) is answered, also for a person about whom we hold nothing."""
    items = {
        "confirmation", "purposes", "categories", "recipients", "retention", "rights", "complaint", "source",
        "automated_decisions", "transfers",
    }  # fmt: skip
    nothing = answer(policies(), Held("customer", frozenset()), "en")
    held = answer(policies(), Held("customer", frozenset({"user.contact.email"})), "de")
    assert items <= set(nothing)
    assert all(held[item] for item in items)
    assert not nothing["confirmation"]["processed"]
    assert [p["key"] for p in held["purposes"]] == ["support", "newsletter"]
    assert held["purposes"][1]["title"] == "Rundbrief"
    assert held["recipients"][0]["name"] == "Letterbox Ltd"
    assert held["transfers"][0]["safeguard"] == "standard contractual clauses"
    assert nothing["transfers"]["state"] == "not_applicable"
    assert nothing["automated_decisions"]["state"] == "not_applicable"


def test_a_decision_by_machine_is_told_with_its_logic() -> None:
    """Art. 15(1)(h): which purpose, by what logic, with what consequences."""
    automated = (
        "    automated:\n"
        "      logic: {en: We add up unpaid bills., de: Wir zählen offene Rechnungen.}\n"
        "      consequences: {en: No credit., de: Kein Kauf auf Rechnung.}\n      ground: contract\n"
    )
    changed = policies(**{"purposes.yml": PURPOSES.replace("    retention: P6Y\n", "    retention: P6Y\n" + automated)})
    [told] = answer(changed, Held("customer", frozenset({"user.name"})), "de")["automated_decisions"]
    assert told["logic"] == "Wir zählen offene Rechnungen."
    assert told["consequences"] == "Kein Kauf auf Rechnung."
    assert "No credit." in shown("en", **{"purposes.yml": PURPOSES.replace("    retention: P6Y\n", automated)})


def test_sources_are_told() -> None:
    """Art. 15(1)(g): what the data map says of each field, by name where somebody else gave it."""
    fields = (
        ("crm.customers", Field("email", ("user.contact.email",), source=Source.PROVIDED)),
        ("crm.scores", Field("score", ("user.behavior",), source=Source.RECEIVED, received_from="Scorer AG")),
        ("crm.orders", Field("total", ("system.operations",))),
    )
    told = answer(policies(), Held("customer", frozenset({"user.name"}), fields), "en")["source"]
    assert told == [
        {"statement": "You gave them to us", "fields": ["crm.customers.email"]},
        {"statement": "We received them from Scorer AG", "fields": ["crm.scores.score"]},
    ]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (None, None),
        (Source.PROVIDED, None),
        (Source.OBSERVED, None),
        (Source.DERIVED, "left.derived"),
        (Source.RECEIVED, "left.received"),
    ],
)
def test_portability_is_of_what_was_provided(source: Source | None, why: str | None) -> None:
    """Provided or observed is given, derived or received is not (WP 242); nothing without a contract or consent."""
    purposes = portable(policies(), "customer", [])
    assert left_out(Field("email", ("user.contact.email",), source=source), purposes) == why
    assert left_out(Field("phone", ("user.contact.phone_number",), source=source), purposes) == why or "left.basis"


@pytest.mark.parametrize(
    ("iso", "words", "worte"),
    [
        ("P6Y", "6 years after our relationship ends", "6 Jahre nach dem Ende unserer Beziehung"),
        ("P1Y6M", "1 year and 6 months after our relationship ends", "1 Jahr und 6 Monate nach dem Ende"),
        ("P30D", "30 days after our relationship ends", "30 Tage"),
        (None, "As long as the purpose lasts", "Solange der Zweck besteht"),
    ],
)
def test_retention_in_words(iso: str | None, words: str, worte: str) -> None:
    """A duration is told as people say it."""
    assert retention_words(iso, "en") == words
    assert retention_words(iso, "de").startswith(worte)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("BillingCity", "Billing city"),
        ("birth_date", "Birth date"),
        ("user.contact.email", "Email"),
        ("CRMId", "Crm id"),
    ],
)
def test_labels(name: str, words: str) -> None:
    """Column names become words."""
    assert page.label(name) == words
