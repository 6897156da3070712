"""Links to packages, as staff deal with them: /v1/requests/{id}/package/link"""

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from privacy_svc.http import Caller, Role, allow
from privacy_svc.rights.deciding_routes import ONE, STAFF, TAGS
from privacy_svc.rights.packages_service import Packages
from privacy_svc.rights.service import Requests
from privacy_svc.rights.views import PackageLinkView

LINK = ONE + "/package/link"
READERS = allow(Role.DPO, Role.ADMIN, Role.AUDITOR)


@get(LINK, opt=READERS, sync_to_thread=True, operation_id="showPackageLink", tags=TAGS)
def show_link(request_id: FromPath[str], requests: NamedDependency[Requests]) -> PackageLinkView:
    """Until when and how often the newest link works. Never the link: only the person's letter has it."""
    return Packages(requests).link(request_id)


@post(LINK, opt=STAFF, status_code=201, sync_to_thread=True, operation_id="renewPackageLink", tags=TAGS)
def renew_link(
    request_id: FromPath[str], requests: NamedDependency[Requests], caller: NamedDependency[Caller]
) -> PackageLinkView:
    """A new link, mailed to the address on file; earlier ones end."""
    return Packages(requests).renew_link(request_id, caller.name)


@delete(LINK, opt=STAFF, sync_to_thread=True, operation_id="revokePackageLink", tags=TAGS)
def revoke_link(
    request_id: FromPath[str], requests: NamedDependency[Requests], caller: NamedDependency[Caller]
) -> None:
    Packages(requests).revoke_link(request_id, caller.name)


HANDLERS = [show_link, renew_link, revoke_link]
