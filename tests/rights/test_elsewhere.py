"""Other systems take part in requests, over HTTP by a file that declares them, or by a person's hand."""

import json
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from privacy_svc.consent import restricted_since
from privacy_svc.db import Database
from privacy_svc.errors import BadRequest, Conflict, Misconfigured, NotFound
from privacy_svc.policy import compile_policies
from privacy_svc.rights import Elsewheres, Ground, Holds, Limits, Packages, RequestView, Right, State
from privacy_svc.rights import workflow as workflows
from privacy_svc.rights.backoff import LEASE, TRIES
from privacy_svc.rights.errors import Interrupted
from privacy_svc.rights.fulfilment import Fulfilment, problem_of
from privacy_svc.rights.outside_model import RequestWork
from tests.conftest import ONE_DATABASE
from tests.listening import Heard, Said, listening
from tests.paper import archive
from tests.rights.company import ANA, FILES, Company, found_company, store_url
from tests.rights.mailtool import CONNECTOR, CURSOR, SECRET, MailTool, mailing
from tests.rights.running import carried_out, everything_in
from tests.rights.running import done as ended
from tests.rights.telling import with_settings
from tests.rights.test_approval import hold, verified
from tests.rights.test_limits import ANA_ONE
from tests.rights.test_opening import types_of

MANUAL = archive("erasure", "access")


@contextmanager
def connected(request: pytest.FixtureRequest, database: Database, folder: Path, **files: str) -> Iterator[Company]:
    home = folder / "home"
    home.mkdir()
    named = {f"connectors/{name}.yml": text for name, text in files.items()}
    with store_url(request, database, folder) as url, found_company(home, database, url, **named) as company:
        yield with_settings(company, outbound_allow="127.0.0.0/8", secrets={"mailtool": SECRET})


@pytest.fixture
def tool() -> Iterator[MailTool]:
    with mailing() as tool:
        yield tool


@pytest.fixture
def house(request: pytest.FixtureRequest, database: Database, tmp_path: Path, tool: MailTool) -> Iterator[Company]:
    with connected(request, database, tmp_path, mailtool=CONNECTOR.format(url=tool.url, paging=CURSOR)) as company:
        yield company


