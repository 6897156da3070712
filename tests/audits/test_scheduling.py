"""Programmes that run by themselves: once a period, by one of several workers, with a letter of what was found."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
import time_machine

from privacy_svc.audits import Every, Schedule
from privacy_svc.audits.scheduling import CLAIM, period
from privacy_svc.errors import Misconfigured
from privacy_svc.mail import Mailer
from tests.audits.conftest import TODAY, Office
from tests.audits.planting import PLANTS
from tests.audits.test_checks import ALL
from tests.smtp import SmtpServer

assert ALL


@pytest.fixture
def post() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


def schedule(office: Office, post: SmtpServer | None = None) -> Schedule:
    settings = office.settings if post is None else replace(office.settings, smtp_url=post.url)
    return Schedule(office.audits, Mailer(settings))


def _ran(office: Office, post: SmtpServer | None = None) -> list[str]:
    return [r["programme"]["id"] for r in schedule(office, post).run_due()]


@pytest.mark.parametrize(
    ("every", "day", "name"),
    [
        (Every.DAY, date(2026, 11, 29), "2026-11-29"),
        (Every.WEEK, date(2027, 1, 1), "2026-W53"),
        (Every.MONTH, date(2026, 2, 28), "2026-02"),
        (Every.QUARTER, date(2026, 3, 31), "2026-Q1"),
        (Every.QUARTER, date(2026, 10, 1), "2026-Q4"),
    ],
)
def test_the_names_of_periods(every: Every, day: date, name: str) -> None:
    """Weeks are those of ISO 8601, which belong to the year of their Thursday."""
    assert period(every, day) == name


def test_each_runs_once_a_period(office: Office) -> None:
    """Both at first, none again on that day, the daily one on the next, which begins at the organisation's midnight;
    what has no `every` never runs by itself."""
    assert sorted(_ran(office)) == ["daily", "quarterly"]
    assert _ran(office) == []
    with time_machine.travel(TODAY.replace(hour=22, minute=59)):
        assert _ran(office) == []
    with time_machine.travel(TODAY.replace(hour=23, minute=1)):
        assert _ran(office) == ["daily"]


def test_two_workers_run_it_once(office: Office) -> None:
    """Whoever claims the period first runs it."""
    office.settings.audits.joinpath("programmes.yml").write_text(
        "programmes:\n  daily:\n    title: Daily\n    every: day\n    checks: [requests-overdue]\n"
    )
    ran: list[str] = []
    workers = [threading.Thread(target=lambda: ran.extend(_ran(office))) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert ran == ["daily"]


def test_a_claim_that_led_to_nothing_ends(office: Office) -> None:
    """A worker that died while it ran leaves the period to another, after a time."""
    schedule(office)._claim("daily", "2026-11-23", TODAY)
    schedule(office)._claim("quarterly", "2026-Q4", TODAY)
    assert _ran(office) == []
    with time_machine.travel(TODAY + CLAIM + timedelta(minutes=1)):
        assert sorted(_ran(office)) == ["daily", "quarterly"]


def test_findings_are_written_to_the_dpo(office: Office, post: SmtpServer) -> None:
    """With what was found and where the report is; nothing found, no letter."""
    _ran(office, post)
    assert post.messages == []
    with time_machine.travel(TODAY + timedelta(days=1)):
        PLANTS["requests-overdue"](office)
        _ran(office, post)
    [message] = post.messages
    assert message["To"] == office.audits.policies.current.organisation.dpo.email
    assert "Requests past their deadline" in message.get_content()
    assert "/v1/audits/" in message.get_content()


def test_a_letter_that_nobody_took_goes_out_later(office: Office, post: SmtpServer) -> None:
    """The report is kept, and the period is not done: once the claim is over it runs again and the DPO is told."""
    with SmtpServer() as away:
        pass
    PLANTS["requests-overdue"](office)
    assert sorted(_ran(office, away)) == ["daily", "quarterly"]
    assert {r.programme for r in office.audits.latest(5)} == {"daily", "quarterly"}
    assert _ran(office, post) == []
    with time_machine.travel(TODAY + CLAIM + timedelta(minutes=1)):
        assert sorted(_ran(office, post)) == ["daily", "quarterly"]
        assert _ran(office, post) == []
    assert len(post.messages) == 2


def test_checks_that_cannot_be_read_are_told_once_a_day(office: Office, post: SmtpServer) -> None:
    """Nothing runs, and silence would look as if all were well: the DPO gets the place of the fault."""
    check = office.check_file("key-files")
    check.write_text(check.read_text().replace("severity: ", "severety: "))
    for _ in range(2):
        with pytest.raises(Misconfigured):
            _ran(office, post)
    [message] = post.messages
    assert "key-files.yml" in message.get_content()
    with time_machine.travel(TODAY + timedelta(days=1)), pytest.raises(Misconfigured):
        _ran(office, post)
    assert len(post.messages) == 2


def test_without_programmes_nothing_runs_by_itself(office: Office) -> None:
    """Who keeps no audits gets no error every other minute."""
    office.settings.audits.joinpath("programmes.yml").unlink()
    assert _ran(office) == []
