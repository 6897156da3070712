"""The letter of a double opt-in goes out, whoever is killed after the consent was recorded."""

import email
import multiprocessing
import os
import shutil
import signal
import socket
from dataclasses import replace
from datetime import timedelta
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from privacy_svc.consent.confirming import LEASE, Confirmer, opened
from privacy_svc.consent.model import Confirmation
from privacy_svc.consent.posting import forget_unsent, note_sent, send_due
from privacy_svc.db import Database, now
from privacy_svc.examples import folder
from privacy_svc.http import Contact, Role
from privacy_svc.identity import digest
from privacy_svc.mail import OUTBOX, Mailer
from privacy_svc.policy import PolicyHolder
from privacy_svc.runtime import Runtime
from privacy_svc.settings import Settings
from tests.calling import Service
from tests.consent.conftest import Desk, wanted
from tests.consent.test_double_opt_in import DOUBLE, Ways, token_of
from tests.consent.test_routes import NEWS, OneCustomer, Web, web
from tests.http.test_once import CONSENT, KEY, Elsewhere, forking
from tests.smtp import SmtpServer

__all__ = ["web"]


@pytest.fixture
def ways(desk: Desk) -> Ways:
    return Ways(desk)


class Everybody(OneCustomer):
    """Each person has an address with the end of their id."""

    def contacts(self, _session: Session, subject_ids: Any) -> Any:
        return {i: [Contact("email", f"{i[-12:]}@mail.example")] for i in subject_ids}


def three(ways: Ways, desk: Desk) -> tuple[Confirmer, list[str]]:
    """Who sends, and three people whose letters are due, the first to ask first."""
    ways.choices = replace(ways.choices, directory=Everybody(desk.subject))
    with desk.database.write() as session:
        people = [desk.subject, *(desk.vault.create_subject(session).id for _ in range(2))]
    for number, subject_id in enumerate(people):
        with desk.database.write() as session:
            ways.choices.say(session, subject_id, wanted(), "shop")
            mine = update(Confirmation).where(Confirmation.subject_id == subject_id)
            session.execute(mine.values(send_at=now() - timedelta(minutes=9 - number)))
    return ways.choices.confirmer, people


def waiting(desk: Desk) -> set[str]:
    with desk.database.read() as session:
        return set(session.scalars(select(Confirmation.subject_id).where(Confirmation.send_at.is_not(None))))


def letters(home: Path) -> list[str]:
    files = sorted((home / OUTBOX).glob("*.eml"))
    return [email.message_from_bytes(f.read_bytes(), policy=default).get_content() for f in files]


def pass_lease(database: Database) -> None:
    with database.write() as session:
        session.execute(update(Confirmation).values(send_at=Confirmation.asked_at))


def link(database: Database) -> Confirmation:
    with database.read() as session:
        return session.scalars(select(Confirmation)).one()


def test_a_letter_that_nobody_sent_is_sent_once(ways: Ways, desk: Desk, tmp_path: Path) -> None:
    """With the link that was made for it, once the lease is over; from then on nobody else has its token."""
    mailer = Mailer(Settings(home=tmp_path))
    token = ways.ask()
    assert send_due(desk.database, ways.choices.confirmer, mailer) == 0
    assert token.encode() not in (link(desk.database).sealed or b"")
    pass_lease(desk.database)
    assert [send_due(desk.database, ways.choices.confirmer, mailer) for _ in range(2)] == [1, 0]
    (letter,) = letters(tmp_path)
    assert token_of(letter) == token
    row = link(desk.database)
    with desk.database.read() as session:
        assert set(opened(session, desk.vault, row)) == {"wanted", "address", "text"}
    assert row.send_at is None
    assert ways.confirm(token).state == "given"


def test_a_mail_server_that_is_away_is_asked_again_ever_later(ways: Ways, desk: Desk, tmp_path: Path) -> None:
    """After as long as the letter has waited; then it goes out, unless its link has expired."""
    away, confirmer = Mailer(Settings(smtp_url="smtp://127.0.0.1:1")), ways.choices.confirmer
    ways.ask()
    for waited in (timedelta(0), timedelta(hours=1)):
        with desk.database.write() as session:
            at = now() - waited
            session.execute(update(Confirmation).values(asked_at=at, send_at=at))
        assert send_due(desk.database, confirmer, away) == 0
        due = link(desk.database).send_at
        assert due is not None
        assert due - now() > max(LEASE, waited) - timedelta(minutes=1)
    pass_lease(desk.database)
    assert send_due(desk.database, confirmer, Mailer(Settings(home=tmp_path))) == 1
    ways.ask()
    with desk.database.write() as session:
        session.execute(update(Confirmation).values(expires_at=now()))
    pass_lease(desk.database)
    assert send_due(desk.database, confirmer, Mailer(Settings(home=tmp_path))) == 0


def test_a_refused_letter_holds_up_no_other(ways: Ways, desk: Desk) -> None:
    """One whose mailbox is gone is tried again later; who asked after them get theirs in the same round."""
    confirmer, people = three(ways, desk)
    with SmtpServer(refuse=people[0][-12:]) as server:
        mailer = Mailer(Settings(smtp_url=server.url))
        assert [send_due(desk.database, confirmer, mailer) for _ in range(2)] == [2, 0]
    assert {m["To"] for m in server.messages} == {f"{i[-12:]}@mail.example" for i in people[1:]}
    assert waiting(desk) == {people[0]}


