"""Double opt-in: requested, then given by the link that was mailed, and by nothing else."""

import dataclasses
import email
import re
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from datetime import timedelta
from email.policy import default
from functools import partial
from pathlib import Path

import msgspec
import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy_svc.consent import (
    SUPPRESS_ALL,
    Choices,
    ConsentView,
    LinkGone,
    State,
    current,
    digests,
    enlist_erased,
    evidence,
    purpose_states,
    subject_state,
)
from privacy_svc.consent.confirming import Post, forget_links, forget_links_of
from privacy_svc.consent.errors import NoAddress
from privacy_svc.consent.flooding import A_DAY, A_MAILBOX
from privacy_svc.consent.model import Confirmation
from privacy_svc.consent.suppression import scopes_by_address
from privacy_svc.db import now
from privacy_svc.errors import Erased, Misconfigured
from privacy_svc.http import Contact, Role, TooManyRequests
from privacy_svc.identity import digest
from privacy_svc.mail import OUTBOX, Mailer
from privacy_svc.policy import LegalBasis, PolicySet, ReasonCode, decide
from privacy_svc.settings import Settings
from tests.consent.conftest import MOTHER, Desk, wanted
from tests.consent.test_routes import NEWS, OneCustomer, Web, web
from tests.factories import check_log
from tests.policy.small import FILES, PURPOSES, compiled

__all__ = ["web"]

ANA = Contact("email", "ana@mail.example")
DOUBLE = PURPOSES.replace("covered_since: 2", "covered_since: 2\n      double_opt_in: true")


def token_of(text: str) -> str:
    found = re.search(r"token=([\w-]+)", text)
    assert found
    return found[1]


class Ways:
    """What people do, with a policy that asks for confirmation, a transaction each."""

    def __init__(self, desk: Desk, purposes: str = DOUBLE) -> None:
        self.desk, self.directory = desk, OneCustomer(desk.subject)
        policies = compiled(**{"purposes.yml": purposes})
        self.choices = Choices(
            desk.vault, desk.log, self.directory, policies, "https://privacy.example", desk.log.signer
        )

    def ask(self, **changed: object) -> str:
        return token_of(self.post(**changed).letter.text)

    def post(self, **changed: object) -> Post:
        with self.desk.database.write() as session:
            _, post = self.choices.say(session, self.desk.subject, wanted(**changed), "shop")
        assert post is not None
        return post

    def confirm(self, token: str) -> ConsentView:
        with self.desk.database.write() as session:
            return self.choices.confirm(session, token)

    def stands(self) -> str:
        with self.desk.database.read() as session:
            one = subject_state(session, self.desk.subject, now()).consents["news"].state
            many = purpose_states(session, [self.desk.subject], self.desk.reading("news"))[self.desk.subject]
        assert many.consents["news"].state == one
        return one

    def reasons(self) -> list[str]:
        with self.desk.database.read() as session:
            state = subject_state(session, self.desk.subject, now())
        return [r.code for r in decide(self.choices.policies, "mail", "news", [], state, now()).reasons]


@pytest.fixture
def ways(desk: Desk) -> Ways:
    return Ways(desk)


def test_a_consent_counts_once_it_was_confirmed(ways: Ways, desk: Desk) -> None:
    """Until then it is requested and permits nothing; the record says by which address it was confirmed."""
    token = ways.ask(guardian=MOTHER)
    assert ways.stands() == "requested"
    assert ReasonCode.CONSENT_MISSING in ways.reasons()
    said = ways.confirm(token)
    assert (said.state, said.recorded_by, said.guardian, said.channel) == ("given", "person", True, "web")
    assert ways.reasons() == []
    with desk.database.read() as session:
        proof = evidence(session, desk.vault, said.id)["evidence"]["double_opt_in"]
        (link,) = session.scalars(select(Confirmation))
        assert link.sealed is None
    assert (proof["channel"], proof["address"]) == ("email", MOTHER.contact)
    assert proof["asked_at"] < proof["confirmed_at"]
    types = [e.type for e in desk.entries() if e.type.startswith("consent:")]
    assert types == ["consent:record:requested", "consent:record:given"]
    check_log(desk.database, desk.log)


