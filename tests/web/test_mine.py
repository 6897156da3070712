"""The Privacy Centre of a customer who is signed in: coming in, and what each page shows and does."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import Engine, event

from privacy_svc.auditlog import EventType, NotYet, Verifier, verify_proof
from privacy_svc.consent import subject_state
from privacy_svc.db import now
from privacy_svc.http import CustomerRef, Role
from privacy_svc.identity import COOKIE, CUSTOMER_COOKIE, list_sessions
from privacy_svc.identity.sessions import start_session
from privacy_svc.rights import Own, Right, Wanted
from privacy_svc.web.texts import TEXTS
from tests.factories import check_log
from tests.shop import ANA
from tests.smtp import SmtpServer
from tests.web.conftest import HTML, SAME, Site

PAGES = ("/me", "/me/data", "/me/choices", "/me/requests", "/me/log", "/me/sessions")


@pytest.fixture
def site(open_site: Any) -> Iterator[Site]:
    with SmtpServer() as server:
        site = open_site(smtp_url=server.url)
        site.mail = server
        with site.client:
            yield site


def send(site: Site, path: str, **form: str) -> Response:
    return site.client.post(path, data=form, headers=HTML | SAME, follow_redirects=False)


def code_for(site: Site, address: str) -> str:
    """Of the newest letter; the mail went out after the answer, before the next request."""
    letters = site.mail.to(address)  # type: ignore[attr-defined]
    found = re.search(r"^ +(\d{6})\s*$", letters[-1].get_content(), re.MULTILINE)
    assert found
    return found[1]


def come_in(site: Site, address: str = ANA["email"]) -> str:
    """Ana's subject."""
    assert send(site, "/sign-in", email=address).headers["location"] == "/sign-in/code"
    answer = send(site, "/sign-in/code", code=code_for(site, address))
    assert (answer.status_code, answer.headers["location"]) == (303, "/me")
    with site.runtime.database.read() as session:
        found = site.runtime.directory.find(session, CustomerRef(email=address))
    assert found
    return found


def test_who_is_not_signed_in_is_asked_to(site: Site) -> None:
    """Every page leads to the sign-in; a program gets 401."""
    for path in PAGES:
        answer = site.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), path
        assert site.client.get(path, headers={"Accept": "application/json"}).status_code == 401


def test_coming_in_and_going_out(site: Site) -> None:
    """The cookies are out of scripts' reach, the pages not kept by browsers; afterwards the session is over."""
    asked = send(site, "/sign-in", email=ANA["email"])
    cookie = asked.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/", "max-age=600"))
    answer = send(site, "/sign-in/code", code=code_for(site, ANA["email"]))
    ours = next(c for c in answer.headers.get_list("set-cookie") if c.startswith(CUSTOMER_COOKIE)).lower()
    assert all(word in ours for word in ("httponly", "samesite=lax", "path=/"))
    assert site.get("/me").headers["cache-control"] == "no-store"
    secret = site.client.cookies[CUSTOMER_COOKIE]
    assert send(site, "/me/sign-out").headers["location"] == "/"
    site.client.cookies.set(CUSTOMER_COOKIE, secret)
    assert site.get("/me").status_code == 303


def test_signing_out_of_a_session_that_is_over(site: Site) -> None:
    """Leads where one signs in, and not to an error."""
    site.client.cookies.set(CUSTOMER_COOKIE, "ended")
    assert send(site, "/me/sign-out").headers["location"] == "/sign-in"


def test_the_answer_is_the_same_for_an_address_that_nobody_has(site: Site) -> None:
    """Status, headers, text: nothing tells; nor does a wrong code."""
    seen = []
    for address in (ANA["email"], "nobody@mail.example", "none"):
        site.client.cookies.clear()
        asked = send(site, "/sign-in", email=address)
        page = site.get("/sign-in/code")
        wrong = send(site, "/sign-in/code", code="abcdef")
        shape = {n: v for n, v in asked.headers.items() if n not in {"x-request-id", "set-cookie"}}
        seen.append((asked.status_code, shape, asked.text, page.text, wrong.status_code, wrong.text))
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][4] == 401
    assert len(site.mail.messages) == 1  # type: ignore[attr-defined]