def test_a_letter_that_cannot_be_made_holds_up_no_other(ways: Ways, desk: Desk, tmp_path: Path) -> None:
    """What it was to say was damaged in the database."""
    confirmer, people = three(ways, desk)
    with desk.database.write() as session:
        mine = update(Confirmation).where(Confirmation.subject_id == people[0])
        session.execute(mine.values(sealed=session.scalar(select(Confirmation.sealed))[:-1] + b"?"))  # type: ignore[index]
    assert send_due(desk.database, confirmer, Mailer(Settings(home=tmp_path))) == 2
    assert waiting(desk) == {people[0]}


def test_a_letter_another_worker_has_is_left_to_it(ways: Ways, desk: Desk, tmp_path: Path) -> None:
    """Without waiting for it, and without asking for it again and again."""
    if desk.database.engine.dialect.name == "sqlite":
        pytest.skip("one writer at a time: nothing is locked by another")
    confirmer, people = three(ways, desk)
    with Session(desk.database.engine) as other:
        other.scalar(select(Confirmation).where(Confirmation.subject_id == people[0]).with_for_update())
        assert send_due(desk.database, confirmer, Mailer(Settings(home=tmp_path))) == 2
    assert waiting(desk) == {people[0]}
    assert send_due(desk.database, confirmer, Mailer(Settings(home=tmp_path))) == 1


@pytest.mark.parametrize("end", ["refused", "erased", "confirmed"])
def test_what_has_become_pointless_is_not_sent(ways: Ways, desk: Desk, tmp_path: Path, end: str) -> None:
    """The person said something else, was erased, or has confirmed already."""
    token = ways.ask()
    if end == "refused":
        desk.say("refused")
    elif end == "confirmed":
        ways.confirm(token)
    else:
        with desk.database.write() as session:
            desk.vault.erase(session, desk.subject, request_id="r1")
    with desk.database.write() as session:
        session.execute(update(Confirmation).where(Confirmation.send_at.is_not(None)).values(send_at=now()))
    assert send_due(desk.database, ways.choices.confirmer, Mailer(Settings(home=tmp_path))) == 0
    assert letters(tmp_path) == []
    with desk.database.read() as session:
        waiting = select(func.count()).select_from(Confirmation).where(Confirmation.send_at.is_not(None))
        assert session.scalar(waiting) == 0


def test_a_letter_that_a_worker_took_is_the_workers(ways: Ways, desk: Desk, tmp_path: Path) -> None:
    """Who asked for it and failed after the lease forgets nothing that is under way, and notes nothing twice."""
    with desk.database.write() as session:
        _, post = ways.choices.say(session, desk.subject, wanted(), "shop")
    assert post is not None
    pass_lease(desk.database)
    assert send_due(desk.database, ways.choices.confirmer, Mailer(Settings(home=tmp_path))) == 1
    with desk.database.write() as session:
        assert not forget_unsent(session, post)
        note_sent(session, desk.vault, post)
    assert ways.confirm(token_of(post.letter.text)).state == "given"


def test_a_letter_that_was_sent_waits_for_nobody(web: Web, desk: Desk, tmp_path: Path) -> None:
    """Over HTTP: what was sent is noted before the answer."""
    (tmp_path / "policies" / "purposes.yml").write_text(DOUBLE)
    assert web("POST", "/v1/consents", NEWS, role=Role.MODULE)[0] == 201
    row = link(desk.database)
    with desk.database.read() as session:
        assert (row.send_at, "token" in opened(session, desk.vault, row)) == (None, False)


@forking
def test_killed_between_the_consent_and_its_letter(shop: Runtime, tmp_path: Path) -> None:
    """The key is spent and the consent requested, so the worker sends the letter: its link confirms."""
    rules = tmp_path / "double"
    shutil.copytree(folder("policies"), rules)
    text = (rules / "purposes.yml").read_text()
    assert "# double_opt_in: true #" in text
    (rules / "purposes.yml").write_text(text.replace("# double_opt_in: true #", "double_opt_in: true #"))
    policies = PolicyHolder(rules)
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes the connection, and never says a word
        mute.settimeout(60)
        url = f"smtp://127.0.0.1:{mute.getsockname()[1]}"
        service = Service(replace(shop, policies=policies, settings=replace(shop.settings, smtp_url=url)))
        shop.database.engine.dispose()
        fork = multiprocessing.get_context("fork")
        asking = fork.Process(target=lambda: Elsewhere(service).send("shop", "/v1/consents", CONSENT, KEY))
        asking.start()
        connection, _ = mute.accept()
        assert asking.pid is not None
        os.kill(asking.pid, signal.SIGKILL)
        asking.join()
        connection.close()
    again = service.call("shop", "POST", "/v1/consents", json=CONSENT, headers={"Idempotency-Key": KEY})
    assert (again.json()["state"], again.headers["Idempotent-Replayed"]) == ("requested", "true")
    pass_lease(shop.database)
    worker = replace(shop, policies=policies)
    assert worker.send_confirmations() == 1
    (letter,) = letters(shop.settings.home)
    token = token_of(letter)
    assert link(shop.database).digest == digest(token)
    answer = service.http.post("/confirm", data={"token": token}, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 200, answer.text
    found = service.call("officer", "GET", "/v1/customers/1/consents").json()
    assert [(c["purpose"], c["state"]) for c in found["consents"]] == [("marketing.email", "given")]
