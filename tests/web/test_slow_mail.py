"""The service while its mail server takes connections and says nothing."""

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from tests.conftest import ONE_DATABASE
from tests.web.conftest import HTML, SAME, Site

SECONDS = 30
MANY = 20
"""More than a process has threads for its handlers, on a machine of up to 15 cores."""
pytestmark = ONE_DATABASE


def asked_for(site: Site) -> int:
    with site.runtime.database.read() as session:
        return session.scalar(text("SELECT count(*) FROM sign_in_codes")) or 0


def test_pages_are_served_while_the_mail_server_is_mute(open_site: Callable[..., Site]) -> None:
    """Many ask for a code, and nobody who asks for a page waits for their letters."""
    mute = socket.create_server(("127.0.0.1", 0), backlog=MANY)
    site = open_site(smtp_url=f"smtp://127.0.0.1:{mute.getsockname()[1]}")
    with site.runtime.stores.read("shop") as store:
        found = text(f"SELECT email FROM customers WHERE email LIKE '%@%' LIMIT {MANY}")
        addresses = list(store.scalars(found))
    assert len(addresses) == MANY

    def ask(address: str) -> int:
        sent = {"email": address}
        return site.client.post("/sign-in", data=sent, headers=HTML | SAME, follow_redirects=False).status_code

    end = time.monotonic() + SECONDS
    with site.client, ThreadPoolExecutor(MANY + 1) as pool:
        asking = [pool.submit(ask, address) for address in addresses]
        connection, _ = mute.accept()  # the first letter is on its way, and stays so
        try:
            while asked_for(site) < MANY and time.monotonic() < end:
                time.sleep(0.05)
            assert asked_for(site) == MANY
            assert pool.submit(site.get, "/sign-in").result(SECONDS).status_code == 200
        finally:
            mute.close()
            connection.close()
        assert {a.result() for a in asking} == {303}
