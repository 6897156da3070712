"""What the SQL of a check can reach: the views, and nothing by any other way."""

import pytest
from sqlalchemy import text

from privacy_svc.audits.reachable import OutOfReach, check_reach
from tests.audits.conftest import REPOSITORY, Office

SCHEMAS = {"main", "temp", "public", "information_schema", "Odd"}
ATTACKS = [
    "SELECT id AS evidence, NULL AS since FROM public.subjects",
    "SELECT id AS evidence, NULL AS since FROM PUBLIC . subjects",
    'SELECT id AS evidence, NULL AS since FROM "public"."subjects"',
    'SELECT id AS evidence, NULL AS since FROM U&"\\0070ublic".subjects',
    "SELECT id AS evidence, NULL AS since FROM public/**/.subjects",
    "SELECT id AS evidence, NULL AS since FROM public --\n.subjects",
    'SELECT id AS evidence, NULL AS since FROM "Odd".subjects',
    "SELECT id AS evidence, NULL AS since -- \r FROM public.subjects",
    "SELECT id AS evidence, NULL AS since FROM ünlisted.subjects",
    "SELECT s.id AS evidence, NULL AS since FROM (TABLE public.subjects) AS s",
    "SELECT id AS evidence, NULL AS since FROM privacy.public.subjects",
    "SELECT (SELECT max(id) FROM public.subjects) AS evidence, NULL AS since",
    "SELECT query_to_xml('SELECT id FROM public.subjects', true, true, '') AS evidence, NULL AS since",
    "SELECT \"query_to_xml\"('SELECT 1', true, true, '') AS evidence, NULL AS since",
    "SELECT pg_catalog.query_to_xml('SELECT 1', true, true, '') AS evidence, NULL AS since",
    "SELECT table_to_xml('public.subjects', true, true, '') AS evidence, NULL AS since",
    "SELECT QUERY_TO_XML ('SELECT 1', true, true, '') AS evidence, NULL AS since",
    "SELECT word AS evidence, NULL AS since FROM ts_stat('SELECT leaf FROM public.audit_entries')",
    "SELECT set_config('search_path', 'public', true) AS evidence, NULL AS since",
    "SELECT current_setting('data_directory') AS evidence, NULL AS since",
    "SELECT lo_get(1) AS evidence, NULL AS since",
    "SELECT rolname AS evidence, NULL AS since FROM pg_roles",
    "SELECT name AS evidence, NULL AS since FROM sqlite_master",
    "SELECT table_name AS evidence, NULL AS since FROM information_schema.tables",
    "SELECT E'\\'' AS evidence, (SELECT max(id) FROM public.subjects) AS since, '",
    "SELECT $$'$$ AS evidence, (SELECT max(id) FROM public.subjects) AS since",
    "SELECT consent AS evidence, NULL AS since FROM consents WHERE consent OPERATOR(public.=) 'x'",
    "SELECT x.max('a') AS evidence, NULL AS since FROM consents x",
    "SELECT consent AS evidence, NULL AS since FROM consents; SELECT 1",
]


@pytest.mark.parametrize("sql", ATTACKS)
def test_nothing_but_the_views_can_be_reached(sql: str) -> None:
    """By a schema in any spelling, a function that runs what it is given, the database's own tables, or a quoting by
    which words would be read otherwise here than there."""
    with pytest.raises(OutOfReach, match=r"^it (names|calls|has) .*\.$"):
        check_reach(sql, SCHEMAS)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT consent AS evidence, given_at AS since FROM consents c WHERE c.given_at < :as_of",
        (
            "WITH newest AS (SELECT person, max(given_at) AS at FROM consents GROUP BY person) "
            "SELECT person AS evidence, at AS since FROM newest "
            "WHERE NOT EXISTS (SELECT 1 FROM persons p WHERE p.person = newest.person)"
        ),
        "SELECT consent AS evidence, NULL AS since FROM consents WHERE channel = 'public.subjects (''x'')' -- pg_roles",
        "SELECT CAST(count(*) AS TEXT) AS evidence, NULL AS since FROM persons HAVING count(*) > 1.5",
    ],
)
def test_ordinary_checks_are_not_in_its_way(sql: str) -> None:
    """Aliases, parameters, texts and comments may have any words."""
    check_reach(sql, SCHEMAS)


def test_every_check_that_comes_with_the_service_passes(office: Office) -> None:
    """Under the schemas that there are."""
    checked = {c.id: c for p in office.audits.programmes().values() for c in p.checks if c.sql}
    assert len(checked) > 20
    for check in checked.values():
        check_reach(check.sql, SCHEMAS)


def test_an_attack_is_an_error_of_its_check_alone(office: Office) -> None:
    """On both databases, with a sentence that names the word; a table that is there gives nothing out."""
    with office.database.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        schema = "main" if sqlite else str(connection.scalar(text("SELECT current_schema()")))
    for number, sql in enumerate(
        (
            f'SELECT id AS evidence, created_at AS since FROM "{schema}".subjects',
            "SELECT query_to_xml('SELECT 1', true, true, '') AS evidence, NULL AS since",
        )
    ):
        office.add_check(f"sql: |\n    {sql}", name=f"mine-{number}" if number else "mine")
    file = office.settings.audits / "programmes.yml"
    file.write_text(file.read_text().replace("checks: [mine]", "checks: [mine, mine-1, requests-overdue]"))
    found = {r["check"]: r for r in office.run("mine")["results"]}
    assert {name: r["status"] for name, r in found.items()} == {
        "mine": "error",
        "mine-1": "error",
        "requests-overdue": "pass",
    }
    assert schema in found["mine"]["statement"]
    assert "query_to_xml" in found["mine-1"]["statement"]


def test_the_handbook_names_the_functions() -> None:
    """What a check may call stands where checks are explained."""
    from privacy_svc.audits.reachable import FUNCTIONS

    handbook = (REPOSITORY / "audits" / "README.md").read_text()
    assert f"`{'`, `'.join(sorted(FUNCTIONS))}`" in handbook