def test_looking_at_the_page_changes_nothing(ways: Ways) -> None:
    """As often as a scanner of mails likes."""
    token = ways.ask()
    for _ in range(3):
        with ways.desk.database.read() as session:
            assert ways.choices.show_link(session, token).notice.version == 2
    assert ways.stands() == "requested"
    ways.confirm(token)


def another_text(_: PolicySet) -> PolicySet:
    file = "notices/news/2.en.md"
    return compiled(**{"purposes.yml": DOUBLE, file: f"{FILES[file]}And we sell your address.\n"})


def no_consent(policies: PolicySet) -> PolicySet:
    news = dataclasses.replace(policies.purposes["news"], consent=None, legal_basis=LegalBasis.CONTRACT)
    return dataclasses.replace(policies, purposes={**policies.purposes, "news": news})


@pytest.mark.parametrize("changed", [another_text, no_consent])
def test_nobody_confirms_what_they_were_not_asked(ways: Ways, changed: Callable[[PolicySet], PolicySet]) -> None:
    """The link ends where the text changed under its version, or the policy asks for no such consent any more; neither
    the page offers it nor does the button record anything."""
    token = ways.ask()
    ways.choices = dataclasses.replace(ways.choices, policies=changed(ways.choices.policies))
    with ways.desk.database.read() as session, pytest.raises(LinkGone):
        ways.choices.show_link(session, token)
    with pytest.raises(LinkGone):
        ways.confirm(token)
    assert ways.stands() == "requested"


def test_a_consent_that_ended_before_it_was_confirmed_is_gone(ways: Ways) -> None:
    """It was to last until a day that is over: the page says so, instead of an error."""
    token = ways.ask(expires_at=now() + timedelta(hours=1))
    with time_machine.travel(now() + timedelta(hours=2), tick=False), pytest.raises(LinkGone):
        ways.confirm(token)


def test_a_letter_frees_its_own_address_alone(ways: Ways) -> None:
    """Of what somebody who was erased left there: the telephone they shared may be another's."""
    desk, phone = ways.desk, Contact("phone", "+49 30 90182042")

    class Reached(OneCustomer):
        def contacts(self, _session: Session, ids: Iterable[str]) -> dict[str, list[Contact]]:
            return {i: [ANA, phone] for i in ids}

    with desk.database.write() as session:
        enlist_erased(session, desk.log, digests(session, desk.vault, [ANA, phone]), "worker", now())
    ways.choices = dataclasses.replace(ways.choices, directory=Reached(desk.subject))
    ways.confirm(ways.ask())
    with desk.database.read() as session:
        assert scopes_by_address(session, desk.vault, [ANA, phone]) == {phone: {SUPPRESS_ALL}}


@pytest.mark.parametrize(("now_at", "gone"), [(" Ana@MAIL.example ", False), ("ana@new.example", True), (None, True)])
def test_a_mailbox_of_before_confirms_nothing(ways: Ways, now_at: str | None, gone: bool) -> None:
    """The CRM has another address since, or none: whoever reads the old one does not say yes for it."""
    token = ways.ask()

    class Moved(OneCustomer):
        def contacts(self, _session: Session, ids: Iterable[str]) -> dict[str, list[Contact]]:
            return {i: [Contact("email", now_at)] for i in ids} if now_at else {}

    ways.choices = dataclasses.replace(ways.choices, directory=Moved(ways.desk.subject))
    with pytest.raises(LinkGone, match="address") if gone else nullcontext():
        ways.confirm(token)
    assert ways.stands() == ("requested" if gone else "given")


