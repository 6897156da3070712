"""What tests of the console share: forms that are sent, a request that is there, a worker for what was ordered."""

from privacy_svc.audits import Audits, Work
from privacy_svc.http import CustomerRef
from privacy_svc.rights import Right, Wanted
from tests.shop import ANA
from tests.web.conftest import SAME, Site


def post(site: Site, path: str, status: int = 303, **fields: str) -> str:
    """Where the form leads to, or the page that is shown at once."""
    answer = site.client.post(path, data=fields, headers=SAME | {"Accept": "text/html"}, follow_redirects=False)
    assert answer.status_code == status, answer.text
    return answer.headers["location"] if status == 303 else answer.text


def opened(site: Site, right: Right = Right.ERASURE) -> str:
    """By staff, about Ana, whose identity was shown."""
    wanted = Wanted(right, CustomerRef(email=ANA["email"]), channel="letter")
    request = site.runtime.requests.open(wanted, "desk")
    site.runtime.requests.vouch(request.id, "knows the last invoice", "desk")
    return request.id


def types(site: Site) -> list[str]:
    site.runtime.log.integrate(site.runtime.database)
    with site.runtime.database.read() as session:
        return [e.type for e in site.runtime.log.search(session, limit=100)]


def worker(site: Site) -> Work:
    runtime = site.runtime
    audits = Audits(runtime.database, runtime.policies, runtime.log, runtime.signer, runtime.settings)
    return Work(audits, runtime.simulation)


def done(site: Site, path: str, **fields: str) -> str:
    """The page of an order, after a worker was there."""
    order = post(site, path, **fields)
    while worker(site).do_next():
        pass
    return site.get(order).text


def audited(site: Site, programme: str) -> str:
    """Where the report is."""
    return done(site, "/dpo/audits", programme=programme).partition('class="button" href="')[2].partition('"')[0]
