"""What people have to do by hand, in the console: letters owed, other systems' parts, what an erasure left.

The lists name nobody. A letter, and who a task is about, are shown to the DPO alone, by a POST that is logged.
"""

from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody
from litestar.response import Redirect, Template

from privacy_svc.db import now
from privacy_svc.http import Caller
from privacy_svc.policy import PolicyHolder
from privacy_svc.rights import Decision, Elsewheres, OwedLetters, Requests
from privacy_svc.web.desk import DECIDES, LOOKS, READS, back, choice, console, minute, sent
from privacy_svc.web.staff import HOME

TODO = HOME + "/todo"
LETTER = TODO + "/letters/{letter_id:str}"
TASK = TODO + "/tasks/{request_id:str}/{place:str}"
LEFTOVER = TODO + "/leftovers/{request_id:str}"


@get(TODO, **READS)
def show_todo(
    request: Request[Any, Any, Any],
    requests: NamedDependency[Requests],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    return _shown(request, requests, policies, caller)


def _shown(
    request: Request[Any, Any, Any], requests: Requests, policies: PolicyHolder, caller: Caller, **opened: Any
) -> Template:
    lists = {
        "letters": OwedLetters(requests).open(),
        "tasks": Elsewheres(requests).open(),
        "leftovers": requests.leftovers(),
    }
    known = lists | {"letter": None, "task": None} | opened
    return console(request, caller, policies, "desk_todo.html", decisions=list(Decision), **known)


@post(f"{LETTER}/text", **LOOKS, status_code=200)
def read_letter(
    request: Request[Any, Any, Any],
    letter_id: FromPath[str],
    requests: NamedDependency[Requests],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    letter = OwedLetters(requests).text(letter_id, caller.name)
    return _shown(request, requests, policies, caller, letter=letter)


@post(f"{LETTER}/again", **DECIDES)
def send_again(
    letter_id: FromPath[str], requests: NamedDependency[Requests], caller: NamedDependency[Caller]
) -> Redirect:
    OwedLetters(requests).send_again(letter_id, caller.name)
    return back("todo#letters")


@post(f"{LETTER}/told", **DECIDES)
def note_told(
    letter_id: FromPath[str],
    body: RawBody,
    requests: NamedDependency[Requests],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Redirect:
    said = sent(body, "how")
    told_at = minute(said.get("told_at"), policies.current) or now()
    OwedLetters(requests).told(letter_id, told_at, said["how"], caller.name)
    return back("todo#letters")


@post(f"{TASK}/details", **LOOKS, status_code=200)
def read_task(
    request: Request[Any, Any, Any],
    request_id: FromPath[str],
    place: FromPath[str],
    requests: NamedDependency[Requests],
    policies: NamedDependency[PolicyHolder],
    caller: NamedDependency[Caller],
) -> Template:
    task = Elsewheres(requests).details(request_id, place, caller.name)
    return _shown(request, requests, policies, caller, task=task)


@post(f"{TASK}/done", **DECIDES)
def note_done(
    request_id: FromPath[str],
    place: FromPath[str],
    body: RawBody,
    requests: NamedDependency[Requests],
    caller: NamedDependency[Caller],
) -> Redirect:
    Elsewheres(requests).done(request_id, place, sent(body, "evidence")["evidence"], caller.name)
    return back("todo#tasks")


@post(LEFTOVER, **DECIDES)
def decide_leftover(
    request_id: FromPath[str], body: RawBody, requests: NamedDependency[Requests], caller: NamedDependency[Caller]
) -> Redirect:
    said = sent(body, "place", "decision", "reason")
    what = choice(Decision, said["decision"])
    requests.decide_leftover(request_id, said["place"], what, said["reason"], caller.name, row=said.get("row"))
    return back("todo#leftovers")


@post(f"{LEFTOVER}/go-on", **DECIDES)
def go_on(request_id: FromPath[str], requests: NamedDependency[Requests], caller: NamedDependency[Caller]) -> Redirect:
    """The search runs again, by what was decided."""
    requests.approve(request_id, caller.name)
    return back("todo#leftovers")


HANDLERS = [show_todo, read_letter, send_again, note_told, read_task, note_done, decide_leftover, go_on]
