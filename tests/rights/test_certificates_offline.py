"""A certificate is checked with the key alone: its time, its result and the log's proof inside of it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from privacy_svc.auditlog import NoteError, ProofError
from privacy_svc.auditlog.signed_json import sign_json
from privacy_svc.cli.verify import check_by, command
from privacy_svc.db import now
from privacy_svc.rights import Right, Worker
from tests.conftest import ONE_DATABASE
from tests.rights.company import Company
from tests.rights.running import done
from tests.rights.test_approval import verified
from tests.rights.test_erasure import erased

pytestmark = ONE_DATABASE
LATER = (now() + timedelta(days=900)).isoformat()


def certificate(company: Company, request: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(company.requests.certificate(request))
    return found


def judged(company: Company, document: dict[str, Any], file: Path) -> dict[str, Any]:
    file.write_text(json.dumps(document))
    return check_by(file, company.signer.vkey, company.signer.handovers)


def signed_anew(keys: Any, document: dict[str, Any], **changed: object) -> dict[str, Any]:
    """By whoever has this private half."""
    rest = {k: v for k, v in document.items() if k != "signature"} | changed
    return sign_json(keys.key, keys.verifier, rest)


def test_a_found_key_makes_no_certificate(company: Company, worker: Worker, tmp_path: Path) -> None:
    """Signed before the key was replaced it holds, and says until when the key was in force; one that says a time of
    after that, in any of its fields, or none, does not."""
    erasure = certificate(company, erased(company))
    keys, file = company.signer._keys, tmp_path / "certificate.json"
    company.log.rotate_key(company.database, actor="test", reason="yearly")
    assert judged(company, erasure, file)["key_until"] == company.signer.handovers[0].at
    none = dict.fromkeys(("issued_at", "completed_at", "online_at"))
    for spoilt in ({"issued_at": LATER}, {"completed_at": LATER}, {"online_at": LATER}, none, {"issued_at": "soon"}):
        for right in ("erasure", "rectification"):
            with pytest.raises((NoteError, ProofError)):
                judged(company, signed_anew(keys, erasure, right=right, **spoilt), file)


def test_the_proof_inside_is_checked(company: Company, worker: Worker, tmp_path: Path) -> None:
    """It is of the destruction of a key, by this controller, and names this request; a certificate of an erasure
    without it, with another's or with a changed one does not hold. One of before names no request, and says so."""
    first = certificate(company, erased(company))
    keys, file = company.signer._keys, tmp_path / "certificate.json"
    told = judged(company, first, file)
    assert (told["result"], told["entry_names_request"]) == ("partially_fulfilled", True)
    assert told["log_size"] > told["log_entry"]
    with company.database.read() as session:
        another = company.log.proof(session, 0)
    other = {"salt": first["proof_payload"]["salt"], "payload": {"request": "another", "payloads": 0}}
    for spoilt in (
        {"proof": None},
        {"proof": another},
        {"proof": first["proof"].replace("index ", "index 1")},
        {"proof_payload": other},
        {"proof_payload": {}},
        {"request": "another"},
        {"controller": {"id": "other", "name": "Other"}},
        {"online_at": (now() + timedelta(days=1)).isoformat()},
    ):
        with pytest.raises((NoteError, ProofError)):
            judged(company, signed_anew(keys, first, **spoilt), file)
    assert judged(company, signed_anew(keys, first, proof_payload=None), file)["entry_names_request"] is False


def test_a_later_issue_bears_a_proof_of_the_former_key(company: Company, worker: Worker, tmp_path: Path) -> None:
    """The key was replaced between the two issues: the proof is judged by the key of its own size."""
    erasure = certificate(company, erased(company))
    company.log.rotate_key(company.database, actor="test", reason="yearly")
    file = tmp_path / "certificate.json"
    assert judged(company, signed_anew(company.signer._keys, erasure), file)["entry_names_request"] is True


def test_a_result_is_told_as_it_is(company: Company, worker: Worker, tmp_path: Path) -> None:
    """What is pending is not said to hold; what is fulfilled is."""
    request = verified(company, Right.RECTIFICATION, changes={"city": "Porto"})
    company.requests.approve(request.id, "dora")
    done(company, request.id)
    document, file = certificate(company, request.id), tmp_path / "certificate.json"
    for result, holds in (("fulfilled", True), ("pending", False), ("failed", False)):
        file.write_text(json.dumps(signed_anew(company.signer._keys, document, result=result)))
        told = CliRunner().invoke(command, [str(file), "--key", company.signer.vkey], obj=_Terminal())
        assert told.exit_code == 0, told.output
        assert (" holds." in told.output, f"result is {result}" in told.output) == (holds, not holds)


class _Terminal:
    """How the command shows what it finds, for a person."""

    def show(self, _data: object, words: Any) -> None:
        words()
