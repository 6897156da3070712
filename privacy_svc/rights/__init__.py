"""Data subject requests, GDPR Art. 15 to 22: received, verified, approved, carried out, proved, on time.

`Requests` is the room's face. A request is a row; the committed row is the order to run it, and a `Worker`
carries it through durable steps. Deadlines follow Regulation 1182/71; grounds of refusal are W3C DPV terms.
"""

from typing import TYPE_CHECKING, Any

from privacy_svc.rights.aftermath_service import Aftermath
from privacy_svc.rights.approval import Review
from privacy_svc.rights.asking import About
from privacy_svc.rights.certificate import TYPE as CERTIFICATE
from privacy_svc.rights.certificate_link import PATH as CERTIFICATE_PATH
from privacy_svc.rights.errors import (
    AddressMissing,
    BadDetails,
    DataLeft,
    OnHold,
    PackageLinkGone,
    UnknownRequest,
    WrongCode,
)
from privacy_svc.rights.expiry_service import Expiry
from privacy_svc.rights.extending import Extension
from privacy_svc.rights.grounds import Ground
from privacy_svc.rights.holds import ARTICLES as HOLD_ARTICLES
from privacy_svc.rights.holds import held as held_people
from privacy_svc.rights.holds_service import Holds, lost_holds
from privacy_svc.rights.leftovers import Decision
from privacy_svc.rights.limits_routes import HANDLERS as _LIMITS
from privacy_svc.rights.limits_service import Limits
from privacy_svc.rights.link_routes import HANDLERS as _LINKS
from privacy_svc.rights.links import PATH as PACKAGE_PATH
from privacy_svc.rights.notices import Exemption
from privacy_svc.rights.opendsr import signing_of as opendsr_signing
from privacy_svc.rights.opendsr_routes import HANDLERS as _OPENDSR
from privacy_svc.rights.opening import Wanted
from privacy_svc.rights.outside_routes import HANDLERS as _ELSEWHERE
from privacy_svc.rights.outside_service import Elsewheres
from privacy_svc.rights.owed_routes import HANDLERS as _LETTERS
from privacy_svc.rights.owed_service import OwedLetters
from privacy_svc.rights.own import Held, LogLine, Own, Shelf
from privacy_svc.rights.packages_service import Packages
from privacy_svc.rights.reading import Filter, Order
from privacy_svc.rights.recipient_routes import HANDLERS as _RECIPIENTS
from privacy_svc.rights.recipient_service import Recipients
from privacy_svc.rights.resealing import reseal_packages
from privacy_svc.rights.restoring import Replayed
from privacy_svc.rights.routes import HANDLERS as _REQUESTS
from privacy_svc.rights.service import Requests
from privacy_svc.rights.states import OPEN, Right, State
from privacy_svc.rights.views import (
    HoldView,
    NoticeView,
    RequestDetails,
    RequestPage,
    RequestView,
    TimelineLine,
    WorkView,
)

if TYPE_CHECKING:
    from privacy_svc.rights.workflow import Worker

HANDLERS = [*_REQUESTS, *_LINKS, *_RECIPIENTS, *_LIMITS, *_ELSEWHERE, *_LETTERS, *_OPENDSR]

__all__ = [
    "CERTIFICATE",
    "CERTIFICATE_PATH",
    "HANDLERS",
    "HOLD_ARTICLES",
    "OPEN",
    "PACKAGE_PATH",
    "About",
    "AddressMissing",
    "Aftermath",
    "BadDetails",
    "DataLeft",
    "Decision",
    "Elsewheres",
    "Exemption",
    "Expiry",
    "Extension",
    "Filter",
    "Ground",
    "Held",
    "HoldView",
    "Holds",
    "Limits",
    "LogLine",
    "NoticeView",
    "OnHold",
    "Order",
    "OwedLetters",
    "Own",
    "PackageLinkGone",
    "Packages",
    "Recipients",
    "Replayed",
    "RequestDetails",
    "RequestPage",
    "RequestView",
    "Requests",
    "Review",
    "Right",
    "Shelf",
    "State",
    "TimelineLine",
    "UnknownRequest",
    "Wanted",
    "WorkView",
    "Worker",
    "WrongCode",
    "held_people",
    "lost_holds",
    "opendsr_signing",
    "reseal_packages",
]


def __getattr__(name: str) -> Any:
    """Whoever runs no requests does not load their engine (PEP 562)."""
    if name == "Worker":
        from privacy_svc.rights.workflow import Worker  # noqa: PLC0415 - the engine takes long to load

        return Worker
    raise AttributeError(name)
