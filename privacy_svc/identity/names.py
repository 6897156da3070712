"""What the log calls whoever acts. A name is one holder's for good: four eyes are told apart by names, and people
rename themselves (decision 19).
"""

import enum
import re
from collections.abc import Collection
from contextlib import suppress

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.identity.model import ActorName

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_OURS = frozenset({"command-line", "customer", "person", "policies", "privacy-svc", "unknown", "witness", "worker"})
"""Actors of the log that are nobody with credentials."""


class Holder(enum.StrEnum):
    """A client's name may be given again once its token is revoked, and a link's to the same person; an account's is
    never another account's."""

    CLIENT = "client"
    LINK = "link"
    ACCOUNT = "account"


def take_name(session: Session, name: str, holder: Holder, modules: Collection[str] = ()) -> None:
    """`modules`: whose names are none of people's. Raises BadRequest for what is no name, Conflict for one that is
    somebody else's."""
    require_name(name)
    if name in modules:
        raise Conflict(f"A module is called {name}; take another name.")
    if session.get(ActorName, name, populate_existing=True) is None:
        with suppress(IntegrityError), session.begin_nested():  # else somebody takes it at this moment
            session.add(ActorName(name=name, holder=holder.value))
            return
    held = Holder(session.get_one(ActorName, name, populate_existing=True).holder)
    if held is not holder or held is Holder.ACCOUNT:
        who = {Holder.CLIENT: "a client", Holder.LINK: "somebody who comes by links", Holder.ACCOUNT: "an account"}
        raise Conflict(f"The log calls {who[held]} {name}, and nobody else; take another name.")


def require_name(name: str) -> None:
    """Names go into the audit log in clear, so nothing that looks like a person's address fits."""
    if not _NAME.fullmatch(name):
        raise BadRequest("A name is made of small letters, digits, hyphens and underscores, at most 64.")
    if name in _OURS:
        raise BadRequest(f"The audit log calls by the name {name} what this service does itself; take another.")
