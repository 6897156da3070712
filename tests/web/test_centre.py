"""The Privacy Centre: what anybody can read, in their language, and safely."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from privacy_svc.policy import load_policies
from privacy_svc.web.rendering import notice_html
from privacy_svc.web.texts import TEXTS, category, choose, counted, day, moment, period, text, wait
from tests.web.conftest import REPOSITORY, Site

BOTH = ("en", "de")


def test_it_says_what_every_purpose_means(site: Site) -> None:
    """Each purpose that concerns customers stands there in plain words, with notice and recipients; others do not."""
    page = site.get("/").text
    policies = load_policies(REPOSITORY / "policies")
    shown = {key for key, p in policies.purposes.items() if p.title["en"] in page}
    assert shown == {key for key, p in policies.purposes.items() if "customer" in p.subjects}
    assert "Postbote Mailing SAS (FR)" in page
    assert page.count('class="notice" lang="en"') == page.count('class="notice"') > 0
    assert "<strong>Yes, Nordlicht Handels GmbH may send me its newsletter" in page
    assert "Hafenstraße 12, 24103 Kiel" in page
    assert "datenschutz@nordlicht-handel.example" in page
    assert "Unabhängiges Landeszentrum" in page


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("", "de-DE,de;q=0.9,en;q=0.5", "de"),
        ("", "fr, de;q=0.4, en;q=0.8", "en"),
        ("", "", "en"),
        ("", "fr", "en"),
        ("?lang=de", "en", "de"),
        ("?lang=xx", "de", "de"),
        ("", "de;q=0, en", "en"),
        ("", "!!;q=abc,,;", "en"),
    ],
)
def test_the_language_is_the_readers(site: Site, asked: str, accepted: str, language: str) -> None:
    """The one asked for, else the browser's best, else the organisation's first."""
    answer = site.get(f"/{asked}", **{"Accept-Language": accepted})
    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}">' in answer.text
    assert ("Wofür Ihre Daten verwendet werden" in answer.text) == (language == "de")


def test_the_demo_says_so_on_every_page(open_site: Callable[..., Site]) -> None:
    """With the setting, each page carries the banner; without, none does."""
    for demo in (True, False):
        site = open_site(demo=demo)
        with site.client:
            site.sign_in()
            report = site.client.post("/dpo/audits", headers={"Sec-Fetch-Site": "same-origin"}, follow_redirects=False)
            paths = ["/", "/problems", "/problems/erased", "/dpo", "/dpo/sign-in", "/schema", "/v1/ropa"]
            for path in [*paths, report.headers["location"]]:
                assert ("This is a demonstration" in site.get(path).text) is demo, path


def test_all_texts_are_there_in_all_languages() -> None:
    """The same keys and the same blanks in each language."""
    for language, texts in TEXTS.items():
        assert texts.keys() == TEXTS["en"].keys()
        for key, said in texts.items():
            assert said.strip(), (language, key)
            assert sorted(re.findall(r"{\w+}", said)) == sorted(re.findall(r"{\w+}", TEXTS["en"][key])), (language, key)


def test_no_text_is_left_over() -> None:
    """Each is on a page or in a letter: by its key, by a key put together there, or as the text of a kind of page."""
    folder = REPOSITORY / "privacy_svc" / "web"
    python = "".join(p.read_text() for p in sorted(folder.glob("*.py")))
    source = python + "".join(p.read_text() for p in sorted(folder.glob("templates/*.html")))
    begun = re.findall(r't\("([a-z._]+\.)" ~ [\w.]+(?: ~ "([a-z.]+)")?', source)
    begun += [(start, "") for start in re.findall(r'f"([a-z]+\.)\{', python)]
    left = {
        key
        for key in TEXTS["en"]
        if not re.search(rf'(\bt\(|language, |, |else |counted\()"{re.escape(key)}"', source)
        and not any(key.startswith(start) and key.endswith(end) for start, end in begun)
        and not re.search(rf'"{re.escape(key.removesuffix(".text").removesuffix(".button"))}"', python)
    }
    assert not left


def test_customers_are_not_sent_to_what_is_for_programmers(site: Site) -> None:
    """The console links the interface's reference and its errors; the pages of customers do not."""
    site.sign_in()
    for path, there in {"/": False, "/sign-in": False, "/dpo": True}.items():
        links = re.findall(r'href="(/schema|/problems)"', site.get(path).text)
        assert links == (["/problems", "/schema"] if there else []), path


