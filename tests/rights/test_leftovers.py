"""What the searches after an erasure find, wherever it stands, and what a person decides about it."""

import hashlib
import json

import pytest

from privacy_svc.errors import BadRequest, Conflict
from privacy_svc.rights import Decision, RequestView, State, Worker
from tests.rights.company import ANA, Company
from tests.rights.running import done, finished
from tests.rights.test_approval import verified
from tests.rights.test_opening import types_of


def failed(company: Company) -> tuple[RequestView, list[str]]:
    """An erasure that ended at what was left, and the places."""
    request = verified(company)
    company.requests.approve(request.id, "dora")
    found = finished(company, request.id)
    assert found.state == State.FAILED, company.requests.timeline(request.id)
    assert found.failure is not None
    assert found.failure["slug"] == "data-left"
    assert not [v for v in ANA.values() if v in json.dumps(found.failure)]
    return found, [p["place"] for p in found.failure["places"]]


def certificate(company: Company, request: str) -> dict[str, object]:
    found = json.loads(company.requests.certificate(request))
    assert isinstance(found, dict)
    return found


def test_columns_that_nobody_mapped_are_searched(company: Company, worker: Worker) -> None:
    """Her name in an unmapped column of her own row, which came while the worker ran, is found before there is a
    certificate, in another spelling too."""
    company.stores.check(company.policies.current.data_map)
    company.write(
        "ALTER TABLE customers ADD COLUMN remark TEXT",
        "UPDATE customers SET remark = 'ANA  FIGUEIREDO' WHERE id = 1",
    )
    request, places = failed(company)
    assert places == ["crm.customers.remark"]
    assert request.certificate is None
    company.requests.decide_leftover(request.id, places[0], Decision.REDACT, "an old remark", "dora")
    company.requests.approve(request.id, "dora")
    done(company, request.id)
    assert company.rows("customers")[0]["remark"] == "[erased]"
    told = certificate(company, request.id)["read_back"]
    assert told["own_rows_and_indexes"]["redacted"] == [{"collection": "crm.customers", "field": "remark", "rows": 1}]  # type: ignore[index]


def test_a_hash_is_no_erasure(company: Company, worker: Worker) -> None:
    """The SHA-256 of her address, which anybody can guess, is found in a new column of somebody else's row."""
    company.stores.check(company.policies.current.data_map)
    digest = hashlib.sha256(ANA["email"].encode()).hexdigest()
    company.write(
        "ALTER TABLE orders ADD COLUMN tracking TEXT",
        "UPDATE orders SET tracking = :d WHERE id = 12",
        d=f"u={digest}",
    )
    assert failed(company)[1] == ["crm.orders.tracking"]


