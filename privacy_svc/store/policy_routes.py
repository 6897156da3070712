"""The policies over HTTP: those that were in force, and what another would decide."""

from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody

from privacy_svc.db import Database
from privacy_svc.http import Caller, Role, allow, decode, encode
from privacy_svc.policy import KeptPolicy, KeptVersion, PolicyHolder, kept_policy, kept_versions
from privacy_svc.store.simulating import Simulation, as_data


class Simulate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`policy`: files by path within the folder, instead of those in force; null leaves one out."""

    policy: dict[str, str | None]
    sample: Annotated[int, msgspec.Meta(ge=1)] | None = None


READERS = allow(Role.DPO, Role.AUDITOR)
TAGS = ["Policy gateway"]


@get(
    "/v1/policy/versions",
    opt=READERS,
    sync_to_thread=True,
    operation_id="listPolicyVersions",
    tags=TAGS,
)
def list_policy_versions(
    database: NamedDependency[Database], policies: NamedDependency[PolicyHolder]
) -> list[KeptVersion]:
    """Every policy that was in force here, the newest first: what `policy_version` of a decision, a consent or a
    log entry names."""
    with database.read() as session:
        return kept_versions(session, policies.current.version)


@get(
    "/v1/policy/versions/{version:str}",
    opt=READERS,
    sync_to_thread=True,
    operation_id="showPolicyVersion",
    tags=TAGS,
)
def show_policy_version(version: FromPath[str], database: NamedDependency[Database]) -> KeptPolicy:
    """Its files as they were, by path within the folder. `version` may be the beginning of one, of eight hexadecimal
    digits at least. They are checked against the version, which is the digest over them."""
    with database.read() as session:
        return kept_policy(session, version)


@post(
    "/v1/policy/simulate",
    status_code=200,
    opt=allow(Role.DPO),
    sync_to_thread=True,
    operation_id="simulatePolicy",
    tags=TAGS,
)
def simulate_policy(
    body: RawBody, simulation: NamedDependency[Simulation], caller: NamedDependency[Caller]
) -> Response[bytes]:
    """Which decisions about the customers there are would change: how many people, by purpose, modules and reason."""
    wanted = decode(body, Simulate)
    found = simulation.run(simulation.candidate(wanted.policy), caller.name, wanted.sample)
    return Response(encode(as_data(found)), media_type="application/json")


HANDLERS = [list_policy_versions, show_policy_version, simulate_policy]
