"""A small application with one route for each way to fail, wired as the service is."""

import enum
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from litestar import Litestar, Request, get, post
from litestar.exceptions import TooManyRequestsException
from litestar.params import FromPath, FromQuery, RawBody
from litestar.testing import TestClient
from sqlalchemy.exc import OperationalError

from privacy_svc.errors import Conflict, Fault, InvalidBody, KeyUnavailable, NotSignedIn, TooLarge
from privacy_svc.http import decode, exception_handlers, surround

LIMIT = 1000


class Person(msgspec.Struct, forbid_unknown_fields=True):
    email: str
    age: int = 0
    address: "Address | None" = None
    visits: list["Visit"] = []


class Address(msgspec.Struct, forbid_unknown_fields=True):
    city: str = ""
    use: Literal["home", "work"] = "home"


class Seen(enum.StrEnum):
    HERE = "here"
    THERE = "there"


class Visit(msgspec.Struct, forbid_unknown_fields=True):
    seen: Seen
    reason: str = ""


@post("/people", sync_to_thread=True)
def add_person(body: RawBody) -> str:
    return decode(body, Person).email


@get("/people/{key:str}", sync_to_thread=True)
def show_person(key: FromPath[str], limit: FromQuery[int] = 10) -> str:
    return f"{key} {limit}"


@get("/failing/{how:str}", sync_to_thread=True)
def fail(how: FromPath[str], request: Request[Any, Any, Any]) -> str:
    errors: Mapping[str, Exception] = {
        "conflict": Conflict("It is closed."),
        "faults": InvalidBody("It does not fit.", faults=[Fault("/customer/id", "must be a text")]),
        "sign-in": NotSignedIn("Nobody is signed in."),
        "key": KeyUnavailable("The key provider does not answer."),
        "database": OperationalError("SELECT :mail", {"mail": "ana@example.org"}, RuntimeError("ana@example.org")),
        "bug": RuntimeError("ana@example.org, Figueiredo, has +351 21 099 0042"),
        "busy": TooManyRequestsException(),
        "large": TooLarge("Too much."),
    }
    raise errors[how]


def client(*, https: bool = False) -> TestClient[Litestar]:
    app = Litestar(
        [add_person, show_person, fail],
        exception_handlers=exception_handlers,
        request_max_body_size=None,
        logging_config=None,
        openapi_config=None,
    )
    return TestClient(surround(app, LIMIT, waiting=100, https=https), raise_server_exceptions=False)
