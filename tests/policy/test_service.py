"""The policy that decided stays readable."""

import json

import pytest
from sqlalchemy import update

from privacy_svc.db import Database
from privacy_svc.errors import Misconfigured, NotFound
from privacy_svc.policy import (
    AlteredPolicy,
    Versions,
    kept_notice,
    kept_policy,
    kept_versions,
    recall,
    remember,
    version_of,
)
from privacy_svc.policy.model import PolicyVersion
from tests.policy.small import FILES, NOTICE, compiled

LONGER = json.dumps({**FILES, "purposes.yml": FILES["purposes.yml"].replace("P24M", "P99Y")})


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


def test_a_kept_version_is_printed_as_it_was(database: Database) -> None:
    """By its name or the beginning of it, byte for byte; what is not there, or names two, is said."""
    old, new = compiled(), compiled(**{"modules.yml": FILES["modules.yml"] + "# wörd\r\n"})
    with database.write() as session:
        remember(session, old)
        remember(session, new)
    with database.read() as session:
        told = {v.version: (v.files, v.in_force) for v in kept_versions(session, new.version)}
        assert told == {old.version: (len(FILES), False), new.version: (len(FILES), True)}
        for asked in (new.version, new.version[:20], new.version.removeprefix("sha256:")[:8]):
            found = kept_policy(session, asked)
            assert found.version == version_of({p: t.encode() for p, t in found.files.items()}) == new.version
        for unknown in ("sha256:", "sha256:" + "0" * 64, "sha256:%", "", new.version + "0", new.version[:14]):
            with pytest.raises(NotFound):
                kept_policy(session, unknown)


@pytest.mark.parametrize("files", [LONGER, json.dumps({**FILES, "purposes.yml": "\ud800"}), "{", "[]", '{"a": 1}'])
def test_an_altered_version_is_not_read(database: Database, files: str) -> None:
    """Who rewrites a policy that was in force in the database is found out: its version is the digest of it. So is who
    put there what is no text at all."""
    policies = compiled()
    with database.write() as session:
        remember(session, policies)
        session.execute(update(PolicyVersion).values(files=files))
    with database.read() as session:
        for read in (kept_policy, recall):
            with pytest.raises(AlteredPolicy):
                read(session, policies.version)


def test_what_this_release_refuses_is_readable(database: Database) -> None:
    """A policy of an older release is printed, and its notices are the proof they were; it decides nothing."""
    files = {p: t.encode() for p, t in {**FILES, "purposes.yml": "of another time: true\n"}.items()}
    version = version_of(files)
    row = PolicyVersion(version=version, files=json.dumps({p: t.decode() for p, t in files.items()}))
    with database.write() as session:
        session.add(row)
    with database.read() as session:
        assert kept_policy(session, version).files["purposes.yml"] == "of another time: true\n"
        notice = kept_notice(session, version, ("news", 2, "de"))
        assert notice is not None
        assert (notice.title, notice.text) == ("News", NOTICE.splitlines()[-1] + "\n")
        assert kept_notice(session, version, ("news", 3, "de")) is None
        with pytest.raises(Misconfigured, match="policy show"):
            recall(session, version)