@pytest.fixture
def archive(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator[Company]:
    with connected(request, database, tmp_path, archive=MANUAL) as company:
        yield company


def run(company: Company, request: str) -> None:
    """As a worker does: what is left of the run, up to the gate."""
    assert Fulfilment(company.database, company.requests.parts).run(request) is None


def failed(company: Company, request: str) -> tuple[str, str]:
    """The step at which the run ended, and why; the request says so."""
    work = Fulfilment(company.database, company.requests.parts)
    problem = work.run(request)
    assert problem is not None
    work.fail(request, problem)
    return problem["step"], problem["slug"]


def work_off(company: Company) -> int:
    return Elsewheres(company.requests).courier.work_off()


def begun(company: Company, right: Right = Right.ERASURE, **details: object) -> str:
    request = verified(company, right, **details)
    if request.state == State.AWAITING_APPROVAL:
        company.requests.approve(request.id, "dora")
    run(company, request.id)
    return request.id


def finished(company: Company, request: str) -> RequestView:
    carried_out(company.database, company.requests.parts, request)
    found = company.requests.show(request)
    assert found.state == State.COMPLETED, found.failure
    return found


def place(company: Company, request: str) -> Any:
    [work] = Elsewheres(company.requests).of(request)
    return work


def files_of(company: Company, request: str) -> dict[str, Any]:
    with zipfile.ZipFile(BytesIO(Packages(company.requests).package(request, "dora"))) as package:
        return {name: package.read(name) for name in package.namelist()}


# Access


@pytest.mark.parametrize(
    "paging", [CURSOR, "{by: page, param: page}", "{by: link, next: /link}"], ids=["cursor", "page", "link"]
)
@ONE_DATABASE
def test_all_pages_are_in_the_package(
    request: pytest.FixtureRequest, database: Database, tmp_path: Path, tool: MailTool, paging: str
) -> None:
    """By cursor, number or link: five rows in three pages, the mapped fields and no other, nobody else's row."""
    text = CONNECTOR.format(url=tool.url, paging=paging)
    with connected(request, database, tmp_path, mailtool=text) as house:
        asked = begun(house, Right.ACCESS)
        assert house.requests.show(asked).state == State.IN_PROGRESS, "the gate is closed"
        assert work_off(house) == 1
        finished(house, asked)
        rows = json.loads(files_of(house, asked)["data/mailtool.contacts.json"])
        assert rows == [{"address": "ana@mail.example", "list": f"list {n}"} for n in range(5)]


def test_what_was_read_elsewhere_is_sealed(house: Company) -> None:
    """While the package is not made yet, the rows stand nowhere in clear; nor does who it is about."""
    begun(house, Right.ACCESS)
    work_off(house)
    text = everything_in(house.database.engine.url.render_as_string(hide_password=False))
    assert "list 3" not in text
    assert ANA["email"] not in text


@ONE_DATABASE
def test_who_is_unknown_there_is_no_error(
    request: pytest.FixtureRequest, database: Database, tmp_path: Path, tool: MailTool
) -> None:
    """An empty list, or 404 where the file says that this is the answer: nothing is held there."""
    text = CONNECTOR.format(url=tool.url, paging=CURSOR)
    with connected(request, database, tmp_path, mailtool=text + "  absent: 404\n") as house:
        tool.contacts = []
        first = begun(house, Right.ACCESS)
        work_off(house)
        finished(house, first)
        tool.says_404 = True
        second = begun(house, Right.ERASURE)
        work_off(house)
        assert place(house, second).rows == 0
        finished(house, second)
        assert tool.heard[-1].path == "/v1/health", "asked whether it is there to say so"


@pytest.mark.parametrize("absent", ["", "  absent: 404\n"])
@ONE_DATABASE
def test_a_wrong_address_is_not_taken_for_nobody(
    request: pytest.FixtureRequest, database: Database, tmp_path: Path, tool: MailTool, absent: str
) -> None:
    """A 404 that the file does not speak of; or one from a system that does not even answer its ping: the erasure fails
    with the place, and is not called done."""
    text = CONNECTOR.format(url=tool.url, paging=CURSOR) + absent
    with connected(request, database, tmp_path, mailtool=text) as house:
        asked = begun(house)
        tool.always = Said(404, b"<html>not found")
        work_off(house)
        found = house.requests.show(asked)
        assert found.failure is not None
        where = "mailtool.ping" if absent else "mailtool.access"
        assert found.failure["places"] == [{"place": where, "detail": "answered_404"}]
        assert (found.state, place(house, asked).state) == (State.FAILED, "failed")


@ONE_DATABASE
def test_a_part_is_not_taken_for_the_whole(
    request: pytest.FixtureRequest, database: Database, tmp_path: Path, tool: MailTool
) -> None:
    """404 at the second page: nothing of the first is given out as all there is."""
    text = CONNECTOR.format(url=tool.url, paging=CURSOR) + "  absent: 404\n"
    with connected(request, database, tmp_path, mailtool=text) as house:
        page = {"data": {"contacts": [{"email": ANA["email"], "lists": []}]}, "next": "2"}
        tool.says = [Said(200, json.dumps(page).encode()), Said(404, b"gone")]
        asked = begun(house, Right.ACCESS)
        work_off(house)
        assert (place(house, asked).state, place(house, asked).problem) == ("failed", "answered_404")


@pytest.mark.parametrize("right", [Right.ERASURE, Right.ACCESS])
@ONE_DATABASE
def test_who_cannot_be_named_there_is_told(house: Company, tool: MailTool, right: Right) -> None:
    """No address on file, by which alone the other system knows people: nobody was asked, and certificate or package
    says so."""
    house.write("UPDATE customers SET email = NULL WHERE id = 1")
    asked = begun(house, right)
    assert work_off(house) == 1
    assert tool.heard == []
    finished(house, asked)
    told = {"place": "mailtool", "by": "nobody", "rows": 0, "problem": "not_known_by_email"}
    made = house.requests.certificate(asked) if right is Right.ERASURE else files_of(house, asked)["manifest.json"]
    [said] = json.loads(made)["elsewhere"]
    assert {k: v for k, v in said.items() if k != "done_at"} == told
    assert place(house, asked).problem == "not_known_by_email"


# Erasure


@pytest.mark.parametrize("end", ["refused", "lifted"])
def test_nobody_else_erases_what_we_may_not(house: Company, tool: MailTool, end: str) -> None:
    """A hold that comes after the approval stops the erasure before any other system hears of it; the request can then
    be refused, or goes on once the hold is lifted."""
    asked = verified(house)
    house.requests.approve(asked.id, "dora")
    held = hold(house)
    assert failed(house, asked.id) == ("prepare", "on-hold")
    assert work_off(house) == 0
    assert tool.heard == []
    if end == "refused":
        assert house.requests.refuse(asked.id, Ground.LEGAL_CLAIMS, "a lawsuit", "dora").state == State.REFUSED
    else:
        Holds(house.requests).lift_hold(held, "dora")
        house.requests.approve(asked.id, "dora")
        run(house, asked.id)
        assert work_off(house) == 1
        assert {h.method for h in tool.heard} == {"GET", "DELETE"}


def test_nobody_else_erases_what_our_store_does_not_let_go(house: Company, tool: MailTool) -> None:
    """A row of a table that nobody mapped hangs on hers: the request fails, and no other system was asked. A hold may
    still come, nothing has been erased anywhere."""
    house.write(
        "CREATE TABLE contracts (id INTEGER PRIMARY KEY, ticket INTEGER NOT NULL REFERENCES tickets (id))",
        "INSERT INTO contracts VALUES (1, 20)",
    )
    asked = verified(house)
    house.requests.approve(asked.id, "dora")
    assert failed(house, asked.id) == ("prepare", "cannot-erase")
    assert work_off(house) == 0
    assert tool.heard == []
    hold(house)


def test_what_failed_rests_everywhere(house: Company, tool: MailTool) -> None:
    """While a request has failed nobody calls for it; approved again, the other system's part is done."""
    asked = begun(house, Right.ACCESS)
    work = Fulfilment(house.database, house.requests.parts)
    work.fail(asked, problem_of("package", Interrupted("The run ended unexpectedly.")))
    assert work_off(house) == 0
    assert tool.heard == []
    house.requests.approve(asked, "dora")
    run(house, asked)
    assert work_off(house) == 1


def test_an_erasure_is_asked_back(house: Company, tool: MailTool) -> None:
    """Erased there, asked again, nothing found: the certificate names the place; before that there is none."""
    asked = begun(house)
    tool.keeps = True
    assert work_off(house) == 1
    work = place(house, asked)
    assert (work.state, work.problem, work.tries) == ("open", "still_there", 1)
    run(house, asked)
    assert house.requests.show(asked).state == State.IN_PROGRESS
    tool.keeps = False
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=5)):
        work_off(house)
        finished(house, asked)
    certificate = json.loads(house.requests.certificate(asked))
    assert [(e["place"], e["by"], e["rows"]) for e in certificate["elsewhere"]] == [("mailtool", "call", 5)]
    assert [c["email"] for c in tool.contacts] == ["bo@mail.example"]
    assert types_of(house, asked).count("waits") == 1


