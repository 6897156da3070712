"""A policy that is taken up while the service runs: from the next decision, whole, and readable ever after."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from privacy_svc.auditlog import EventType
from privacy_svc.examples import folder
from privacy_svc.policy import PolicyHolder, recall
from privacy_svc.runtime import Runtime
from tests.calling import Service
from tests.store.test_audiences import audience
from tests.store.test_authzen import ask, consent, one


@pytest.mark.parametrize("by", ["evaluation", "audience", "record"])
def test_a_reloaded_policy_decides_and_is_kept(shop: Runtime, tmp_path: Path, by: str) -> None:
    """A change of the files holds without a restart; one that does not fit changes nothing; the version that every
    decision names can be read, and the log says when it came."""
    policies = tmp_path / "reloaded"
    shutil.copytree(folder("policies"), policies)
    service = Service(replace(shop, policies=PolicyHolder(policies, interval=0, quiet=0)))
    path = policies / "purposes.yml"
    good = path.read_text()
    with service.http:
        consent(service, "1")
        old = ask(service, one("1", "email")).json()
        assert old["decision"] is True
        path.write_text(good.replace("user.contact.email, user.demographic.language, user.privacy", "user.privacy"))
        (policies / "modules.yml").write_text((policies / "modules.yml").read_text() + "wrong: true\n")
        kept = ask(service, one("1", "email")).json()
        assert kept["context"]["policy_version"] == old["context"]["policy_version"], "all or nothing"
        shutil.copy(folder("policies") / "modules.yml", policies / "modules.yml")
        if by == "audience":
            version = audience(service, fields=["email"])[1]["policy_version"]
        elif by == "record":
            url = "/v1/records/shop/customers/1?purpose=marketing.email&fields=email"
            assert service.call("marketing", "GET", url).status_code in {200, 403}
            version = service.runtime.policies.current.version
        else:
            new = ask(service, one("1", "email")).json()
            assert new["decision"] is False
            version = new["context"]["policy_version"]
    assert version != old["context"]["policy_version"]
    shop.log.integrate(shop.database)
    with shop.database.read() as session:
        for known in (version, old["context"]["policy_version"]):
            found = recall(session, known)
            assert found is not None
            assert found.version == known
        loaded = [e.payload for e in shop.log.search(session, type=EventType.POLICY_LOADED)]
        assert {"policy_version": version} in loaded
        assert len(loaded) == 1


def test_kept_versions_over_http(shop: Runtime) -> None:
    """The DPO and the auditor list and read what was in force; a module does not, and an unknown one is 404."""
    service = Service(shop)
    with service.http:
        consent(service, "1")
        version = ask(service, one("1", "email")).json()["context"]["policy_version"]
        for name in ("officer", "eye"):
            (listed,) = service.call(name, "GET", "/v1/policy/versions").json()
            assert (listed["version"], listed["in_force"]) == (version, True)
            found = service.call(name, "GET", f"/v1/policy/versions/{version[:20]}").json()
            assert found["version"] == version
            assert found["files"] == dict(shop.policies.current.files)
        for path in ("/v1/policy/versions", f"/v1/policy/versions/{version}"):
            assert service.call("marketing", "GET", path).status_code == 403
            assert service.call("", "GET", path).status_code == 401
        assert service.call("eye", "GET", "/v1/policy/versions/sha256:00000000").status_code == 404
