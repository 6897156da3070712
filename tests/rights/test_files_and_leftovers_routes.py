"""Files of a request and decisions about leftovers over HTTP: who may, and what is answered."""

import base64

import pytest
from litestar.testing import TestClient

from tests.rights.company import Company
from tests.rights.running import done, finished
from tests.rights.test_erasure import write_note
from tests.rights.test_routes import MODULE, app, client, opened  # noqa: F401 - fixtures

FILE = {"name": "proof.txt", "content": base64.b64encode(b"the proof").decode()}


def test_a_file_goes_in_and_comes_back_as_a_download(client: TestClient, company: Company) -> None:  # type: ignore[type-arg] # noqa: F811
    """Who opened the request adds it, another module does not; a DPO alone reads it, and no browser shows it."""
    request = opened(client)
    path = f"/v1/requests/{request['id']}/files"
    answer = client.post(path, json=FILE, headers=MODULE)
    assert (answer.status_code, answer.json()["size"]) == (201, 9)
    assert client.post(path, json=FILE, headers=MODULE | {"x-name": "mail"}).status_code == 403
    read = client.get(f"{path}/{answer.json()['id']}")
    assert (read.status_code, read.content) == (200, b"the proof")
    assert read.headers["content-disposition"].startswith("attachment")
    assert read.headers["x-content-type-options"] == "nosniff"
    assert client.get(f"{path}/unknown").status_code == 404
    assert client.post(path, json={"name": "x", "content": "not base64!"}, headers=MODULE).status_code == 400


@pytest.mark.usefixtures("worker")
def test_a_leftover_is_decided_by_a_dpo(client: TestClient, company: Company) -> None:  # type: ignore[type-arg] # noqa: F811
    """The failed request names the place; decided and approved again, it ends."""
    request = opened(client, "erasure")
    path = f"/v1/requests/{request['id']}"
    write_note(company, "please answer ana@mail.example too")
    client.post(f"{path}/verify", json={"reason": "passport"})
    client.post(f"{path}/approve")
    finished(company, request["id"])
    [place] = client.get(path).json()["failure"]["places"]
    waiting = {"request": request["id"], "place": place["place"], "detail": place["detail"], "decision": None}
    row = {"key": "99", "namesake": False, "decision": None}
    waiting["rows"] = [row]
    assert client.get("/v1/leftovers").json() == [waiting]
    body = {"place": place["place"], "decision": "redact", "reason": "an old answer"}
    assert client.post(f"{path}/leftovers", json=body | {"decision": "ignore"}).status_code == 400
    assert client.post(f"{path}/leftovers", json=body | {"row": "98"}).status_code == 400
    assert client.post(f"{path}/leftovers", json=body | {"row": "99"}).status_code == 200
    assert client.get("/v1/leftovers").json() == [waiting | {"rows": [row | {"decision": "redact"}]}]
    assert client.post(f"{path}/leftovers", json=body).status_code == 200
    assert client.get("/v1/leftovers").json()[0]["decision"] == "redact"
    client.post(f"{path}/approve")
    done(company, request["id"])
    assert client.get("/v1/leftovers").json() == []
    assert company.rows("notes")[0]["note"] == "please answer [erased] too"
