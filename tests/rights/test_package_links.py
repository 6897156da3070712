"""The link by which a person fetches their package: theirs alone, for a time, so many times, revocable, logged."""

import email
import email.policy
import logging
import re
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete

from privacy_svc.db import now
from privacy_svc.errors import Conflict, NotFound
from privacy_svc.rights import Aftermath, PackageLinkGone, Packages, Right, Worker
from privacy_svc.rights.packages_model import PackageLink
from tests.rights.company import Company
from tests.rights.running import done, everything_in
from tests.rights.test_approval import verified
from tests.rights.test_opening import opened, types_of

LINK = re.compile(r"(\S+)/d/([\w-]+)")


def token_of(company: Company, mail: int = -1) -> str:
    """The one in a letter."""
    letter = email.message_from_string(company.mails()[mail], policy=email.policy.default)
    found = LINK.search(letter.get_content())
    assert found is not None
    return found[2]


def packed(company: Company, right: Right = Right.ACCESS) -> str:
    request = verified(company, right)
    done(company, request.id)
    return request.id


def lasting(company: Company, **changed: int) -> None:
    parts = company.requests.parts
    object.__setattr__(parts, "settings", replace(parts.settings, **changed))


@pytest.mark.parametrize("right", [Right.ACCESS, Right.PORTABILITY])
def test_the_letter_has_the_link_and_nothing_else_has(company: Company, worker: Worker, right: Right) -> None:
    """It is mailed to the address on file; the database, the log and the staff's view have no token; the download is a
    line of the timeline."""
    request = packed(company, right)
    token = token_of(company)
    assert len(token) == 43
    assert Packages(company.requests).fetch(token) == (request, Packages(company.requests).package(request, "dora"))
    assert types_of(company, request)[-2:] == ["downloaded", "downloaded"]
    assert [line.actor for line in company.requests.timeline(request)[-2:]] == ["person", "dora"]
    assert token not in everything_in(company.database.engine.url.render_as_string(hide_password=False))
    assert Packages(company.requests).link(request).used == 1


def test_looking_takes_nothing(company: Company, worker: Worker) -> None:
    """A program that checks mails and opens each link takes no download from the person, and is not logged as one."""
    request = packed(company)
    before = types_of(company, request)
    offers = [Packages(company.requests).offer(token_of(company)).left for _ in range(9)]
    assert offers == [5] * 9
    assert types_of(company, request) == before


def test_only_so_often(company: Company, worker: Worker) -> None:
    """After the last download the link is as dead as one that never was."""
    lasting(company, package_downloads=2)
    packed(company)
    token = token_of(company)
    Packages(company.requests).fetch(token)
    Packages(company.requests).fetch(token)
    for dead in (token, "never-was"):
        with pytest.raises(PackageLinkGone) as told:
            Packages(company.requests).fetch(dead)
        with pytest.raises(PackageLinkGone, match=re.escape(str(told.value))):
            Packages(company.requests).offer(dead)


def test_only_so_long(company: Company, worker: Worker) -> None:
    """The setting counts: a day before its end it works, at its end no more."""
    lasting(company, package_days=3)
    packed(company)
    token, at = token_of(company), now()
    with time_machine.travel(at + timedelta(days=2, hours=23), tick=False):
        assert Packages(company.requests).offer(token).left == 5
    with time_machine.travel(at + timedelta(days=3), tick=False), pytest.raises(PackageLinkGone):
        Packages(company.requests).fetch(token)


def test_a_package_without_a_link_goes_too(company: Company, worker: Worker) -> None:
    """A month after it was made: nobody can fetch it any more, and no link's end would come."""
    packed(company)
    at = now()
    with company.database.write() as session:
        session.execute(delete(PackageLink))
    for days, deleted in ((29, 0), (31, 1)):
        with time_machine.travel(at + timedelta(days=days), tick=False):
            assert Aftermath(company.requests).end_packages() == deleted


def test_a_package_goes_with_its_link(company: Company, worker: Worker) -> None:
    """At the end of the newest link's time the package is deleted, once; the timeline says so, and the way out is
    told. A revoked link keeps it until then, for another one to be made."""
    request, at = packed(company), now()
    Packages(company.requests).revoke_link(request, "dora")
    assert Aftermath(company.requests).end_packages() == 0
    with time_machine.travel(at + timedelta(days=5), tick=False):
        Packages(company.requests).renew_link(request, "dora")
    with time_machine.travel(at + timedelta(days=14, hours=1), tick=False):
        assert Aftermath(company.requests).end_packages() == 0
    with time_machine.travel(at + timedelta(days=40), tick=False):
        assert [Aftermath(company.requests).end_packages() for _ in range(2)] == [1, 0]
        assert types_of(company, request)[-1] == "deleted"
        assert "the time of its link is over" in company.requests.timeline(request)[-1].text
        with pytest.raises(NotFound, match="open a new request"):
            Packages(company.requests).package(request, "dora")
        with pytest.raises(NotFound, match="open a new request"):
            Packages(company.requests).renew_link(request, "dora")
    with company.database.read() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM request_packages").scalar_one() == 0


def test_revoked_and_sent_anew(company: Company, worker: Worker) -> None:
    """Staff end a link; a new one is another, mailed to the address on file, and ends the one before."""
    request = packed(company)
    first = token_of(company)
    Packages(company.requests).revoke_link(request, "dora")
    with pytest.raises(PackageLinkGone):
        Packages(company.requests).fetch(first)
    with pytest.raises(Conflict):
        Packages(company.requests).revoke_link(request, "dora")
    Packages(company.requests).renew_link(request, "dora")
    second = token_of(company)
    Packages(company.requests).renew_link(request, "dora")
    third = token_of(company)
    assert len({first, second, third}) == 3
    with pytest.raises(PackageLinkGone):
        Packages(company.requests).fetch(second)
    assert Packages(company.requests).fetch(third)[0] == request
    assert types_of(company, request)[-2:] == ["sent", "downloaded"]


def test_dead_with_the_person(company: Company, worker: Worker) -> None:
    """After the erasure the link in the mailbox leads nowhere."""
    company.seal()
    packed(company)
    token = token_of(company)
    erasure = verified(company)
    company.requests.approve(erasure.id, "dora")
    done(company, erasure.id)
    with pytest.raises(PackageLinkGone):
        Packages(company.requests).fetch(token)


def test_of_another_person_is_another(company: Company, worker: Worker) -> None:
    """Two people's links give each their own package."""
    mine = packed(company)
    token = token_of(company)
    request = company.requests.vouch(opened(company, key="2").id, "passport", "dora").id
    done(company, request)
    theirs = token_of(company)
    assert Packages(company.requests).fetch(token)[0] == mine
    assert Packages(company.requests).fetch(theirs)[0] == request


def test_without_a_package_there_is_no_link(company: Company) -> None:
    """An open request has none to show, to renew or to revoke."""
    request = opened(company).id
    with pytest.raises(NotFound):
        Packages(company.requests).link(request)
    with pytest.raises(NotFound):
        Packages(company.requests).renew_link(request, "dora")
    with pytest.raises(Conflict):
        Packages(company.requests).revoke_link(request, "dora")


def test_no_token_in_the_logs(company: Company, worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    """What the worker writes down on its way has no token."""
    with caplog.at_level(logging.DEBUG):
        packed(company)
        Packages(company.requests).fetch(token_of(company))
    assert token_of(company) not in caplog.text
