"""What a person is given."""

import csv
import hashlib
import io
import json
import zipfile
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy_svc.rights import page
from privacy_svc.rights.article15 import Held, answer, retention_words
from privacy_svc.rights.package import Table, neutral, pack, table_files, to_csv
from tests.rights.company import policies

TABLE = Table("shop.Customer", "Customer", ("Id", "Name", "Phone"), ({"Id": 1, "Name": "=cmd()", "Phone": "+49 30 1"},))


@pytest.mark.parametrize("cell", ["=1+1", "+49 30", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_formulas_are_neutralised(cell: str) -> None:
    """A text that a spreadsheet would run starts with an apostrophe."""
    assert neutral(cell) == "'" + cell


@given(st.text())
def test_no_cell_starts_a_formula(cell: str) -> None:
    """Whatever the text, no cell of the CSV starts as a formula does, and nothing of it is lost."""
    table = Table("a.b", "b", ("x",), ({"x": cell},))
    [_, [found]] = list(csv.reader(io.StringIO(to_csv(table), newline="")))
    assert not found.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert found.removeprefix("'") == cell.removeprefix("'")


def test_numbers_stay_numbers() -> None:
    """A negative amount is not a formula."""
    assert neutral(-5) == -5
    assert neutral(Decimal("-5.10")) == "'-5.10"


def test_pack_is_deterministic_and_lists_its_files() -> None:
    """The same content gives the same bytes; the manifest's sums are the files' sums."""
    files = table_files([TABLE])
    first = pack(files, {"request": "r"})
    assert first == pack(dict(reversed(files.items())), {"request": "r"})
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        for listed in manifest["files"]:
            content = archive.read(listed["path"])
            assert hashlib.sha256(content).hexdigest() == listed["sha256"]
            assert len(content) == listed["bytes"]
        assert {f["path"] for f in manifest["files"]} | {"manifest.json"} == set(archive.namelist())
        assert json.loads(archive.read("data/Customer.json"))[0]["Name"] == "=cmd()"


def test_tables_of_one_name_do_not_meet() -> None:
    """Two datasets may have a table of the same name; both are there, and no name leaves the folder."""
    files = table_files([TABLE, Table("crm.customer", "", ("a",), ()), Table("x.../../etc", "", ("a",), ())])
    assert len(files) == 6
    assert all(".." not in name.split("/") and name.count("/") == 1 for name in files)


def test_page_escapes_and_runs_nothing() -> None:
    """A name that is markup is shown as text; the page has no script and loads nothing."""
    rows = ({"Id": 1, "Name": "<script>alert(1)</script>", "Phone": None},)
    table = Table("shop.Customer", "Customer", ("Id", "Name", "Phone"), rows)
    html = page.render(
        title="Your data",
        made_on="2026-11-23",
        information={
            **answer(policies(), Held("customer", frozenset({"user.name"}), ("shop.Customer",)), "en"),
            "recipients_told": [],
        },
        tables=[table],
        consents=[{"at": "2026-01-01T10:30:00+00:00", "purpose": "<b>news", "state": "given"}],
        entries=[{"at": "2026-01-02T10:30:00+00:00", "type": "gateway:record:read", "by": "support", "purpose": None}],
        demo=True,
    )
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script" not in html
    assert "<b>news" not in html
    assert "2026-01-01 10:30 UTC" in html
    assert "Record read" in html
    assert "http" not in html.replace("http-equiv", "")


def test_article_15_has_every_item() -> None:
    """Each item of Art. 15(1)(a) to (h) and (2) is answered, also for a person about whom we hold nothing."""
    items = {
        "confirmation", "purposes", "categories", "recipients", "retention", "rights", "complaint", "source",
        "automated_decisions", "transfers",
    }  # fmt: skip
    nothing = answer(policies(), Held("customer", frozenset(), ()), "en")
    held = answer(policies(), Held("customer", frozenset({"user.contact.email"}), ("shop.customer",)), "de")
    assert items <= set(nothing)
    assert all(held[item] for item in items)
    assert not nothing["confirmation"]["processed"]
    assert [p["key"] for p in held["purposes"]] == ["support", "newsletter"]
    assert held["purposes"][1]["title"] == "Rundbrief"
    assert held["recipients"][0]["name"] == "Letterbox Ltd"
    assert held["transfers"][0]["safeguard"] == "standard contractual clauses"
    assert nothing["transfers"]["state"] == "not_applicable"


@pytest.mark.parametrize(
    ("iso", "words"),
    [
        ("P6Y", "6 years after our relationship ends"),
        ("P1Y6M", "1 year and 6 months after our relationship ends"),
        ("P30D", "30 days after our relationship ends"),
        (None, "As long as the purpose lasts"),
    ],
)
def test_retention_in_words(iso: str | None, words: str) -> None:
    """A duration is told as people say it."""
    assert retention_words(iso) == words


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