class Watched:
    """What was done, up to the moment at which the last byte of an answer was handed over: statements on any database,
    and letters."""

    def __init__(self, site: Site) -> None:
        self.said, self.answers = list[str](), list[tuple[list[str], int]]()
        self._site, self._inner = site, site.client.app.asgi_handler
        site.client.app.asgi_handler = self  # type: ignore[assignment]

    def note(self, *told: Any) -> None:
        self.said.append(told[2])

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self.answers.append((list(self.said), len(self._site.mail.messages)))  # type: ignore[attr-defined]
            await send(message)

        self.said.clear()
        await self._inner(scope, receive, sending)


def test_the_same_work_is_done_before_the_answer_for_everybody(site: Site) -> None:
    """Asked for a code, and sent a wrong one: statement by statement, in all databases, whether somebody has the
    address or nobody. The letter is written when the answer is out."""
    site.runtime.log.stop()  # who signs in the background
    send(site, "/sign-in", email="first@mail.example")
    watched, found = Watched(site), []
    event.listen(Engine, "before_cursor_execute", watched.note)
    try:
        for address in (ANA["email"], "nobody@mail.example"):
            letters = len(site.mail.messages)  # type: ignore[attr-defined]
            send(site, "/sign-in", email=address)
            send(site, "/sign-in/code", code="abcdef")
            (asked, sent), (tried, _) = watched.answers[-2:]
            assert sent == letters
            found.append((asked, tried))
    finally:
        event.remove(Engine, "before_cursor_execute", watched.note)
    assert found[0] == found[1]
    assert all(found[0])
    assert len(site.mail.messages) == 1  # type: ignore[attr-defined]


def test_too_many_codes(site: Site) -> None:
    """429 with Retry-After, in the person's words."""
    answers = [send(site, "/sign-in", email="nobody@mail.example") for _ in range(6)]
    assert [a.status_code for a in answers] == [303] * 5 + [429]
    assert 3500 < int(answers[-1].headers["retry-after"]) <= 3600
    assert "Please wait 60 minutes" in answers[-1].text


def test_whom_no_code_reaches_finds_somebody_to_ask(site: Site) -> None:
    """Where the address is asked for and where the code is, and on whatever goes wrong, stand the officer's name and
    address."""
    asked = send(site, "/sign-in", email="nobody@example.org")
    assert asked.status_code == 303
    pages = [site.get("/sign-in"), site.get("/sign-in/code"), send(site, "/sign-in/code", code="000000")]
    come_in(site)
    pages.append(site.get("/me/requests/none"))
    assert [page.status_code for page in pages] == [200, 200, 401, 404]
    for page in pages:
        assert 'href="mailto:datenschutz@nordlicht-handel.example"' in page.text, page.url


def test_another_site_can_send_nothing(site: Site) -> None:
    """No code is asked for, none redeemed, nobody signed out, no choice made from elsewhere."""
    come_in(site)
    for path in ("/sign-in", "/sign-in/code", "/me/sign-out", "/me/choices/marketing.email", "/me/requests"):
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
            answer = site.client.post(path, data={"email": ANA["email"]}, headers=HTML | headers)
            assert answer.status_code == 403, path
    assert site.get("/me").status_code == 200


def test_what_we_hold_is_shown_and_the_look_is_logged(site: Site) -> None:
    """Real values with where they come from, nobody else's; the log has it."""
    subject = come_in(site)
    text = site.get("/me/data").text
    for value in (ANA["email"], ANA["phone"], "Rua das Flores 17", "You gave them to us"):
        assert value in text
    site.runtime.log.integrate(site.runtime.database)
    with site.runtime.database.read() as session:
        seen = site.runtime.log.search(session, subject_id=subject, type=EventType.DATA_SHOWN)
    assert [e.actor for e in seen] == ["person"]
    assert "“What we hold” was looked at" in unescape(site.get("/me/log").text)