def test_a_link_works_once(ways: Ways) -> None:
    """Neither twice, nor a made-up one, nor half of one."""
    token = ways.ask()
    ways.confirm(token)
    for spent in (token, token[:-1], "", "nonsense"):
        with pytest.raises(LinkGone):
            ways.confirm(spent)
    assert ways.stands() == "given"


def test_a_link_expires(ways: Ways) -> None:
    """After the hours the policy says."""
    token = ways.ask()
    with ways.desk.database.write() as session:
        (link,) = session.scalars(select(Confirmation))
        assert link.expires_at - link.asked_at == timedelta(hours=48)
        link.expires_at = now()
    with pytest.raises(LinkGone, match="too old"):
        ways.confirm(token)


def test_a_link_does_not_undo_what_was_said_since(ways: Ways) -> None:
    """Withdrawn or refused after the link was sent; and a second link ends the first."""
    for state in ("withdrawn", "refused"):
        token = ways.ask()
        ways.desk.say(state)
        with pytest.raises(LinkGone, match="something else"):
            ways.confirm(token)
        assert ways.stands() == state
    first, second = ways.ask(), ways.ask()
    with pytest.raises(LinkGone):
        ways.confirm(first)
    ways.confirm(second)


def test_asking_again_does_not_end_what_stands(ways: Ways, desk: Desk) -> None:
    """Somebody who types in another's address takes nothing from them; a confirmation renews it."""
    ways.confirm(ways.ask())
    with desk.database.write() as session:
        said, post = ways.choices.say(session, desk.subject, wanted(), "shop")
    assert (said.state, ways.stands()) == ("requested", "given")
    assert post is not None
    with desk.database.read() as session:
        (news,) = current(session, desk.subject, now())
    assert said.id == news.history[0].id, "nothing is recorded until the link is used, so it names what stands"
    renewed = ways.confirm(token_of(post.letter.text))
    with desk.database.read() as session:
        (news,) = current(session, desk.subject, now())
    assert [c.state for c in news.history] == ["given", "given", "requested"]
    assert news.history[0].id == renewed.id


def test_late_news_sends_no_letter(ways: Ways, desk: Desk) -> None:
    """A paper of last week is noted, but the person has said no since."""
    desk.say("refused")
    with desk.database.write() as session:
        _, post = ways.choices.say(session, desk.subject, wanted(given_at=now() - timedelta(days=7)), "shop")
    assert post is None
    assert ways.stands() == "refused"


def test_nobodys_mailbox_is_filled(ways: Ways) -> None:
    """So many links a day to one person."""
    for _ in range(A_DAY):
        ways.ask()
    with pytest.raises(TooManyRequests):
        ways.ask()


def test_a_guardians_mailbox_is_not_filled_by_many_children(ways: Ways, desk: Desk) -> None:
    """However the caller writes the address; another guardian is written to."""
    for n in range(A_MAILBOX + 1):
        with desk.database.write() as session:
            child = desk.vault.create_subject(session).id
            ways.directory.subject_id = child
            who = msgspec.structs.replace(MOTHER, contact=f"{' ' * (n % 2)}Maria@mail.example")
            asking = partial(ways.choices.say, session, child, wanted(guardian=who), "shop")
            if n < A_MAILBOX:
                assert asking()[1] is not None
                continue
            with pytest.raises(TooManyRequests, match="to one address"):
                asking()
            other = msgspec.structs.replace(MOTHER, contact="josef@mail.example")
            assert ways.choices.say(session, child, wanted(guardian=other), "shop")[1] is not None