def test_the_worker_does_it_all(house: Company, tool: MailTool) -> None:
    """With the workflow engine and the courier's threads: nobody has to push the request past its gate."""
    with house.requests.worker():
        asked = verified(house)
        house.requests.approve(asked.id, "dora")
        ended(house, asked.id)
    assert len(tool.contacts) == 1


@pytest.mark.parametrize("ours", ["city", "crm.customers.city"])
@pytest.mark.parametrize("asked_for", ["city", "customers.city", "crm.customers.city"])
@ONE_DATABASE
def test_a_correction_is_sent(
    request: pytest.FixtureRequest, database: Database, tmp_path: Path, tool: MailTool, asked_for: str, ours: str
) -> None:
    """Only what the file maps, by the other side's names; whether the field was named like a module, or the Privacy
    Centre, names it."""
    text = CONNECTOR.format(url=tool.url, paging=CURSOR).replace("{city: town}", f"{{{ours}: town}}")
    with connected(request, database, tmp_path, mailtool=text) as house:
        _corrected(house, tool, {asked_for: "Porto", "name": "Ana F."})


def _corrected(house: Company, tool: MailTool, changes: dict[str, str]) -> None:
    asked = begun(house, Right.RECTIFICATION, changes=changes)
    work_off(house)
    finished(house, asked)
    assert {c.get("town") for c in tool.contacts if c["email"] == ANA["email"]} == {"Porto"}
    sent = [json.loads(h.body) for h in tool.heard if h.method == "PATCH"]
    assert sent == [{"town": "Porto"}]


def test_what_moved_is_not_corrected_elsewhere(house: Company, tool: MailTool) -> None:
    """The value was changed since it was approved: the request goes back to the approval, and nobody is asked."""
    asked = verified(house, Right.RECTIFICATION, changes={"city": "Porto"})
    house.requests.approve(asked.id, "dora")
    house.write("UPDATE customers SET city = 'Faro' WHERE id = 1")
    assert failed(house, asked.id)[0] == "remember"
    assert house.requests.show(asked.id).state == State.AWAITING_APPROVAL
    assert Elsewheres(house.requests).of(asked.id) == [], "nothing that a courier could have taken meanwhile"


@ONE_DATABASE
def test_what_another_system_did_is_not_refused(house: Company) -> None:
    """It corrected its part, ours failed before anything changed here: the request can only be finished."""
    request = verified(house, Right.RECTIFICATION, changes={"city": "Porto"})
    house.requests.approve(request.id, "dora")
    work = Fulfilment(house.database, house.requests.parts)
    for step in ("remember", "elsewhere"):
        assert work.perform(request.id, step) is None
    assert work_off(house) == 1
    work.fail(request.id, problem_of("apply", Misconfigured("The store does not take it.")))
    with pytest.raises(Conflict, match="approve it again"):
        house.requests.refuse(request.id, Ground.MANIFESTLY_UNFOUNDED, "no", "dora", evidence="e")


