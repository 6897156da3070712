"""The policy that decided stays readable."""

from privacy_svc.db import Database
from privacy_svc.policy import Versions, recall, remember
from privacy_svc.policy.model import PolicyVersion
from tests.policy.small import FILES, compiled


def test_a_version_is_kept_once_and_read_back(database: Database) -> None:
    """What was remembered compiles to the same version again; the second time is no news."""
    policies = compiled()
    with database.write() as session:
        assert remember(session, policies)
        assert not remember(session, policies)
    with database.read() as session:
        found = recall(session, policies.version)
        assert found is not None
        assert found.version == policies.version
        assert found.purposes.keys() == policies.purposes.keys()
        assert session.get_one(PolicyVersion, policies.version).first_seen_at.tzinfo is not None
        assert recall(session, "sha256:0") is None


def test_versions_stand_side_by_side(database: Database) -> None:
    """A changed policy is another version, the old one stays."""
    old, new = compiled(), compiled(**{"modules.yml": FILES["modules.yml"].replace("title: Mail", "title: Post")})
    with database.write() as session:
        remember(session, old)
        remember(session, new)
    with database.read() as session:
        again = recall(session, old.version)
        assert again is not None
        assert again.modules["mail"].title == "Mail"


def test_a_version_is_kept_with_the_transaction_that_names_it(database: Database) -> None:
    """One that was rolled back is written again by the next; once it is seen kept, nobody looks any more."""
    versions, policies = Versions(), compiled()
    with database.read() as session:  # what it changed is rolled back
        assert versions.keep(session, policies)
        assert not versions.keep(session, policies)
    with database.write() as session:
        assert versions.keep(session, policies)
    with database.write() as session:
        assert not versions.keep(session, policies)
        assert recall(session, policies.version) is not None
