"""Other systems that hold people's data and are asked over HTTP, or by a person: what the files say. Pure values.

A connector is declared, never programmed: a template of a request, how its pages follow, where in the answer what is.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from privacy_svc.policy.datamap import Collection


class AuthBy(enum.StrEnum):
    BEARER = "bearer"
    HEADER = "header"
    BASIC = "basic"


class PagingBy(enum.StrEnum):
    CURSOR = "cursor"
    """The answer names the next page; it goes into the query as `param`."""
    PAGE = "page"
    """Pages are numbered from `first`; an empty one is the last."""
    LINK = "link"
    """The answer holds the next page's whole address, of the same host."""


@dataclass(frozen=True, slots=True)
class Auth:
    by: AuthBy
    secret: str
    """The name of a setting, `secrets.<name>`: never the secret itself."""
    header: str = ""


@dataclass(frozen=True, slots=True)
class Paging:
    by: PagingBy
    param: str = ""
    next: str = ""
    """JSON pointer (RFC 6901) to the next cursor or link."""
    first: int = 1


@dataclass(frozen=True, slots=True)
class Call:
    """`{identity}` in path and body is who it is about."""

    method: str
    path: str
    body: Any = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How a person's rows are read. `items`: JSON pointer to the list of rows; `pointers`: to each field in a row."""

    call: Call
    items: str
    collection: Collection
    pointers: Mapping[str, str]
    paging: Paging | None = None


@dataclass(frozen=True, slots=True)
class Correcting:
    """`send`: our fields, named as everywhere (`city`, `customers.city`), and what theirs are called in the body."""

    call: Call
    send: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Manual:
    """A person does it. `who`: their e-mail address."""

    instructions: str
    who: str
    rights: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Connector:
    key: str
    title: str
    base_url: str = ""
    auth: Auth | None = None
    identity: str = "email"
    """`email`, `phone`, or `id`: what the other system knows our people by."""
    access: Reading | None = None
    erasure: Call | None = None
    rectification: Correcting | None = None
    restriction: Call | None = None
    restriction_end: Call | None = None
    manual: Manual | None = None
    ping: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    absent_is_404: bool = False
    """`absent: 404`: its answer for somebody whom it does not know. Else 404 is a wrong address."""

    def serves(self, right: str) -> bool:
        if self.manual is not None:
            return right in self.manual.rights
        served = {
            "access": self.access,
            "portability": self.access,
            "erasure": self.erasure,
            "rectification": self.rectification,
            "restriction": self.restriction,
        }
        return served.get(right) is not None