def test_others_texts_are_searched_also_sealed(company: Company, worker: Worker) -> None:
    """Her whole name in a note about Bo, and her number in another spelling, are found, told with the certificate out
    already, taken out when a person says so, and Bo's note stays Bo's."""
    note = "Bo says that Ana  Figueiredo (030/9018-2042) knows; ask Anabel"
    company.write("INSERT INTO notes VALUES (31, 2, :n)", n=note)
    request, places = failed(company)
    assert places == ["crm.notes.note"]
    assert request.certificate is not None
    first = certificate(company, request.id)
    assert (first["issue"], first["backups_by"]) == (1, None)
    assert first["read_back"]["everybodys_texts"] == "pending"  # type: ignore[index]
    company.requests.decide_leftover(request.id, places[0], Decision.REDACT, "hearsay", "dora")
    company.requests.approve(request.id, "dora")
    done(company, request.id)
    assert company.rows("notes")[1]["note"] == "Bo says that [erased] ([erased]) knows; ask Anabel"
    second = certificate(company, request.id)
    assert second["issue"] == 2
    assert (
        second["replaces"]
        == hashlib.sha256(json.dumps(first, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
    )
    assert second["read_back"]["everybodys_texts"]["redacted"][0]["rows"] == 1  # type: ignore[index]
    assert second["proof"] == first["proof"]
    assert "decided" in types_of(company, request.id)


def test_what_was_not_searched_is_told(company: Company, worker: Worker) -> None:
    """Tables that nobody mapped and columns that are no text are named in the certificate, not passed over."""
    json_type = "JSONB" if company.database.engine.dialect.name == "postgresql" else "JSON"
    company.write(
        "CREATE TABLE leads (id INTEGER PRIMARY KEY, email TEXT)",
        "INSERT INTO leads VALUES (1, 'x')",
        f"ALTER TABLE orders ADD COLUMN basket {json_type}",
    )
    request = verified(company)
    company.requests.approve(request.id, "dora")
    done(company, request.id)
    told = certificate(company, request.id)["read_back"]["everybodys_texts"]  # type: ignore[index]
    assert told["not_searched"] == ["crm.leads", "crm.orders.basket"]


def test_what_is_accepted_has_a_reason(company: Company, worker: Worker) -> None:
    """A family's address in another person's own row is not taken from them: it is accepted, with a reason that the DPO
    reads and the certificate counts."""
    company.write("UPDATE customers SET email = :e WHERE id = 2", e=ANA["email"])
    company.seal()
    request, places = failed(company)
    assert places == ["crm.customers.email"]
    with pytest.raises(BadRequest, match="no text"):
        company.requests.decide_leftover(request.id, places[0], Decision.REDACT, "away", "dora")
    with pytest.raises(BadRequest, match="Say why"):
        company.requests.decide_leftover(request.id, places[0], Decision.ACCEPT, " ", "dora")
    with pytest.raises(BadRequest, match="no place"):
        company.requests.decide_leftover(request.id, "crm.notes.note", Decision.ACCEPT, "x", "dora")
    company.requests.decide_leftover(request.id, places[0], Decision.ACCEPT, "married to Bo", "dora")
    company.requests.approve(request.id, "dora")
    done(company, request.id)
    own = certificate(company, request.id)["read_back"]["own_rows_and_indexes"]  # type: ignore[index]
    assert own["accepted"] == [{"collection": "crm.customers", "field": "email", "rows": 1}]
    [said] = company.requests.details(request.id, "dora").said["leftovers"]
    assert (said["reason"], said["by"], said["decision"]) == ("married to Bo", "dora", "accept")
    assert "married" not in json.dumps(certificate(company, request.id))
    with pytest.raises(Conflict):
        company.requests.decide_leftover(request.id, places[0], Decision.ACCEPT, "again", "dora")


def test_a_namesake_keeps_her_name(company: Company, worker: Worker) -> None:
    """Another person of the same name has it in a column for names: that is no finding."""
    company.write("UPDATE customers SET name = :n WHERE id = 2", n=ANA["name"])
    request = verified(company)
    company.requests.approve(request.id, "dora")
    done(company, request.id)
    assert company.rows("customers")[1]["name"] == ANA["name"]


def with_namesake(company: Company) -> RequestView:
    """Bo is called like Ana: a note of his own that names him, and one of the third customer's about her."""
    company.write(
        "UPDATE customers SET name = :n WHERE id = 2",
        "INSERT INTO notes VALUES (31, 2, 'I am Ana Figueiredo, please call me back')",
        "INSERT INTO notes VALUES (32, 3, 'He says that Ana Figueiredo knows')",
        n=ANA["name"],
    )
    return failed(company)[0]


def test_a_namesakes_own_rows_are_passed_over(company: Company, worker: Worker) -> None:
    """Each row has its key and says whether it is another customer's who has the value too; to redact the whole place
    takes nothing out of those, and the request waits for a word about them. No text is in our tables. The certificate
    tells what each of the passes took out."""
    company.seal()
    request = with_namesake(company)
    [waiting] = company.requests.leftovers()
    assert {r.key: (r.namesake, r.decision) for r in waiting.rows} == {"31": (True, None), "32": (False, None)}
    assert "1 of another customer" in waiting.detail
    place = waiting.place
    company.requests.decide_leftover(request.id, place, Decision.REDACT, "hearsay", "dora")
    company.requests.approve(request.id, "dora")
    finished(company, request.id)
    notes = {r["id"]: r["note"] for r in company.rows("notes")}
    assert notes[32] == "He says that [erased] knows"
    assert notes[31] == "I am Ana Figueiredo, please call me back"
    [again] = company.requests.leftovers()
    assert [(r.key, r.namesake) for r in again.rows] == [("31", True)]
    company.requests.decide_leftover(request.id, place, Decision.ACCEPT, "Bo's own name", "dora", row="31")
    company.requests.approve(request.id, "dora")
    done(company, request.id)
    assert company.rows("notes")[1]["note"] == notes[31]
    told = certificate(company, request.id)["read_back"]["everybodys_texts"]  # type: ignore[index]
    assert told["accepted"] == [{"collection": "crm.notes", "field": "note", "rows": 1}]
    assert told["redacted"] == [{"collection": "crm.notes", "field": "note", "rows": 1}]


def test_rows_are_decided_one_by_one(company: Company, worker: Worker) -> None:
    """One is taken out, one may stay, in one go; a key that was not found is refused, and a word about the row counts
    before one about the place."""
    request = with_namesake(company)
    [waiting] = company.requests.leftovers()
    with pytest.raises(BadRequest, match="no row of"):
        company.requests.decide_leftover(request.id, waiting.place, Decision.REDACT, "x", "dora", row="30")
    company.requests.decide_leftover(request.id, waiting.place, Decision.REDACT, "all", "dora")
    company.requests.decide_leftover(request.id, waiting.place, Decision.ACCEPT, "her mother", "dora", row="32")
    company.requests.decide_leftover(request.id, waiting.place, Decision.REDACT, "he asks", "dora", row="31")
    [seen] = company.requests.leftovers()
    assert {r.key: r.decision for r in seen.rows} == {"31": "redact", "32": "accept"}
    company.requests.approve(request.id, "dora")
    done(company, request.id)
    notes = {r["id"]: r["note"] for r in company.rows("notes")}
    assert notes[31] == "I am [erased], please call me back"
    assert notes[32] == "He says that Ana Figueiredo knows"