def agree(site: Site, purpose: str) -> Response:
    """Press the button on the page, which says what text stood there."""
    form = site.get("/me/choices").text.split(f'action="/me/choices/{purpose}"')[1]
    digest = re.findall(r'name="notice" value="(.+?)"', form.split("</form>")[0])
    return send(site, f"/me/choices/{purpose}", position="on", **({"notice": digest[0]} if digest else {}))


def test_nobody_agrees_to_a_text_that_was_not_on_the_page(site: Site) -> None:
    """The text changed while the page was open, or none is named: nothing is recorded, and the page says why."""
    subject = come_in(site)
    site.get("/me/choices")
    for told in ({}, {"notice": "sha256:" + "0" * 64}):
        answer = send(site, "/me/choices/marketing.partners", position="on", **told)
        assert (answer.status_code, answer.headers["location"]) == (303, "/me/choices?changed=yes")
    assert "The text changed while you read it" in site.get("/me/choices?changed=yes").text
    with site.runtime.database.read() as session:
        assert "marketing.partners" not in subject_state(session, subject, now()).consents


def test_a_switch_holds_at_once(site: Site) -> None:
    """Off takes consent back and objects; on gives consent to the newest notice and takes the objection back."""
    subject = come_in(site)

    def state() -> Any:
        with site.runtime.database.read() as session:
            return subject_state(session, subject, now())

    agree(site, "marketing.partners")
    assert state().consents["marketing.partners"].state == "given"
    send(site, "/me/choices/marketing.partners", position="off")
    assert state().consents["marketing.partners"].state == "withdrawn"
    send(site, "/me/choices/analytics.product", position="off")
    assert "analytics.product" in state().objections
    agree(site, "analytics.product")
    assert state().objections == frozenset()
    send(site, "/me/choices/direct_marketing", position="off")
    assert state().objections == {"direct_marketing"}
    assert "You objected: nobody may advertise to you" in site.get("/me/choices").text
    send(site, "/me/choices/direct_marketing", position="on")
    assert state().objections == frozenset()
    check_log(site.runtime.database, site.runtime.log)


def test_a_browsers_signal_comes_with_a_choice(site: Site) -> None:
    """`Sec-GPC: 1` ends what honours it, once; what is pressed with it on stands, and so does what is pressed later."""
    subject = come_in(site)
    current = site.runtime.policies.current
    ads, partners = "marketing.ads", "marketing.partners"
    honouring = {key: replace(current.purposes[key], honours_gpc=True) for key in (ads, partners)}
    site.runtime.policies._current = replace(current, purposes={**current.purposes, **honouring})

    def states() -> dict[str, str]:
        with site.runtime.database.read() as session:
            facts = subject_state(session, subject, now()).consents
        return {key: str(facts[key].state) for key in honouring}

    agree(site, partners)
    site.client.headers["Sec-GPC"] = "1"
    agree(site, ads)
    assert states() == {ads: "given", partners: "withdrawn"}
    agree(site, partners)
    assert states() == {ads: "given", partners: "given"}


def test_a_switch_with_double_opt_in_waits_for_the_mail(site: Site) -> None:
    """The letter goes out; until its link is used nothing is allowed, and the page says so."""
    subject = come_in(site)
    current = site.runtime.policies.current
    asking = current.purposes["marketing.email"]
    assert asking.consent
    confirmed = replace(asking, consent=replace(asking.consent, double_opt_in=True))
    changed = replace(current, purposes={**current.purposes, asking.key: confirmed})
    site.runtime.policies._current = changed
    before = len(site.mail.messages)  # type: ignore[attr-defined]
    agree(site, asking.key)
    assert len(site.mail.messages) == before + 1  # type: ignore[attr-defined]
    with site.runtime.database.read() as session:
        fact = subject_state(session, subject, now()).consents.get(asking.key)
    assert fact is None or fact.state != "given"
    assert "Waiting for you to confirm by the e-mail" in site.get("/me/choices").text