def test_a_restriction_reaches_it(house: Company, tool: MailTool) -> None:
    """It is told by the call the file gives; here the restriction holds meanwhile; the certificate names the place."""
    asked = begun(house, Right.RESTRICTION)
    with house.database.read() as session:
        assert restricted_since(session, house.subject()) is not None, "before any other system answers"
    assert house.requests.show(asked).state == State.IN_PROGRESS
    assert work_off(house) == 1
    finished(house, asked)
    assert tool.held == [ANA["email"]]
    told = json.loads(house.requests.certificate(asked))
    assert [(e["place"], e["rows"]) for e in told["elsewhere"]] == [("mailtool", 1)]


def lifted(company: Company, later: timedelta = timedelta(hours=2)) -> datetime:
    """Announced, and lifted then."""
    limits, at = Limits(company.requests), datetime.now(UTC)
    limits.announce(ANA_ONE, "over", "piet", ends_at=at + later / 2)
    with time_machine.travel(at + later):
        limits.lift(ANA_ONE, "piet")
    return at + later


def restricted(company: Company) -> str:
    asked = begun(company, Right.RESTRICTION)
    work_off(company)
    finished(company, asked)
    return asked


def test_the_end_of_a_restriction_reaches_it(house: Company, tool: MailTool) -> None:
    """Everywhere it was told, by the call the file gives, and under what they are known by since; the timeline tells.
    A system that is away, or lets us in no more, is asked again."""
    asked = restricted(house)
    house.write("UPDATE customers SET email = 'ana@new.example' WHERE id = 1")
    tool.held.append("ana@new.example")
    at = lifted(house)
    tool.says = [Said(401, b"")]
    with time_machine.travel(at + timedelta(seconds=1)):
        assert work_off(house) == 1
        assert tool.held == [ANA["email"], "ana@new.example"]
        [waits] = Elsewheres(house.requests).open()
        assert (waits.state, waits.problem, waits.lifts) == ("open", "answered_401", True)
    with time_machine.travel(at + timedelta(minutes=5)):
        assert work_off(house) == 1
        assert tool.held == []
        assert work_off(house) == 0
    assert Elsewheres(house.requests).open() == []
    assert types_of(house, asked)[-2:] == ["waits", "lifted"]


def test_who_is_restricted_anew_stays_so_elsewhere(house: Company, tool: MailTool) -> None:
    """The end that could not be told meanwhile is told no more."""
    restricted(house)
    at = lifted(house)
    tool.always = Said(503, b"")
    with time_machine.travel(at + timedelta(seconds=1)):
        assert work_off(house) == 1
    tool.always = None
    with time_machine.travel(at + timedelta(hours=20)):
        asked = begun(house, Right.RESTRICTION)
        work_off(house)
        assert tool.held == [ANA["email"]], "a call that ends it may be under way"
    with time_machine.travel(at + timedelta(hours=20, minutes=6)):
        work_off(house)
        finished(house, asked)
    assert tool.held == [ANA["email"]] * 2
    assert not [h for h in tool.heard if h.path.startswith("/v1/holds/") and h.method == "DELETE"][1:]


def test_lifted_while_it_was_not_told_yet(house: Company, tool: MailTool) -> None:
    """The system was away all the time: the restriction that is over is not placed there, and the request ends."""
    asked, tool.always = begun(house, Right.RESTRICTION), Said(503, b"")
    work_off(house)
    at = lifted(house)
    tool.always = None
    with time_machine.travel(at + timedelta(minutes=6)):
        work_off(house)
        finished(house, asked)
    assert tool.held == []


def test_an_end_that_cannot_be_sent_waits_for_a_person(
    request: pytest.FixtureRequest, database: Database, tmp_path: Path, tool: MailTool
) -> None:
    """The file has no call for it: it stands among the tasks until somebody says by what it is shown."""
    text = CONNECTOR.format(url=tool.url, paging=CURSOR)
    text = "".join(line for line in text.splitlines(keepends=True) if "restriction_end" not in line)
    with connected(request, database, tmp_path, mailtool=text) as house:
        asked = restricted(house)
        with time_machine.travel(lifted(house) + timedelta(seconds=1)):
            work_off(house)
            [task] = Elsewheres(house.requests).open()
            assert (task.problem, task.lifts) == ("nothing_to_call", True)
            Elsewheres(house.requests).done(asked, "mailtool", "unticked by hand", "katrin")
        assert Elsewheres(house.requests).open() == []
        assert Elsewheres(house.requests).details(asked, "mailtool", "dora").evidence == "unticked by hand"


