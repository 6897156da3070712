"""The console's page of what waits for a person: letters owed, other systems' parts, what erasures left."""

import re
from collections.abc import Callable, Iterator, Mapping

import pytest
from sqlalchemy import create_engine, text

from privacy_svc.auditlog import EventType
from privacy_svc.http import Role
from privacy_svc.rights import Elsewheres, Ground, OwedLetters, State
from privacy_svc.rights.fulfilment import Fulfilment
from tests.paper import archive
from tests.shop import ANA
from tests.smtp import SmtpServer
from tests.web.conftest import SAME, Site
from tests.web.test_desk import opened, post, types

PAPER = archive("erasure")


@pytest.fixture
def more_policies() -> Mapping[str, str]:
    return {"connectors/paper.yml": PAPER}


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture
def site(open_site: Callable[..., Site], server: SmtpServer) -> Iterator[Site]:
    site = open_site(smtp_url=server.url)
    with site.client:
        yield site


def refused(site: Site, server: SmtpServer) -> str:
    """A request whose letter of refusal was not taken; the letter."""
    request = opened(site)
    server.refuse = True
    site.runtime.requests.refuse(request, Ground.LEGAL_CLAIMS, "The claim of May.", "dora")
    server.refuse = False
    [letter] = OwedLetters(site.runtime.requests).open()
    return letter.id


def approved(site: Site) -> str:
    """An erasure that ran as far as it gets."""
    request = opened(site)
    site.runtime.requests.approve(request, "dora")
    carried_on(site, request)
    return request


def carried_on(site: Site, request: str) -> None:
    work = Fulfilment(site.runtime.database, site.runtime.requests.parts)
    problem = work.run(request)
    if problem is not None:
        work.fail(request, problem)


def test_a_letter_that_was_not_sent_is_sent_again(site: Site, server: SmtpServer) -> None:
    """The page says why not, without a name; the button sends it, and it stands there no more."""
    letter = refused(site, server)
    site.sign_in()
    page = site.get("/dpo/todo").text
    assert "A person has to tell them" in page
    assert "mail refused" in page
    assert ANA["email"] not in page
    seen = len(server.to(ANA["email"]))
    assert post(site, f"/dpo/todo/letters/{letter}/again") == "/dpo/todo#letters"
    [sent] = server.to(ANA["email"])[seen:]
    assert "The claim of May." in sent.get_content()
    assert "Everybody was told." in site.get("/dpo/todo").text
    assert EventType.LETTER_SENT in types(site)
    assert "told already" in post(site, f"/dpo/todo/letters/{letter}/again", 409)


def test_it_goes_to_the_address_that_is_on_file_by_now(site: Site, server: SmtpServer) -> None:
    """The one that was refused was mended in the CRM; where there is none any more, it goes where it was meant for."""
    letter = refused(site, server)
    in_store(site, "UPDATE customers SET email = 'ana.new@mail.example' WHERE id = 1")
    site.sign_in()
    post(site, f"/dpo/todo/letters/{letter}/again")
    assert len(server.to("ana.new@mail.example")) == 1


def test_a_letter_is_shown_on_purpose_and_told_by_other_means(site: Site, server: SmtpServer) -> None:
    """To the DPO, which is logged; an admin notes that they were told and reads none, an auditor neither."""
    letter = refused(site, server)
    site.sign_in(Role.AUDITOR)
    page = site.get("/dpo/todo").text
    assert "Refusal" in page
    assert "<form" not in page.partition("<h1>")[2]
    for what in ("text", "again", "told"):
        assert site.client.post(f"/dpo/todo/letters/{letter}/{what}", headers=SAME).status_code == 403
    site.sign_in()
    assert EventType.DETAILS_READ not in types(site)
    shown = post(site, f"/dpo/todo/letters/{letter}/text", 200)
    assert "The claim of May." in shown
    assert ANA["email"] in shown
    assert EventType.DETAILS_READ in types(site)
    site.sign_in(Role.ADMIN)
    assert site.client.post(f"/dpo/todo/letters/{letter}/text", headers=SAME).status_code == 403
    assert "how" in post(site, f"/dpo/todo/letters/{letter}/told", 400)
    post(site, f"/dpo/todo/letters/{letter}/told", how="post")
    assert OwedLetters(site.runtime.requests).open() == []