@pytest.mark.parametrize("purpose", ["service.contract", "finance.invoicing", "nothing", "profiling"])
def test_what_is_not_theirs_to_decide_has_no_switch(site: Site, purpose: str) -> None:
    """404, and nothing is recorded."""
    come_in(site)
    for position in ("on", "off"):
        assert send(site, f"/me/choices/{purpose}", position=position).status_code == 404


def test_a_request_from_start_to_download(site: Site) -> None:
    """Signed in, it needs no further code; its page says what is next, and has the file at the end."""
    come_in(site)
    place = send(site, "/me/requests", right="access").headers["location"]
    assert "being carried out" in site.get(place).text
    request_id = place.rpartition("/")[2]
    requests = site.runtime.requests
    assert requests.worker()._fulfilment.run(request_id) is None
    page = site.get(place).text
    assert "Download your data" in page
    package = site.get(f"{place}/package")
    assert (package.headers["content-type"], package.content[:2]) == ("application/zip", b"PK")
    assert requests.show(request_id).verified_how == "session"
    assert "signing in to the Privacy Centre" in " ".join(line.text for line in requests.timeline(request_id))


def test_a_request_that_staff_opened_goes_on_by_one_button(site: Site) -> None:
    """Whoever is signed in is asked for no further code, and nothing is opened a second time; nobody else confirms."""
    come_in(site)
    opened = site.runtime.requests.open(Wanted(Right.ACCESS, CustomerRef(id=ANA["key"])), "desk")
    others = site.runtime.requests.open(Wanted(Right.ACCESS, CustomerRef(id="2")), "desk")
    place = f"/me/requests/{opened.id}"
    assert "Yes, I want this" in site.get(place).text
    assert send(site, f"/me/requests/{others.id}/confirm").status_code == 404
    assert send(site, f"{place}/confirm").headers["location"] == place
    assert "being carried out" in site.get(place).text
    assert site.runtime.requests.show(opened.id).verified_how == "session"
    assert site.get("/me/requests").text.count("/me/requests/0") == 1
    assert send(site, f"{place}/confirm").status_code == 409


def test_an_erasure_needs_the_tick_and_can_be_withdrawn(site: Site) -> None:
    """Without it nothing begins; it waits for staff, and until then the person may take it back."""
    come_in(site)
    assert send(site, "/me/requests", right="erasure").status_code == 400
    place = send(site, "/me/requests", right="erasure", sure="yes").headers["location"]
    assert "being looked at" in site.get(place).text
    assert send(site, f"{place}/withdraw").status_code == 303
    assert "the request was withdrawn or closed" in site.get(place).text
    assert send(site, f"{place}/withdraw").status_code == 409


def test_proofs_can_be_checked_offline(site: Site) -> None:
    """Each entry's proof is a file that verifies under the key on the page."""
    come_in(site)
    site.runtime.log.integrate(site.runtime.database)
    page = site.get("/me/log").text
    key = re.search(r'--key "(.+?)"', page)
    assert key
    found = re.findall(r"/me/log/(\d+)/proof", page)
    assert found
    for index in found:
        proof = site.get(f"/me/log/{index}/proof")
        assert verify_proof(proof.text, Verifier.parse(unescape(key[1])))[0] == int(index)


def test_what_the_page_shows_is_proved_at_once(site: Site) -> None:
    """The log is signed once a second: who presses before that waits for no second, and sees no error."""
    ana = come_in(site)
    log, database = site.runtime.log, site.runtime.database
    log.stop()  # who signs in the background
    log.integrate(database)
    with database.write() as session:
        log.append(session, EventType.RECORD_READ, actor="support", subject_id=ana, payload={})
    log.integrate(database, patient=True)
    newest = re.findall(r"/me/log/(\d+)/proof", site.get("/me/log").text)[0]
    with database.read() as session, pytest.raises(NotYet):
        log.proof(session, int(newest))
    assert site.get(f"/me/log/{newest}/proof").status_code == 200


