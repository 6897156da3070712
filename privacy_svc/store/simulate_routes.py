"""What-if over HTTP: /v1/policy/simulate."""

from typing import Annotated

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from privacy_svc.http import Caller, Role, allow, decode, encode
from privacy_svc.store.simulating import Simulation, as_data


class Simulate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`policy`: files by path within the folder, instead of those in force; null leaves one out."""

    policy: dict[str, str | None]
    sample: Annotated[int, msgspec.Meta(ge=1)] | None = None


@post(
    "/v1/policy/simulate",
    status_code=200,
    opt=allow(Role.DPO),
    sync_to_thread=True,
    operation_id="simulatePolicy",
    tags=["Policy gateway"],
)
def simulate_policy(
    body: RawBody, simulation: NamedDependency[Simulation], caller: NamedDependency[Caller]
) -> Response[bytes]:
    """Which decisions about the customers there are would change: how many people, by purpose, modules and reason."""
    wanted = decode(body, Simulate)
    found = simulation.run(simulation.candidate(wanted.policy), caller.name, wanted.sample)
    return Response(encode(as_data(found)), media_type="application/json")


HANDLERS = [simulate_policy]