def test_a_person_is_told_of_the_end(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> None:
    """Who restricts by hand is written to once more when it is over."""
    text = MANUAL.replace("erasure, access", "restriction")
    with connected(request, database, tmp_path, archive=text) as house:
        asked = begun(house, Right.RESTRICTION)
        work_off(house)
        Elsewheres(house.requests).done(asked, "paper_archive", "locked away", "katrin")
        finished(house, asked)
        with time_machine.travel(lifted(house) + timedelta(seconds=1)):
            work_off(house)
            assert "lift the restriction" in house.mails()[-1]
            Elsewheres(house.requests).done(asked, "paper_archive", "back on its shelf", "katrin")
        assert types_of(house, asked)[-1] == "lifted"


def test_what_is_portable_of_it_is_in_the_package(house: Company, tool: MailTool) -> None:
    """What the person gave it for a contract, as a table; the rest is named with the reason."""
    asked = begun(house, Right.PORTABILITY)
    assert work_off(house) == 1
    finished(house, asked)
    files = files_of(house, asked)
    assert json.loads(files["data/mailtool.contacts.json"])[0] == {"address": ANA["email"]}
    left = {(i["collection"], i["field"]) for i in json.loads(files["manifest.json"])["left_out"]}
    assert ("mailtool.contacts", "list") in left


# What goes wrong


def test_a_server_that_is_away_for_an_hour_is_waited_for(house: Company, tool: MailTool) -> None:
    """Answers 503 for an hour; the request neither fails nor finishes, and then is whole."""
    start, asked = datetime.now(UTC), begun(house)
    tool.always = Said(503, b"")
    for minutes in range(0, 61, 4):
        with time_machine.travel(start + timedelta(minutes=minutes)):
            work_off(house)
            run(house, asked)
    assert house.requests.show(asked).state == State.IN_PROGRESS
    assert place(house, asked).problem == "answered_503"
    assert place(house, asked).tries > 3
    tool.always = None
    with time_machine.travel(start + timedelta(hours=14)):
        work_off(house)
        finished(house, asked)


@pytest.mark.parametrize("status", [429, 503])
@ONE_DATABASE
def test_retry_after_is_heeded(house: Company, tool: MailTool, status: int) -> None:
    """In seconds or as a date: not asked again before; then all of it is read."""
    start, asked = datetime.now(UTC), begun(house, Right.ACCESS)
    later = (start + timedelta(minutes=40)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    tool.says = [Said(status, b"", {"Retry-After": "1800"}), Said(status, b"", {"Retry-After": later})]
    assert work_off(house) == 1
    with time_machine.travel(start + timedelta(minutes=29)):
        assert work_off(house) == 0
    with time_machine.travel(start + timedelta(minutes=31)):
        assert work_off(house) == 1
        assert work_off(house) == 0
    with time_machine.travel(start + timedelta(minutes=42)):
        assert work_off(house) == 1
        finished(house, asked)


@ONE_DATABASE
def test_what_a_killed_worker_took_another_one_does(house: Company, tool: MailTool) -> None:
    """It had called and noted nothing: the next one calls again, after the lease, and the request ends once."""
    start, asked = datetime.now(UTC), begun(house)
    courier = Elsewheres(house.requests).courier
    job = courier._take()
    assert job is not None
    assert courier._call(job).rows == 5
    assert work_off(house) == 0, "nobody else turns to it at once"
    with time_machine.travel(start + timedelta(minutes=6)):
        assert work_off(house) == 1
        finished(house, asked)
    assert types_of(house, asked).count("completed") == 1
    courier._note_done(job, courier._call(job))
    assert types_of(house, asked).count("done") == 1


@pytest.mark.parametrize("withdrawn", [False, True])
@ONE_DATABASE
def test_a_part_that_takes_longer_than_its_lease(
    request: pytest.FixtureRequest, database: Database, tmp_path: Path, tool: MailTool, withdrawn: bool
) -> None:
    """Three pages of four minutes each: nobody else turns to it meanwhile, and it ends; called off, it stops."""
    others: list[object] = []

    def slow(heard: Heard) -> Said:
        clock.shift(timedelta(minutes=4))
        others.append(Elsewheres(house.requests).courier._take())
        if withdrawn:
            house.requests.withdraw(asked, "dora")
        return tool.answer(heard)

    with (
        listening(slow) as server,
        connected(request, database, tmp_path, mailtool=CONNECTOR.format(url=server.url, paging=CURSOR)) as house,
        time_machine.travel(datetime.now(UTC)) as clock,
    ):
        asked = begun(house, Right.ACCESS)
        assert work_off(house) == 1
        assert (others, len(server.heard)) == (([None], 1) if withdrawn else ([None] * 3, 3))
        assert (place(house, asked).state, place(house, asked).rows) == (("open", 0) if withdrawn else ("done", 5))


@ONE_DATABASE
def test_a_part_that_no_worker_survives_is_given_up(house: Company) -> None:
    """Taken again and again by workers that end without a word: after as many tries as any, a person sees to it."""
    asked, start = begun(house, Right.ACCESS), datetime.now(UTC)
    for number in range(TRIES + 1):
        with time_machine.travel(start + 2 * number * LEASE):
            assert (Elsewheres(house.requests).courier._take() is None) is (number == TRIES)
    found = house.requests.show(asked)
    assert (found.state, place(house, asked).problem) == (State.FAILED, "no_end")


@ONE_DATABASE
@pytest.mark.parametrize("moment", ["called", "noting", "noted"])
@pytest.mark.parametrize("right", [Right.ERASURE, Right.RESTRICTION])
def test_a_worker_killed_during_its_part(house: Company, tool: MailTool, right: Right, moment: str) -> None:
    """A real worker, killed (SIGKILL) when they had done it, in the transaction that says so and after it: the next
    one goes on, once and right."""
    start, asked = datetime.now(UTC), verified(house, right)
    if asked.state == State.AWAITING_APPROVAL:
        house.requests.approve(asked.id, "dora")
    url = house.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.rights.killed_elsewhere", str(house.home), url, house.store_url, moment]
    process = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()
    assert place(house, asked.id).state == ("done" if moment == "noted" else "open")
    if moment != "noted":
        with time_machine.travel(start + timedelta(minutes=6)):
            assert work_off(house) == 1
    assert work_off(house) == 0
    with house.requests.worker():
        ended(house, asked.id)
    types = types_of(house, asked.id)
    assert [types.count(t) for t in ("started", "done", "completed", "failed")] == [1, 1, 1, 0]
    told = json.loads(house.requests.certificate(asked.id))
    assert [e["place"] for e in told["elsewhere"]] == ["mailtool"]
    if right is Right.ERASURE:
        assert [c["email"] for c in tool.contacts] == ["bo@mail.example"]
    else:
        assert set(tool.held) == {ANA["email"]}, "at least once"


@ONE_DATABASE
def test_an_open_gate_waits_for_no_poll(archive: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a poll that never comes, the run goes on as soon as somebody says that the last part is done."""
    monkeypatch.setattr(workflows, "POLL", 3600)
    with archive.requests.worker():
        asked = verified(archive, Right.ACCESS)
        wait_for(archive, asked.id)
        Elsewheres(archive.requests).done(asked.id, "paper_archive", "nothing there", "katrin")
        ended(archive, asked.id)


@ONE_DATABASE
def test_the_couriers_last_part_waits_for_no_poll(house: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where the last part is a system's."""
    monkeypatch.setattr(workflows, "POLL", 3600)
    with house.requests.worker():
        ended(house, verified(house, Right.ACCESS).id)


def wait_for(company: Company, request: str) -> None:
    """The run has come to its gate."""
    end = time.monotonic() + 30
    while not Elsewheres(company.requests).of(request):
        assert time.monotonic() < end
        time.sleep(0.02)


WRONG = {
    "not JSON": (Said(200, b"<html>Ana</html>"), "wrong_answer", "mailtool.access"),
    "another shape": (Said(200, b'{"contacts": []}'), "wrong_answer", "mailtool.access.items"),
    "no list": (Said(200, b'{"data": {"contacts": {}}}'), "wrong_answer", "mailtool.access.items"),
    "rows that are no objects": (Said(200, b'{"data": {"contacts": [7]}}'), "wrong_answer", "mailtool.access.items"),
    "a cursor of another kind": (
        Said(200, b'{"data": {"contacts": []}, "next": {"x": 1}}'),
        "wrong_answer",
        "mailtool.access.paging.next",
    ),
    "the same page for ever": (
        Said(200, b'{"data": {"contacts": []}, "next": 1}'),
        "page_again",
        "mailtool.access.paging",
    ),
    "not let in": (Said(401, b"Ana Figueiredo"), "answered_401", "mailtool.access"),
    "sent elsewhere": (Said(302, b"", {"Location": "http://169.254.169.254/"}), "redirected", "mailtool.access"),
    "too long": (Said(200, b" " * 5_000_001), "too_large", "mailtool.access"),
}


@pytest.mark.parametrize("what", WRONG)
@ONE_DATABASE
def test_a_wrong_answer_fails_closed(house: Company, tool: MailTool, what: str) -> None:
    """The request fails with the place and our word, nothing of what was said; mended and approved again it goes on."""
    tool.always, problem, where = WRONG[what]
    asked = begun(house, Right.ACCESS)
    work_off(house)
    found = house.requests.show(asked)
    assert found.state == State.FAILED
    assert found.failure is not None
    assert found.failure["places"] == [{"place": where, "detail": problem}]
    assert "Ana" not in json.dumps(found.failure)
    tool.always = None
    house.requests.approve(asked, "dora")
    run(house, asked)
    work_off(house)
    finished(house, asked)


@ONE_DATABASE
def test_the_secret_goes_nowhere_else(
    request: pytest.FixtureRequest, database: Database, tmp_path: Path, tool: MailTool
) -> None:
    """A next page at another host is not followed; a private network not called; without a secret nothing is asked."""
    text = CONNECTOR.format(url=tool.url, paging="{by: link, next: /link}")
    with connected(request, database, tmp_path, mailtool=text) as house, mailing() as other:
        tool.always = Said(200, json.dumps({"data": {"contacts": []}, "link": other.url + "/v1/contacts"}).encode())
        assert _problem(house) == "foreign_link"
        assert other.heard == []
        tool.heard.clear()
        with_settings(house, secrets={})
        assert _problem(house) == "no_secret"
        with_settings(house, secrets={"mailtool": SECRET}, outbound_allow="")
        assert _problem(house) == "private_address"
        assert tool.heard == []


def _problem(house: Company) -> str | None:
    request = begun(house, Right.ACCESS)
    work_off(house)
    found: str | None = place(house, request).problem
    house.requests.cancel(request, "a mistake", "dora")
    return found


def test_no_secret_is_shown(
    house: Company, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not in repr, not in logs, not in the database."""
    begun(house)
    work_off(house)
    assert SECRET not in repr(house.requests.parts.settings)
    assert SECRET not in caplog.text + "".join(capsys.readouterr())
    assert SECRET not in everything_in(house.database.engine.url.render_as_string(hide_password=False))


def test_a_connector_that_is_taken_away_strands_nothing(house: Company) -> None:
    """Its file goes while a request runs: the request fails with the place; a person notes that it is done there."""
    asked = begun(house)
    (house.home / "policies" / "connectors" / "mailtool.yml").unlink()
    house.reword("id: test", "id: test")
    work_off(house)
    found = house.requests.show(asked)
    assert found.failure is not None
    assert (found.state, found.failure["places"][0]["detail"]) == (State.FAILED, "connector_gone")
    Elsewheres(house.requests).done(asked, "mailtool", "their support erased her, ticket 12", "katrin")
    house.requests.approve(asked, "dora")
    finished(house, asked)
    assert json.loads(house.requests.certificate(asked))["elsewhere"][0]["by"] == "person"


def test_a_connector_that_comes_meanwhile_waits_for_the_next_request(house: Company) -> None:
    """A run that has begun has the parts it had; it neither stops nor starts anew."""
    request = verified(house, Right.ACCESS)
    path = house.home / "policies" / "connectors" / "mailtool.yml"
    text = path.read_text()
    path.unlink()
    house.reword("id: test", "id: test")
    run(house, request.id)
    path.write_text(text)
    house.reword("id: test", "id: test")
    assert house.requests.show(request.id).state == State.COMPLETED
    assert Elsewheres(house.requests).of(request.id) == []


# Tasks for people


def test_a_person_is_written_to_and_the_request_waits(archive: Company) -> None:
    """The letter names the request and nobody; with evidence the request goes on; the certificate tells it."""
    asked, elsewhere = begun(archive), Elsewheres(archive.requests)
    assert work_off(archive) == 1
    assert work_off(archive) == 0, "written to once"
    letter = archive.mails()[-1]
    assert "To: archive@acme.example" in letter
    assert "Cellar, shelf 4" in letter
    assert asked in letter
    assert not any(value in letter for value in ANA.values())
    [task] = elsewhere.open()
    assert (task.request, task.place, task.kind, task.state) == (asked, "paper_archive", "manual", "open")
    run(archive, asked)
    assert archive.requests.show(asked).state == State.IN_PROGRESS
    for wrong, error in ((" ", BadRequest), ("done", NotFound)):
        with pytest.raises(error):
            elsewhere.done(asked, "paper_archive" if error is BadRequest else "nowhere", wrong, "katrin")
    elsewhere.done(asked, "paper_archive", "shredded Ana's file, protocol 17", "katrin")
    with pytest.raises(Conflict):
        elsewhere.done(asked, "paper_archive", "again", "katrin")
    finished(archive, asked)
    assert elsewhere.open() == []
    certificate = json.loads(archive.requests.certificate(asked))
    assert [(e["place"], e["by"]) for e in certificate["elsewhere"]] == [("paper_archive", "person")]
    assert types_of(archive, asked).count("opened") == 1
    line = next(n for n in archive.requests.timeline(asked) if n.type == "rights:elsewhere:done")
    assert (line.actor, line.text) == ("katrin", "The paper archive is done (0 rows).")


def test_who_a_task_is_about_is_sealed_and_each_look_logged(archive: Company) -> None:
    """The DPO sees the CRM's key, and the evidence, also after the erasure; the database shows neither."""
    asked, elsewhere = begun(archive), Elsewheres(archive.requests)
    elsewhere.done(asked, "paper_archive", "shredded Ana's file", "katrin")
    finished(archive, asked)
    found = elsewhere.details(asked, "paper_archive", "dora")
    assert (found.about, found.evidence, found.instructions) == (
        ["1"],
        "shredded Ana's file",
        "Cellar, shelf 4. Shred what is there.",
    )
    assert types_of(archive, asked)[-1] == "read"
    with archive.database.read() as session:
        [work] = session.scalars(select(RequestWork))
    assert b"Ana" not in (work.said or b"")


def test_a_mail_server_that_is_away_delays_the_letter_alone(archive: Company) -> None:
    """It is sent once it can be."""
    outbox, start = archive.requests.parts.mailer, datetime.now(UTC)
    asked = begun(archive)
    archive.mail_by("smtp://127.0.0.1:1")
    work_off(archive)
    assert place(archive, asked).problem == "mail_unavailable"
    object.__setattr__(archive.requests.parts, "mailer", outbox)
    with time_machine.travel(start + timedelta(minutes=5)):
        work_off(archive)
    assert place(archive, asked).mailed_at is not None


def test_deadline_warnings_name_what_is_waited_for(archive: Company) -> None:
    """The DPO reads in the warning that the archive has not done its part."""
    begun(archive)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=29)):
        archive.requests.keep_time()
    assert "it waits for paper_archive" in archive.mails()[-1].replace("=\n", "").replace("\n", " ")


# The file


SPOILT = {
    "base_url: https://mail.example/v1": ("base_url: http://mail.example/v1", "must begin with https://"),
    "secret: mailtool": ("secret: s3cr3t!", "never the secret itself"),
    'erasure: {path: "/contacts/{identity}"}': ("erasure: {path: /contacts}", "says nothing of who"),
    "items: /data/contacts": ("items: data.contacts", "is a JSON pointer"),
    "path: /contacts?email={identity}": ("path: https://other.example/{identity}", "is a path below base_url"),
    "by: cursor": ("by: curser", "did you mean 'cursor'"),
    "ping: /health": ("ping: ../x", "is a path below base_url"),
    "[user.behavior]": ("[user.behaviour]", "did you mean 'user.behavior'"),
    "  identity: email": ("  identitty: email", "did you mean 'identity'"),
    "send: {city: town}": ("send: {town: town}", "unknown field in rectification.send 'town'"),
    "identity: email": ("identity: email\n  absent: 410", "unknown absent '410'"),
    "  ping: /health": ("  manual: {instructions: x, who: a@b.example}\n  ping: /health", "'manual' alone"),
    "title: Mail tool": ("title: Mail tool\n  headers: {Authorization: x}", "no header that a connector sets"),
}
GOOD = CONNECTOR.format(url="https://mail.example", paging=CURSOR)


@pytest.mark.parametrize("right", SPOILT)
def test_a_connector_that_cannot_be_true_is_refused(right: str) -> None:
    """At the start, with file, line and words."""
    wrong, words = SPOILT[right]
    assert right in GOOD
    files = {**FILES, "connectors/mailtool.yml": GOOD.replace(right, wrong, 1)}
    with pytest.raises(Misconfigured) as caught:
        compile_policies({p: t.encode() for p, t in files.items()})
    found = [(f.pointer, f.detail) for f in caught.value.faults]
    assert any(p.startswith("policies/connectors/mailtool.yml:") and words in d for p, d in found), found


def test_an_erasure_that_cannot_be_asked_back_is_refused() -> None:
    """Nobody's word is taken for it."""
    start, end = GOOD.index("  access:"), GOOD.index("  erasure:")
    files = {**FILES, "connectors/mailtool.yml": GOOD[:start] + GOOD[end:]}
    with pytest.raises(Misconfigured) as caught:
        compile_policies({p: t.encode() for p, t in files.items()})
    assert any("needs 'access'" in f.detail for f in caught.value.faults)


def test_an_end_of_what_is_never_told_is_refused() -> None:
    """A file that lifts restrictions and places none is a mistake."""
    text = "".join(line for line in GOOD.splitlines(keepends=True) if not line.startswith("  restriction:"))
    with pytest.raises(Misconfigured) as caught:
        compile_policies({p: t.encode() for p, t in {**FILES, "connectors/mailtool.yml": text}.items()})
    assert any("needs 'restriction'" in f.detail for f in caught.value.faults)


@ONE_DATABASE
def test_a_check_asks_nothing_of_anybody(house: Company, tool: MailTool) -> None:
    """`ping` alone, with the secret; what is wrong is a word."""
    elsewhere = Elsewheres(house.requests)
    assert [(c["connector"], c["problem"]) for c in elsewhere.check()] == [("mailtool", None)]
    assert [(h.method, h.path) for h in tool.heard] == [("GET", "/v1/health")]
    tool.always = Said(401)
    assert elsewhere.check("mailtool")[0]["problem"] == "answered_401"
    with pytest.raises(NotFound, match="did you mean 'mailtool'"):
        elsewhere.check("mailtol")