def test_no_page_has_anything_inline(site: Site) -> None:
    """No style or script inside a page, no handler attributes, nothing from another host."""
    site.sign_in()
    for path in ["/", "/problems", "/problems/erased", "/dpo", "/dpo/sign-in?token=x", "/schema"]:
        page = site.get(path).text
        assert "<style" not in page
        assert " style=" not in page
        assert "<script>" not in page
        assert " on" + "click" not in page
        assert 'src="http' not in page
        assert 'href="http' not in page


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](https://example.org/pixel.gif)",
        '[x](https://example.org" onclick="alert(1))',
    ],
)
def test_a_notice_cannot_carry_code(text: str) -> None:
    """HTML is shown as text, dangerous links are no links, pictures are not loaded."""
    html = str(notice_html(text))
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html
    assert '" onclick' not in html


def test_a_notices_headings_stand_below_the_pages() -> None:
    """`##` of a notice becomes a heading of level 4."""
    assert "<h4>Who</h4>" in str(notice_html("## Who"))


@pytest.mark.parametrize(
    ("iso", "english", "german"),
    [
        ("P24M", "2 years", "2 Jahre"),
        ("P1Y6M", "1 year, 6 months", "1 Jahr, 6 Monate"),
        ("P2W", "14 days", "14 Tage"),
        ("P1D", "1 day", "1 Tag"),
        ("P0D", "", ""),
    ],
)
def test_periods_in_words(iso: str, english: str, german: str) -> None:
    """ISO 8601 is for machines."""
    assert (period("en", iso), period("de", iso)) == (english, german)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Until 2 years after our last contact"),
        ("de", "Bis 2 Jahre nach unserem letzten Kontakt"),
        ("fr", "Jusqu’à 2 ans après notre dernier contact"),  # noqa: RUF001
        ("es", "Hasta 2 años después de nuestro último contacto"),
        ("pt", "Até 2 anos após o nosso último contacto"),
    ],
)
def test_how_long_data_are_kept_has_an_end(language: str, said: str) -> None:
    """Until when, and not “kept two years after”, from when on."""
    assert text(language, "kept.for", period=period(language, "P24M")) == said


def test_one_thing_is_not_told_as_many() -> None:
    """Each language has its own forms, French also its own for none; a wait is said in hours where it is long."""
    said = {language: [counted(language, "overview.requests", n) for n in (0, 1, 2)] for language in TEXTS}
    assert said == {
        "en": ["0 open requests", "1 open request", "2 open requests"],
        "de": ["0 offene Anträge", "1 offener Antrag", "2 offene Anträge"],
        "fr": ["0 demande en cours", "1 demande en cours", "2 demandes en cours"],
        "es": ["0 solicitudes abiertas", "1 solicitud abierta", "2 solicitudes abiertas"],
        "pt": ["0 pedidos abertos", "1 pedido aberto", "2 pedidos abertos"],
    }
    assert len({counted(language, "more_rows", n) for language in TEXTS for n in (1, 2)}) == 10
    with pytest.raises(KeyError, match="no_such"):
        counted("en", "no_such", 2)
    assert [wait("de", s) for s in (1, 61, 7201, 86_400)] == ["1 Minute", "2 Minuten", "3 Stunden", "24 Stunden"]


def test_categories_in_words() -> None:
    """Each category of the example policies has words; an unknown one has those of the category above."""
    policies = load_policies(REPOSITORY / "policies")
    for purpose in policies.purposes.values():
        for key in purpose.categories:
            assert "_" not in category("en", key)
            assert category("en", key) != category("de", key) or key == "user.name"
    assert category("en", "user.contact.email.work") == "e-mail address"


def test_choosing_a_language_the_organisation_does_not_have() -> None:
    """Only languages that both the policy and the pages have are offered."""
    assert choose(["de", None], "de", ("en",)) == "en"
    assert choose([None, "de"], "en", ("en", "de")) == "de"
    assert choose([None, None], "de", ("pl",)) == "en"


def test_dates_are_written_as_people_there_do() -> None:
    """In the organisation's zone, not in the computer's."""
    at = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    days = {language: day(language, "Europe/Berlin", at) for language in TEXTS}
    assert days == {
        "en": "29 March 2026",
        "de": "29. März 2026",
        "fr": "29 mars 2026",
        "es": "29 de marzo de 2026",
        "pt": "29 de março de 2026",
    }
    assert moment("de", "Europe/Berlin", at) == "29. März 2026, 00:30"
