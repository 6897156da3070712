"""Values that are corrected in their place."""

import re

from tests.web.conftest import HTML, SAME, Site
from tests.web.test_mine import come_in, send, site

__all__ = ["site"]


def test_a_correction_in_place(site: Site) -> None:
    """What was typed becomes a request with just this change; a key, another table or nothing does not."""
    come_in(site)
    place = send(site, "/me/data", place="shop.customers.city", value="Lisboa").headers["location"]
    details = site.runtime.requests.details(place.rpartition("/")[2], "officer")
    assert details.given == {"changes": {"shop.customers.city": "Lisboa"}}
    for wrong in ({"place": "shop.customers.id", "value": "2"}, {"place": "x", "value": "y"}, {"value": "y"}, {}):
        assert send(site, "/me/data", **wrong).status_code in {400, 404}


def test_what_does_not_fit_can_be_mended(site: Site) -> None:
    """The form comes back with what was typed and what is wrong, in the person's language; no page quotes our
    English."""
    come_in(site)
    sent = {"place": "shop.customers.email", "value": "ana at example"}
    answer = site.client.post("/me/data?lang=de", data=sent, headers=HTML | SAME | {"Accept-Language": "de"})
    assert answer.status_code == 400
    assert "Dieser Wert kann hier nicht stehen" in answer.text
    assert re.search(r'<details open>.+?aria-invalid="true"[^>]+value="ana at example"', answer.text, re.DOTALL)
    assert answer.text.count("aria-invalid") == 1
    nothing = site.client.post("/me/requests", data={}, headers=HTML | SAME | {"Accept-Language": "de"})
    assert nothing.status_code == 400
    assert 'lang="en"' not in nothing.text.partition("<footer")[0]


def test_a_text_of_several_lines_stays_one_and_a_value_can_be_removed(site: Site) -> None:
    """Line breaks come back as the store has them; an address by which the person is known cannot be left empty."""
    come_in(site)
    typed = "Rua Nova 1\r\n2.º andar"
    place = send(site, "/me/data", place="shop.customers.street", value=typed).headers["location"]
    details = site.runtime.requests.details(place.rpartition("/")[2], "officer")
    assert details.given == {"changes": {"shop.customers.street": "Rua Nova 1\n2.º andar"}}
    wrong = send(site, "/me/data", place="shop.customers.email", value="a\r\nb").text
    assert re.search(r"<textarea [^>]+ required [^>]+>\na\nb</textarea>", wrong)
    page = site.get("/me/data").text
    fields = dict(re.findall(r'name="place" value="shop\.customers\.(\w+)">.+?<input ([^>]+)>', page, re.DOTALL))
    assert "required" in fields["email"]
    assert "required" not in fields["street"]
    gone = send(site, "/me/data", place="shop.customers.street", value="").headers["location"]
    assert site.runtime.requests.details(gone.rpartition("/")[2], "officer").given == {
        "changes": {"shop.customers.street": None}
    }