def test_without_an_address_nothing_is_recorded(ways: Ways, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A telephone number is none: an e-mail proves nothing for it."""
    monkeypatch.setattr(ways.directory, "contacts", lambda _s, ids: {i: [Contact("phone", "+49431")] for i in ids})
    with pytest.raises(NoAddress):
        ways.ask()
    with desk.database.read() as session:
        assert current(session, desk.subject, now()) == []


def test_after_an_erasure_the_link_is_dead(ways: Ways, desk: Desk) -> None:
    """It neither shows nor gives."""
    token = ways.ask()
    with desk.database.write() as session:
        desk.vault.erase(session, desk.subject, request_id="r1")
    with pytest.raises(Erased):
        ways.confirm(token)
    with pytest.raises(LinkGone), desk.database.read() as session:
        ways.choices.show_link(session, token)


def test_what_is_recorded_past_the_link_is_requested(ways: Ways, desk: Desk) -> None:
    """A caller who forgets to ask for the confirmation records nothing that permits."""
    desk.policies = ways.choices.policies
    assert desk.say().state == State.REQUESTED


@pytest.mark.parametrize("categories", ["[user.name, user.contact.phone_number]", "[user.contact]", "[user]"])
def test_an_email_proves_nothing_for_the_phone(categories: str) -> None:
    """A purpose that uses the phone cannot be confirmed by e-mail; hours without it say nothing."""
    spoilt = DOUBLE.replace("[user.name, user.contact.email]", categories, 1)
    with pytest.raises(Misconfigured) as refused:
        compiled(**{"purposes.yml": spoilt})
    assert "proves nothing for the phone" in str(refused.value)


def test_over_http_a_letter_goes_out(web: Web, tmp_path: Path) -> None:
    """Requested, with a mail in the outbox that advertises nothing and does not say who it is about."""
    (tmp_path / "policies" / "purposes.yml").write_text(DOUBLE)
    status, said = web("POST", "/v1/consents", NEWS)
    assert (status, said["state"], said["current"], said["valid_until"]) == (201, "requested", "requested", None)
    (file,) = (tmp_path / OUTBOX).glob("*.eml")
    mail = email.message_from_bytes(file.read_bytes(), policy=default)
    assert (mail["to"], mail["subject"]) == ("ana@mail.example", "Please confirm: News")
    assert "https://privacy.example/confirm?token=" in mail.get_content()
    assert mail["list-unsubscribe"].startswith("<https://privacy.example/v1/consents/unsubscribe?token=")
    assert mail["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert FILES["notices/news/2.en.md"].splitlines()[-1] not in mail.get_content()


def test_a_letter_that_was_not_sent_is_asked_for_again(web: Web, desk: Desk, tmp_path: Path) -> None:
    """The same request with the same key, once the mail server is back: carried out, with a letter, however often it
    failed before."""
    (tmp_path / "policies" / "purposes.yml").write_text(DOUBLE)
    headers = {"Authorization": f"Bearer {web.tokens[Role.MODULE]}", "Idempotency-Key": "a-form-sent-once-0001"}
    parts = web.client.app.state.parts
    working, parts["mailer"] = parts["mailer"], Mailer(Settings(smtp_url="smtp://127.0.0.1:1"))
    for _ in range(A_DAY + 1):
        assert web.client.post("/v1/consents", json=NEWS, headers=headers).status_code == 503
    parts["mailer"] = working
    answers = [web.client.post("/v1/consents", json=NEWS, headers=headers) for _ in range(2)]
    assert [a.status_code for a in answers] == [201, 201]
    assert [a.headers.get("Idempotent-Replayed") for a in answers] == [None, "true"]
    (file,) = (tmp_path / OUTBOX).glob("*.eml")
    with desk.database.read() as session:
        (link,) = session.scalars(select(Confirmation))
    assert link.digest == digest(token_of(email.message_from_bytes(file.read_bytes(), policy=default).get_content()))


def test_a_link_leaves_no_address_behind(ways: Ways, desk: Desk) -> None:
    """What was never confirmed goes a while after it expired, and at once with the person."""
    for forget in (
        lambda session: forget_links(session, now() + timedelta(days=30)),
        lambda session: forget_links_of(session, desk.subject),
    ):
        ways.ask()
        with desk.database.write() as session:
            forget_links(session, now())
            assert session.scalars(select(Confirmation)).all()
            forget(session)
            assert not session.scalars(select(Confirmation)).all()