def test_a_task_is_done_by_hand(site: Site) -> None:
    """Who it is about is shown to the DPO alone, with what is to be done; noted done, the request goes on."""
    request = approved(site)
    site.sign_in(Role.ADMIN)
    page = site.get("/dpo/todo").text
    assert "The paper archive" in page
    assert "Known there as" not in page
    at = f"/dpo/todo/tasks/{request}/paper_archive"
    assert site.client.post(f"{at}/details", headers=SAME).status_code == 403
    site.sign_in()
    shown = post(site, f"{at}/details", 200)
    assert "Shred what is there." in shown
    assert "<dt>Known there as</dt><dd>1</dd>" in shown
    assert EventType.DETAILS_READ in types(site)
    assert "evidence" in post(site, f"{at}/done", 400)
    assert post(site, f"{at}/done", evidence="Shredded, by Piet.") == "/dpo/todo#tasks"
    assert "No request waits for another system." in site.get("/dpo/todo").text
    [work] = Elsewheres(site.runtime.requests).of(request)
    assert (work.state, work.done_by) == ("done", "dora")
    site.sign_in(Role.AUDITOR)
    assert site.client.post(f"{at}/done", headers=SAME).status_code == 403


def test_what_an_erasure_left_is_decided_and_searched_again(site: Site) -> None:
    """The place and why stand there; a decision without a reason is none; then the request goes on by it."""
    in_store(site, f"UPDATE call_notes SET note = 'see also {ANA['email']}' WHERE customer_id = 2")
    request = approved(site)
    Elsewheres(site.runtime.requests).done(request, "paper_archive", "shredded", "dora")
    carried_on(site, request)
    swept(site, request)
    site.sign_in(Role.AUDITOR)
    page = site.get("/dpo/todo").text
    place = re.findall(r"<code>(shop\.[a-z_.]+)</code>", page)
    assert place == ["shop.call_notes.note"]
    assert "still holds a known value" in page
    at = f"/dpo/todo/leftovers/{request}"
    assert site.client.post(at, headers=SAME).status_code == 403
    assert site.client.post(f"{at}/go-on", headers=SAME).status_code == 403
    site.sign_in()
    assert "reason" in post(site, at, 400, place=place[0], decision="redact")
    assert "forget" in post(site, at, 400, place=place[0], decision="forget", reason="x")
    [row] = re.findall(r"<li>Row <code>([^<]+)</code></li>", page)
    assert "no row" in post(site, at, 400, place=place[0], row=f"{row}9", decision="redact", reason="An old note.")
    post(site, at, place=place[0], row=row, decision="redact", reason="An old note.")
    assert re.search(rf"Row <code>{row}</code>. Decided: take it out", site.get("/dpo/todo").text)
    assert EventType.LEFTOVER_DECIDED in types(site)
    post(site, f"{at}/go-on")
    carried_on(site, request)
    swept(site, request)
    assert site.runtime.requests.show(request).state == State.COMPLETED
    assert "Nothing was left." in site.get("/dpo/todo").text


def in_store(site: Site, statement: str) -> None:
    engine = create_engine(site.runtime.settings.stores["shop"])
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def swept(site: Site, request: str) -> None:
    """The pass over everybody's texts that an erasure waits for."""
    from privacy_svc.rights.parts import find
    from privacy_svc.rights.sweeping import Sweeper

    with site.runtime.database.write() as session:
        found = find(session, request)
        found.dispatched = found.attempt
    work = Fulfilment(site.runtime.database, site.runtime.requests.parts)
    Sweeper(site.runtime.database, work, site.runtime.settings.home).sweep()
