"""Where a pseudonym of an audit report leads: the request, breach, consent, entry or person that it is of."""

from contextlib import suppress

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect

from privacy_svc.auditlog import Log
from privacy_svc.audits import BREACHES, Breaches
from privacy_svc.consent import entry_of
from privacy_svc.db import Database
from privacy_svc.errors import NotFound
from privacy_svc.rights import Requests
from privacy_svc.vault import Subject
from privacy_svc.web.desk import READS, back
from privacy_svc.web.staff import HOME


@get(f"{HOME}/evidence", **READS, dependencies=BREACHES)
def look_up(
    name: FromQuery[str],
    database: NamedDependency[Database],
    log: NamedDependency[Log],
    requests: NamedDependency[Requests],
    breaches: NamedDependency[Breaches],
) -> Redirect:
    """A name of the files (a purpose, a field, a client) leads nowhere: 404 says where to look."""
    with suppress(NotFound):
        return back(f"requests/{requests.show(name).id}")
    if any(b.id == name for b in breaches.all()):
        return back(f"breaches/{name}")
    with database.read() as session:
        placed = log.place_of(session, entry_of(session, name) or name)
        is_person = session.get(Subject, name) is not None
    if placed is not None and placed.index is not None:
        return back(f"log?at={placed.index}")
    if is_person:
        return back(f"log?subject={name}")
    raise NotFound("This names a file, a field, a purpose or a client: see the policy files and the data map.")


HANDLERS = [look_up]