def test_nothing_of_somebody_else_can_be_reached(site: Site) -> None:
    """Requests, packages, certificates, log entries and sessions of another person are as good as not there."""
    runtime = site.runtime
    with runtime.database.write() as session:
        other = runtime.directory.admit(session, CustomerRef(id="2"))
    request = Own(runtime.requests, other, "en").open(Right.ACCESS, {})
    runtime.log.integrate(runtime.database)
    with runtime.database.read() as session:
        theirs = [e.index for e in runtime.log.search(session, subject_id=other)]
    come_in(site)
    with runtime.database.write() as session:
        start_session(session, runtime.log, Role.CUSTOMER, "person", subject_id=other)
        session_id = list_sessions(session, other)[0].id
    base = f"/me/requests/{request.id}"
    for path in (base, f"{base}/package", f"{base}/certificate", *(f"/me/log/{n}/proof" for n in theirs)):
        assert site.get(path).status_code == 404, path
    for path in (f"{base}/withdraw", f"{base}/answer", f"/me/sessions/{session_id}/end"):
        assert send(site, path, answer="x").status_code == 404, path
    assert runtime.requests.show(request.id).closed_at is None


def test_sessions_are_listed_and_ended(site: Site) -> None:
    """Another browser is signed out from here; this one too, and then its cookie goes."""
    subject = come_in(site)
    first = site.client.cookies[CUSTOMER_COOKIE]
    site.client.cookies.clear()
    come_in(site)
    page = site.get("/me/sessions").text
    assert page.count("/end") == 2
    assert len(set(re.findall(r'<button type="submit" class="second">(.+?)</button>', page))) == 3  # told apart by ear
    ids = re.findall(r"/me/sessions/([^/]+)/end", page)
    here = next(i for i in ids if i in page.split("this browser")[1].split("</li>")[0])
    (other,) = set(ids) - {here}
    assert send(site, f"/me/sessions/{other}/end").headers["location"] == "/me/sessions"
    assert send(site, f"/me/sessions/{here}/end").headers["location"] == "/"
    site.client.cookies.set(CUSTOMER_COOKIE, first)
    assert site.get("/me").status_code == 303
    assert subject


def test_one_signs_out_everywhere_at_once(site: Site) -> None:
    """Here too; staff do the same for somebody who calls."""
    subject = come_in(site)
    secrets = [site.client.cookies[CUSTOMER_COOKIE]]
    site.client.cookies.clear()
    come_in(site)
    secrets.append(site.client.cookies[CUSTOMER_COOKIE])
    assert send(site, "/me/sign-out-everywhere").headers["location"] == "/"
    for secret in secrets:
        site.client.cookies.set(CUSTOMER_COOKIE, secret)
        assert site.get("/me").status_code == 303
    site.client.cookies.clear()
    come_in(site)
    site.sign_in()
    page = send(site, "/dpo/people", customer=ANA["email"], reason="Somebody has her phone.").text
    assert "Sign them out everywhere" in page
    assert send(site, "/dpo/people/sign-out", subject=subject).status_code == 303
    assert site.get("/me").status_code == 303


def test_a_staff_session_is_no_customers(site: Site) -> None:
    """Nor the other way round, whichever cookie it is put into."""
    staff = site.sign_in()
    site.client.cookies.clear()
    site.client.cookies.set(CUSTOMER_COOKIE, staff)
    assert site.get("/me").status_code == 403
    site.client.cookies.clear()
    come_in(site)
    customer = site.client.cookies[CUSTOMER_COOKIE]
    site.client.cookies.clear()
    site.client.cookies.set(COOKIE, customer)
    assert site.get("/dpo").status_code == 403


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_every_page_in_every_language(site: Site, language: str) -> None:
    """Where the organisation has it: all texts are there, and the choice is remembered."""
    current = site.runtime.policies.current
    several = replace(current.organisation, languages=tuple(TEXTS))
    site.runtime.policies._current = replace(current, organisation=several)  # type: ignore[attr-defined]
    come_in(site)
    assert site.get(f"/?lang={language}").headers["content-language"] == language
    for path in PAGES:
        answer = site.get(path)
        assert (answer.status_code, answer.headers["content-language"]) == (200, language), path
